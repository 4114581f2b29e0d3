"""Turns what people and plugins write into safe HTML.

Two walls, either of which would do: markdown-it-py never lets HTML of the text through, and nh3
then removes every tag, attribute and address scheme that is not listed here. A picture becomes a
link: a foreign address in a reply would tell its owner who reads the ticket, and when.
"""

import re
import time
from collections.abc import Iterable
from functools import lru_cache

import nh3
import trio
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.table import table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.link import link
from markupsafe import Markup, escape

from webapp.rendering.autolinks import link_addresses

LONGEST_MARKDOWN = 24 * 1024
"""Characters. Longer text is shown as it is: parsing some text takes time in the square of its
length (0.7 s at 64 KiB), and what is this long is a pasted log."""

MOST_COLUMNS = 50
MOST_CELLS = 4_000
"""A table with more columns or cells is shown as text: each short row is filled up to the columns
of the first, so that a small text makes a large page."""
LONGEST_HTML = 512 * 1024
"""Characters of the HTML of one text; what would be longer is shown as it was written."""
PAGE_S = 1.0
"""Seconds that the texts of one page may take; those that come after are shown as written."""

_HEADING_SHIFT = 3
_DELIMITER = re.compile(r"[ \t>|:-]*")
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
    """Parse a table whose cells are few enough, by the parser's own rule; see ``MOST_CELLS``."""
    if start + 2 > end:
        return False
    delimiter = state.src[state.bMarks[start + 1] : state.eMarks[start + 1]]
    if not _DELIMITER.fullmatch(delimiter):
        return False
    columns = delimiter.count("|") + 1
    if columns > MOST_COLUMNS or columns * _rows(state, start, end) > MOST_CELLS:
        return False
    return table(state, start, end, silent)


def _rows(state: StateBlock, start: int, end: int) -> int:
    """Count the lines up to the next empty one, as far as it matters."""
    for row in range(start, min(end, start + MOST_CELLS)):
        if state.isEmpty(row):
            return row - start
    return min(end - start, MOST_CELLS)


def _parser() -> MarkdownIt:
    options = {"html": False, "linkify": False, "typographer": False, "breaks": True}
    parser = MarkdownIt("commonmark", options).enable(["table", "strikethrough"])
    parser.block.ruler.at("table", _bounded_table, {"alt": ["paragraph", "reference"]})
    parser.inline.ruler.at("image", _picture_as_link)
    parser.core.ruler.push("lower_headings", _lower_headings)
    parser.core.ruler.push("link_addresses", link_addresses)
    return parser


_PARSER = _parser()
_one_at_a_time = trio.CapacityLimiter(1)


@lru_cache(maxsize=512)
def render_markdown(text: str) -> Markup:
    """Return ``text`` as sanitised HTML; text over ``LONGEST_MARKDOWN`` as preformatted."""
    if len(text) > LONGEST_MARKDOWN:
        return as_written(text)
    rendered = _PARSER.render(text)
    if len(rendered) > LONGEST_HTML:
        return as_written(text)
    html = nh3.clean(
        rendered,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(_reachable(html))  # noqa: S704 - sanitised in the lines above


def as_written(text: str) -> Markup:
    """Return a text without any markup, as it was written."""
    return Markup('<pre class="plain" tabindex="0">{}</pre>').format(escape(text))


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


async def render_in_thread(texts: Iterable[str]) -> list[Markup]:
    """Render the texts of one page away from the event loop, within ``PAGE_S``."""
    return await trio.to_thread.run_sync(_render_all, list(texts), limiter=_one_at_a_time)


def _render_all(texts: list[str]) -> list[Markup]:
    until = time.monotonic() + PAGE_S
    return [
        render_markdown(text) if time.monotonic() < until else as_written(text) for text in texts
    ]
