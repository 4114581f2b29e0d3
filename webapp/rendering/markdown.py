"""Turns what people and plugins write into safe HTML.

Two walls, either of which would do: markdown-it-py never lets HTML of the text through, and nh3
then removes every tag, attribute and address scheme that is not listed here. Images are left out:
a foreign address in a reply would tell its owner who reads the ticket, and when.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

import nh3
import trio
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markupsafe import Markup, escape

from webapp.rendering.autolinks import link_addresses

LONGEST_MARKDOWN = 24 * 1024
"""Characters. Longer text is shown as it is: parsing some text takes time in the square of its
length (0.7 s at 64 KiB), and what is this long is a pasted log."""

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


def _lower_headings(state: StateCore) -> None:
    """Put headings of a text below those of the page around it."""
    for token in state.tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + _HEADING_SHIFT)}"


def _parser() -> MarkdownIt:
    options = {"html": False, "linkify": False, "typographer": False, "breaks": True}
    parser = MarkdownIt("commonmark", options).enable(["table", "strikethrough"])
    parser.disable("image")
    parser.core.ruler.push("lower_headings", _lower_headings)
    parser.core.ruler.push("link_addresses", link_addresses)
    return parser


_PARSER = _parser()
_one_at_a_time = trio.CapacityLimiter(1)


@lru_cache(maxsize=256)
def render_markdown(text: str) -> Markup:
    """Return ``text`` as sanitised HTML; text over ``LONGEST_MARKDOWN`` as preformatted."""
    if len(text) > LONGEST_MARKDOWN:
        return Markup('<pre class="plain" tabindex="0">{}</pre>').format(escape(text))
    html = nh3.clean(
        _PARSER.render(text),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(_reachable(html))  # noqa: S704 - sanitised in the lines above


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
    """Render several texts away from the event loop: hostile ones take a tenth of a second."""
    wanted = list(texts)
    return await trio.to_thread.run_sync(
        lambda: [render_markdown(text) for text in wanted], limiter=_one_at_a_time
    )
