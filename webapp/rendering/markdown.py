"""Turns what people and plugins write into safe HTML.

Two walls, either of which would do: markdown-it-py never lets HTML of the text through, and nh3
then removes every tag, attribute and address scheme that is not listed here. A picture becomes a
link: a foreign address in a reply would tell its owner who reads the ticket, and when.

Some texts take time in the square of their length, and hold the interpreter meanwhile. So texts of
people and plugins are formatted in processes of their own (``formatting_pool``), never here.
"""

import re

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.blockquote import blockquote
from markdown_it.rules_block.list import list_block
from markdown_it.rules_block.table import table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.link import link
from markupsafe import Markup, escape

from webapp.rendering.autolinks import link_addresses

LONGEST_TEXT = 64 * 1024
"""Characters that are formatted."""
MOST_COLUMNS = 50
"""Of a table."""
MOST_CELLS = 4_000
"""Of all tables in a text. Each short row is filled up to the columns of the first: a small text
would make a large page."""
MOST_NESTED = 20
"""Levels of quotes and lists inside one another, a list being two (itself and its item)."""
LONGEST_HTML = 512 * 1024
"""Characters of the HTML of one text."""

_HEADING_SHIFT = 3
_TABLE_FRAME = '<div class="table" role="region" aria-label="Table" tabindex="0">'
_PREFORMATTED = re.compile(r"<pre>(.*?)</pre>", re.DOTALL)
_LONG_CHARACTERS = 600
_LONG_LINES = 15
"""Preformatted text beyond either is cut off by the styles, and scrolls."""
_TAGS = {
    *("a", "p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote"),
    *("ul", "ol", "li", "h4", "h5", "h6"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}


class NotFormatted(Exception):
    """A text goes past a limit; ``reason`` says which, to readers, as a clause."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _picture_as_link(state: StateInline, silent: bool) -> bool:
    """Show a picture as a link with its description: its server must not learn who reads this."""
    if not state.src.startswith("![", state.pos):
        return False
    state.pos += 1
    if link(state, silent):
        return True
    state.pos -= 1
    return False


def _lower_headings(state: StateCore) -> None:
    """Put headings of a text below those of the page around it."""
    for token in state.tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + _HEADING_SHIFT)}"


def _bounded_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse a table by the parser's own rule, and no more rows than ``MOST_CELLS`` allow."""
    if start + 2 > end:
        return False
    below = start + 1
    delimiter = state.src[state.bMarks[below] + state.tShift[below] : state.eMarks[below]]
    columns = delimiter.strip().strip("|").count("|") + 1
    cells = state.env.get("cells", 0)
    most_rows = max(0, MOST_CELLS - cells) // columns
    if not table(state, start, min(end, below + most_rows + 2), silent):
        return False
    if columns > MOST_COLUMNS:
        raise NotFormatted(f"it contains a table with more than {MOST_COLUMNS} columns")
    if not silent:
        state.env["cells"] = cells = cells + (state.line - below) * columns
    if cells > MOST_CELLS:
        raise NotFormatted(f"its tables have more than {MOST_CELLS:,} cells")
    return True


def _require_flat(state: StateBlock) -> None:
    """Refuse what the parser would leave out without a word (its ``maxNesting``)."""
    if state.level >= MOST_NESTED:
        raise NotFormatted(f"its lists and quotes are nested more than {MOST_NESTED} deep")


def _flat_quote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    _require_flat(state)
    return blockquote(state, start, end, silent)


def _flat_list(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    _require_flat(state)
    return list_block(state, start, end, silent)


def _parser() -> MarkdownIt:
    options = {"html": False, "linkify": False, "typographer": False, "breaks": True}
    parser = MarkdownIt("commonmark", {**options, "maxNesting": MOST_NESTED + 4})
    parser.enable(["table", "strikethrough"])
    ends = ["paragraph", "reference"]
    parser.block.ruler.at("table", _bounded_table, {"alt": ends})
    parser.block.ruler.at("blockquote", _flat_quote, {"alt": [*ends, "blockquote", "list"]})
    parser.block.ruler.at("list", _flat_list, {"alt": [*ends, "blockquote"]})
    parser.inline.ruler.at("image", _picture_as_link)
    parser.core.ruler.push("lower_headings", _lower_headings)
    parser.core.ruler.push("link_addresses", link_addresses)
    return parser


_PARSER = _parser()


def to_html(text: str) -> Markup:
    """Return ``text`` as sanitised HTML; raises ``NotFormatted`` past a limit."""
    if len(text) > LONGEST_TEXT:
        raise NotFormatted(f"it is longer than {LONGEST_TEXT:,} characters")
    rendered = _bounded(_PARSER.render(text))
    html = nh3.clean(
        rendered,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(_bounded(_reachable(html)))  # noqa: S704 - sanitised in the lines above


def _bounded(html: str) -> str:
    if len(html) > LONGEST_HTML:
        raise NotFormatted("its formatting would make the page too large")
    return html


def as_written(text: str, reason: str) -> Markup:
    """Return a text without any markup, as it was written, and say why."""
    return Markup(
        '<p class="hint">Shown without formatting: {}.</p><pre class="plain" tabindex="0">{}</pre>'
    ).format(reason, escape(text))


def _reachable(html: str) -> str:
    """Let the keyboard scroll what may be wider or longer than its place (WCAG 2.1.1).

    In sanitised HTML every ``<`` of a text is escaped, so what looks like a tag is one.
    """
    html = html.replace("<table>", f"{_TABLE_FRAME}<table>").replace("</table>", "</table></div>")
    return _PREFORMATTED.sub(_reachable_if_long, html)


def _reachable_if_long(match: re.Match[str]) -> str:
    whole = match[0]
    long = len(whole) > _LONG_CHARACTERS or whole.count("\n") > _LONG_LINES
    return f'<pre tabindex="0">{match[1]}</pre>' if long else whole
