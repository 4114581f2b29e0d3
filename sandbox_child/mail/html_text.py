"""HTML as Markdown: what a mail says, none of how it looks. Pure; the parser is the library's.

Nothing of a mail's HTML is ever shown as HTML: the text that comes out is formatted like any text
that somebody writes. Pictures of the mail become links to its files; those elsewhere are left out,
as their server would learn who reads.
"""

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from urllib.parse import unquote

from sandbox_child.mail.markdown import escaped
from sandbox_child.mail.quotes import MARK

MAX_HTML = 2 * 1024 * 1024
"""Characters that are read."""
MAX_TEXT = 512 * 1024
"""Characters that come out."""
MAX_DEPTH = 200
MAX_LINK = 2_000
_MOST_LISTS = 8

_SILENT = frozenset(
    {"head", "style", "script", "title", "template", "noscript", "object", "svg", "math", "select"}
)
_VOID = frozenset(
    {"br", "hr", "img", "input", "meta", "link", "area", "base", "col", "embed", "source", "wbr"}
)
_BLOCKS = frozenset(
    {
        *("p", "div", "table", "tr", "ul", "ol", "li", "blockquote", "pre", "section", "article"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "header", "footer", "address", "dl", "dt", "dd"),
        *("center", "form", "fieldset", "tbody", "thead", "figure", "main", "nav", "aside"),
    }
)
_SPACED = frozenset(
    {"p", "ul", "ol", "blockquote", "pre", "table", "h1", "h2", "h3", "h4", "h5", "h6"}
)
_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*", "del": "~~", "s": "~~"}
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)
_QUOTE_CLASS = re.compile(
    r"\b(gmail_quote|gmail_quote_container|yahoo_quoted|moz-cite-prefix|protonmail_quote|"
    r"zmail_extra|tutanota_quote|OutlookMessageHeader)\b"
)
_QUOTE_ID = frozenset(
    {"divRplyFwdMsg", "appendonsend", "mail-editor-reference-message-container", "reply-intro"}
)
_OUTLOOK = re.compile(r"border:\s*none;\s*border-top:\s*solid\s+#(e1e1e1|b5c4df)", re.IGNORECASE)
_LINE_START = re.compile(r"^(\s*)([#>+-]|\d{1,9}[.)])(?=\s|$)")
_DECLARATION = re.compile(r"<!--.*?(?:-->|\Z)|<[!?][^>]*>?", re.DOTALL)
_NO_TAG = re.compile(r"<(?![a-zA-Z/][^<]{0,20000}>)")
_SCHEMES = ("http://", "https://", "mailto:", "tel:")


class _Reader(HTMLParser):
    def __init__(self, pictures: Mapping[str, int]) -> None:
        super().__init__(convert_charrefs=True)
        self._pictures = pictures
        self._open: list[tuple[str, bool]] = []
        """Elements, and whether what is in them is silent."""
        self._lines: list[str] = []
        self._line = ""
        self._size = 0
        self._blank = True
        """Whether a blank line came last."""
        self._quotes = 0
        self._lists: list[int | None] = []
        """Number of the next item; None for a list without numbers."""
        self._item = ""
        self._pre = 0
        self._links: list[tuple[int, str]] = []

    def result(self) -> str:
        self._end_line()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self._lines)).strip("\n")

    @property
    def _is_silent(self) -> bool:
        return bool(self._open) and self._open[-1][1]

    @property
    def is_full(self) -> bool:
        return self._size > MAX_TEXT

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in _VOID:
            if not self._is_silent and not self.is_full:
                self._void(tag, values)
            return
        hidden = bool(_HIDDEN.search(values.get("style", "")))
        silent = self._is_silent or tag in _SILENT or hidden or self.is_full
        if len(self._open) >= MAX_DEPTH:
            return
        if tag in {"p", "li", "tr", "td"}:
            self._close_implied(tag)
        self._open.append((tag, silent))
        if not silent:
            self._start(tag, values)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        # Only the innermost few are looked at: what is closed far out was left open by mistake.
        for back in range(1, min(len(self._open), 20) + 1):
            if self._open[-back][0] == tag:
                for _ in range(back):
                    name, silent = self._open.pop()
                    if not silent:
                        self._end(name)
                return

    def handle_data(self, data: str) -> None:
        if self._is_silent or self.is_full:
            return
        if self._pre:
            first, *rest = data.split("\n")
            self._write(first)
            for line in rest:
                self._end_line()
                self._write(line)
            return
        folded = re.sub(r"[ \t\r\n\f]+", " ", data).replace(MARK, "")
        if not self._line:
            folded = folded.lstrip(" ")
        self._write(escaped(folded))

    def _close_implied(self, tag: str) -> None:
        """HTML lets the ends of these go: the next one of its kind ends it."""
        if self._open and self._open[-1][0] == tag:
            self.handle_endtag(tag)

    def _start(self, tag: str, values: Mapping[str, str]) -> None:
        if self._begins_quote(tag, values):
            self._end_line()
            self._lines.append(MARK)
        if tag in _BLOCKS:
            self._break(blank=tag in _SPACED and not self._lists)
        if tag == "blockquote":
            self._quotes += 1
        elif tag in {"ul", "ol"}:
            self._lists.append(1 if tag == "ol" else None)
        elif tag == "li":
            self._item = self._bullet()
        elif tag in {"h1", "h2", "h3", "h4", "h5", "h6"}:
            self._write("### ")
        elif tag == "pre":
            self._line = "```"
            self._end_line()
            self._pre += 1
        elif not self._pre:
            self._start_inline(tag, values)

    def _start_inline(self, tag: str, values: Mapping[str, str]) -> None:
        if tag in _MARKS:
            self._write(_MARKS[tag])
        elif tag == "a":
            self._links.append((len(self._line), values.get("href", "").strip()))
        elif tag in {"td", "th"} and self._line:
            self._write(" ")

    def _end(self, tag: str) -> None:
        if tag == "a":
            self._end_link()
        elif tag in _MARKS and not self._pre:
            self._end_mark(_MARKS[tag])
        if tag in _BLOCKS:
            self._end_line()
        if tag == "pre":
            self._pre = max(0, self._pre - 1)
            self._line = "```"
            self._end_line()
        elif tag == "blockquote":
            self._quotes = max(0, self._quotes - 1)
        elif tag in {"ul", "ol"} and self._lists:
            self._lists.pop()
            self._item = ""
        if tag in _SPACED and not self._lists:
            self._break(blank=True)

    def _void(self, tag: str, values: Mapping[str, str]) -> None:
        if tag == "br":
            if self._line:
                self._end_line()
            else:
                self._break(blank=True)
        elif tag == "hr":
            self._break(blank=True)
        elif tag == "img":
            self._picture(values)

    def _picture(self, values: Mapping[str, str]) -> None:
        source = values.get("src", "").strip()
        name = " ".join(values.get("alt", "").split())[:100]
        if source.lower().startswith("cid:"):
            index = self._pictures.get(unquote(source[4:]).strip().lower())
            if index is not None:
                shown = escaped(name).replace("[", "(").replace("]", ")") or "picture"
                self._write(f"[{shown}](cid:{index})")

    def _end_link(self) -> None:
        if not self._links:
            return
        begin, href = self._links.pop()
        shown = self._line[begin:].strip() if begin <= len(self._line) else ""
        if not href.lower().startswith(_SCHEMES) or len(href) > MAX_LINK or not shown:
            return
        safe = re.sub(r"[\s<>]", "", href).replace("(", "%28").replace(")", "%29")
        if shown.replace("\\", "") in {href, safe, href.removeprefix("mailto:")}:
            self._line = self._line[:begin] + f"<{safe}>"
        elif "](" not in shown:
            shown = shown.replace("[", "(").replace("]", ")")
            self._line = self._line[:begin] + f"[{shown}]({safe})"

    def _end_mark(self, mark: str) -> None:
        """Close a mark; one around nothing, or beside a blank, would be shown as it is."""
        at = self._line.rfind(mark)
        if at < 0:
            return
        inside = self._line[at + len(mark) :]
        bare = inside.strip()
        before = self._line[:at]
        lead = " " if inside[:1] == " " else ""
        tail = " " if inside[-1:] == " " and bare else ""
        if not bare:
            self._line = before + inside
        else:
            self._line = f"{before}{lead}{mark}{bare}{mark}{tail}"

    @staticmethod
    def _begins_quote(tag: str, values: Mapping[str, str]) -> bool:
        if tag == "blockquote":
            return values.get("type", "").lower() == "cite"
        if tag not in {"div", "span", "hr", "table"}:
            return False
        return (
            bool(_QUOTE_CLASS.search(values.get("class", "")))
            or values.get("id", "").removeprefix("x_") in _QUOTE_ID
            or bool(_OUTLOOK.search(values.get("style", "")))
        )

    def _bullet(self) -> str:
        depth = "  " * min(max(0, len(self._lists) - 1), _MOST_LISTS)
        if not self._lists or self._lists[-1] is None:
            return f"{depth}- "
        number = self._lists[-1]
        self._lists[-1] = number + 1
        return f"{depth}{number}. "

    def _write(self, text: str) -> None:
        self._line += text
        self._size += len(text)

    def _end_line(self) -> None:
        line, self._line = self._line, ""
        self._links.clear()
        if not self._pre:
            line = line.strip(" ")
            if not line:
                return
            if line != "```" and not line.startswith("### "):
                line = _LINE_START.sub(r"\1\\\2", line)
            item, self._item = self._item, ""
            line = item + line
        self._lines.append("> " * min(self._quotes, _MOST_LISTS) + line)
        self._size += 2
        self._blank = False

    def _break(self, *, blank: bool) -> None:
        self._end_line()
        if blank and not self._blank and not self._item:
            self._lines.append(("> " * min(self._quotes, _MOST_LISTS)).rstrip())
            self._blank = True


def to_markdown(html: str, pictures: Mapping[str, int]) -> str:
    """Return HTML as Markdown, with ``quotes.MARK`` where a quotation begins.

    ``pictures``: Content-IDs, in lower case, to the files that they name; such a picture becomes a
    link to ``cid:`` and the number of the file.
    """
    reader = _Reader(pictures)
    # The parser looks for the end of a comment or a tag again and again where there is none.
    reader.feed(_NO_TAG.sub("&lt;", _DECLARATION.sub("", html[:MAX_HTML])))
    reader.close()
    return reader.result()
