"""Finds the texts in a template and puts others in their place, before Jinja compiles it.

A text is what stands between two tags that divide a page (``<p>``, ``<td>``), or between them and a
Jinja block, and the value of an attribute that people read or hear. It keeps its inline tags and
its values as marks: ``Merged into <a>#{number}</a>.`` A translation may move the marks, and each
stands for the same source wherever it is moved to. So templates are written in plain English, pages
in English are made of them as they are, and no page in another language pays for its language.

What is no text although it stands between tags is put between ``{# not text #}`` and
``{# text #}``. It knows no catalogue: ``translate`` returns the text in the other language.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from jinja2 import Environment

Translate = Callable[[str], str]
READ_ATTRIBUTES = frozenset(
    {"alt", "aria-description", "aria-label", "data-label", "data-say", "label", "placeholder"}
    | {"title", "data-text"}
)
_INLINE = frozenset({"a", "abbr", "b", "bdi", "br", "code", "em", "i", "span", "strong"})
_VOID = frozenset({"br"})
_SKIPPED = frozenset({"script", "style", "svg", "pre", "textarea", "kbd"})
_TAG_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z0-9-]*)")
_ATTRIBUTE = re.compile(r"""([a-zA-Z][a-zA-Z0-9-]*)=(["'])$""")
_PARTS_CALL = re.compile(r"\{\{-?\s*(?:site_name\b|(?!(?:time|ngettext|_)\()[a-z_.]+\()")
"""A macro that gives whole elements, or the site's name in a title: no part of a sentence."""
_AROUND = " \n\t\N{EN DASH}\N{MIDDLE DOT}"
"""Blanks and dividers around a text are no part of it."""
_OFF, _ON = "{# not text #}", "{# text #}"
_WORD = re.compile(r"[^\W\d_]")
_MARK = re.compile(r"\{([a-z_][a-z_0-9]*)\}|<(/?[a-z]+[0-9]*)>")


@dataclass(slots=True)
class _Piece:
    kind: str
    """``text``, ``value``, ``open``, ``close``, ``void`` or ``other``."""
    source: str
    name: str = ""


@dataclass(slots=True)
class _Tag:
    source: list[str] = field(default_factory=list)
    quote: str = ""
    value: list[_Piece] | None = None
    """Pieces of the attribute that people read, while inside its quotes."""


def _lexed(source: str) -> Iterator[tuple[str, str]]:
    """Yield the source in pieces of kind ``data``, ``value`` or ``block``; joined they are it."""
    kind, held = "", ""
    for _, token, text in _LEXER.lexer.tokeniter(source, None):
        if token == "data":  # noqa: S105
            yield "data", text
            continue
        held += text
        if token.endswith("_begin"):
            kind = "value" if token == "variable_begin" else "block"  # noqa: S105
        elif token.endswith("_end"):
            yield kind, held
            held = ""


_LEXER = Environment(autoescape=True, keep_trailing_newline=True)


class _Translator:
    def __init__(self, translate: Translate) -> None:
        self._translate = translate
        self._done: list[str] = []
        self._text: list[_Piece] = []
        self._tag: _Tag | None = None
        self._skipping = ""
        self._off = False

    def run(self, source: str) -> str:
        for kind, text in _lexed(source):
            if self._off or text == _OFF:
                self._flush()
                self._done.append(text)
                self._off = text != _ON
            elif kind == "data":
                self._data(text)
            elif self._tag is not None:
                self._inside_tag(self._tag, kind, text)
            elif self._skipping or kind == "block" or _PARTS_CALL.match(text):
                self._flush()
                self._done.append(text)
            else:
                self._text.append(_Piece("value", text, _value_name(text)))
        self._flush()
        return "".join(self._done)

    def _data(self, text: str) -> None:
        place = 0
        while place < len(text):
            tag = self._tag
            place = self._in_tag(tag, text, place) if tag else self._in_text(text, place)

    def _in_text(self, text: str, place: int) -> int:
        begin = text.find(f"</{self._skipping}" if self._skipping else "<", place)
        end = len(text) if begin < 0 else begin
        if end > place:
            if self._skipping:
                self._done.append(text[place:end])
            else:
                self._text.append(_Piece("text", text[place:end]))
        if begin < 0:
            return end
        self._tag = _Tag()
        return end

    def _in_tag(self, tag: _Tag, text: str, place: int) -> int:
        """Take in the tag up to its end, or up to the quote that begins or ends a value."""
        if tag.quote:
            end = text.find(tag.quote, place)
            until = len(text) if end < 0 else end
            if tag.value is None:
                tag.source.append(text[place:until])
            else:
                tag.value.append(_Piece("text", text[place:until]))
            if end < 0:
                return until
            self._end_value(tag)
            tag.source.append(tag.quote)
            tag.quote = ""
            return end + 1
        found = re.compile("[\"'>]").search(text, place)
        if found is None:
            tag.source.append(text[place:])
            return len(text)
        tag.source.append(text[place : found.end()])
        if found[0] == ">":
            self._tag = None
            self._end_tag("".join(tag.source))
        else:
            tag.quote = found[0]
            named = _ATTRIBUTE.search(text[place : found.end()])
            if named and named[1] in READ_ATTRIBUTES:
                tag.value = []
        return found.end()

    def _inside_tag(self, tag: _Tag, kind: str, text: str) -> None:
        if tag.value is None:
            tag.source.append(text)
        elif kind == "value":
            tag.value.append(_Piece("value", text, _value_name(text)))
        else:
            self._end_value(tag)
            tag.source.append(text)
            tag.value = []

    def _end_value(self, tag: _Tag) -> None:
        if tag.value is not None:
            tag.source.append(_message(tag.value, self._quoted))
            tag.value = None

    def _quoted(self, text: str) -> str:
        return self._translate(text).replace('"', "&quot;")

    def _end_tag(self, source: str) -> None:
        named = _TAG_NAME.match(source)
        name = named[1].lower() if named else ""
        if self._skipping:
            self._done.append(source)
            if source.startswith("</"):
                self._skipping = ""
        elif name in _INLINE:
            closes = source.startswith("</")
            kind = "void" if name in _VOID else "close" if closes else "open"
            self._text.append(_Piece(kind, source, name))
        else:
            self._flush()
            self._done.append(source)
            if name in _SKIPPED and not source.startswith("</"):
                self._skipping = name

    def _flush(self) -> None:
        for part in _balanced(self._text):
            self._done.append(_message(part, self._translate))
        self._text = []


def _balanced(pieces: list[_Piece]) -> Iterator[list[_Piece]]:
    """Divide pieces at tags that are opened and not closed among them, or the other way round."""
    waiting: list[int] = []
    lonely: set[int] = set()
    for place, piece in enumerate(pieces):
        if piece.kind == "open":
            waiting.append(place)
        elif piece.kind == "close":
            if waiting and pieces[waiting[-1]].name == piece.name:
                waiting.pop()
            else:
                lonely.add(place)
    lonely.update(waiting)
    part: list[_Piece] = []
    for place, piece in enumerate(pieces):
        if place in lonely:
            yield part
            yield [_Piece("other", piece.source)]
            part = []
        else:
            part.append(piece)
    yield part


def _message(pieces: list[_Piece], translate: Translate) -> str:
    """Return the source of a text in the other language; as it is where it has no words."""
    if not any(piece.kind == "text" and _WORD.search(piece.source) for piece in pieces):
        return "".join(piece.source for piece in pieces)
    before, inner, after = _trimmed(pieces)
    marked, sources = _marked(inner)
    lead = marked[: len(marked) - len(marked.lstrip(_AROUND))]
    tail = marked[len(marked.rstrip(_AROUND)) :]
    text = " ".join(marked.strip(_AROUND).split())
    translated = translate(text)
    put = _MARK.sub(lambda mark: sources.get(mark[0], mark[0]), translated)
    return f"{before}{lead}{put}{tail}{after}"


def _trimmed(pieces: list[_Piece]) -> tuple[str, list[_Piece], str]:
    """Take off what surrounds the text: tags around all of it, and blanks."""
    first, last = 0, len(pieces)

    def blank(piece: _Piece) -> bool:
        return piece.kind == "void" or (piece.kind == "text" and not piece.source.strip())

    while first < last:
        if blank(pieces[first]):
            first += 1
        elif blank(pieces[last - 1]):
            last -= 1
        elif pieces[first].kind == "open" and _closed_at(pieces, first) == last - 1:
            first, last = first + 1, last - 1
        elif (end := _silent(pieces, first, last)) is not None:
            first = end
        elif (begin := _silent_at_end(pieces, first, last)) is not None:
            last = begin
        else:
            break
    join = "".join
    return (
        join(piece.source for piece in pieces[:first]),
        pieces[first:last],
        join(piece.source for piece in pieces[last:]),
    )


def _silent(pieces: list[_Piece], first: int, last: int) -> int | None:
    """Return the end of a leading element without words or values, such as an empty ``<span>``."""
    if pieces[first].kind != "open":
        return None
    end = _closed_at(pieces, first)
    return end + 1 if end < last and _is_silent(pieces[first : end + 1]) else None


def _silent_at_end(pieces: list[_Piece], first: int, last: int) -> int | None:
    if pieces[last - 1].kind != "close":
        return None
    for begin in range(last - 2, first - 1, -1):
        if pieces[begin].kind == "open" and _closed_at(pieces, begin) == last - 1:
            return begin if _is_silent(pieces[begin:last]) else None
    return None


def _is_silent(pieces: list[_Piece]) -> bool:
    return not any(
        piece.kind == "value" or (piece.kind == "text" and piece.source.strip()) for piece in pieces
    )


def _closed_at(pieces: list[_Piece], place: int) -> int:
    depth = 0
    for at in range(place, len(pieces)):
        depth += {"open": 1, "close": -1}.get(pieces[at].kind, 0)
        if depth == 0:
            return at
    return len(pieces)


def _marked(pieces: list[_Piece]) -> tuple[str, dict[str, str]]:
    """Return the text with marks, and the source that each mark stands for."""
    sources: dict[str, str] = {}
    text: list[str] = []
    opened: list[str] = []

    def unused(template: str, name: str, source: str) -> str:
        number = 1
        while True:
            mark = template.format(name if number == 1 else f"{name}{number}")
            if sources.setdefault(mark, source) == source:
                return mark
            number += 1

    for piece in pieces:
        if piece.kind == "text":
            text.append(piece.source)
        elif piece.kind == "value":
            text.append(unused("{{{}}}", piece.name, piece.source))
        elif piece.kind == "close":
            mark = f"</{opened.pop()[1:]}"
            sources[mark] = piece.source
            text.append(mark)
        else:
            mark = unused("<{}>", piece.name, piece.source)
            if piece.kind == "open":
                opened.append(mark)
            text.append(mark)
    return "".join(text), sources


def _value_name(source: str) -> str:
    """Return a mark's name: the last name in the value before its filters."""
    names = re.findall(r"[a-z_][a-z_0-9]*", source.split("|", maxsplit=1)[0].lower())
    return names[-1] if names else "value"


def translated(source: str, translate: Translate) -> str:
    """Return a template's source with each text translated; lines keep their numbers or fewer."""
    return _Translator(translate).run(source)


def texts(source: str) -> list[str]:
    """Return the texts of a template in their order, each as often as it stands there."""
    found: list[str] = []

    def note(text: str) -> str:
        found.append(text)
        return text

    translated(source, note)
    return found


def marks(text: str) -> list[str]:
    """Return the marks in a text, sorted: a translation has the same."""
    return sorted(mark[0] for mark in _MARK.finditer(text))
