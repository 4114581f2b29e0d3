"""Text from people and plugins comes out as safe HTML, in bounded time."""

import time
from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from webapp.rendering import markdown
from webapp.rendering.markdown import (
    LONGEST_HTML,
    LONGEST_MARKDOWN,
    render_in_thread,
    render_markdown,
)


class Seen(HTMLParser):
    """Every tag with its attributes, as a browser would read them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_markdown_becomes_html() -> None:
    html = render_markdown("**bold** `code` ~~gone~~\nnext\n\n- one\n- two\n\n|a|b|\n|-|-|\n|1|2|")
    for part in ("<strong>bold</strong>", "<code>code</code>", "<s>gone</s>", "<br>", "<li>one"):
        assert part in html
    assert "<td>1</td>" in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "[a](JaVaScRiPt:alert(1))",
        "[a](data:text/html;base64,PHNjcmlwdD4=)",
        "[a](vbscript:x)",
        '<a href="javascript:alert(1)">x</a>',
        "![a](https://tracker.example/pixel.png)",
        "<style>*{display:none}</style>",
        "<iframe src=https://evil.example></iframe>",
        '[a](https://ok.example "\\" onmouseover=alert(1) ")',
        "<svg/onload=alert(1)>",
        "`<b onclick=x>`",
    ],
)
def test_nothing_alive_comes_out(text: str) -> None:
    seen = Seen()
    seen.feed(render_markdown(text))
    for tag, attributes in seen.tags:
        assert tag in {"p", "a", "code", "br"}
        assert attributes.keys() <= {"href", "rel", "title"}
        assert urlsplit(attributes.get("href") or "https:").scheme in {"https", ""}


def test_links_lead_out_without_telling_where_from() -> None:
    html = render_markdown("[a](https://ok.example)")
    assert 'href="https://ok.example"' in html
    assert 'rel="noopener noreferrer nofollow"' in html


def test_headings_of_a_text_stay_below_those_of_the_page() -> None:
    html = render_markdown("# One\n\n###### Six")
    assert "<h4>One</h4>" in html
    assert "<h6>Six</h6>" in html


def test_a_text_too_long_to_parse_is_shown_as_it_is() -> None:
    text = "# <b>" + "x" * LONGEST_MARKDOWN
    html = render_markdown(text)
    assert html.startswith('<pre class="plain" tabindex="0"># &lt;b&gt;xxx')


@pytest.mark.parametrize(
    "make",
    [
        lambda n: "[" * n,
        lambda n: "*a_" * (n // 3),
        lambda n: "![[" * (n // 3),
        lambda n: "|a" * (n // 4) + "\n" + "|-" * (n // 4),
        lambda n: "[a](b" * (n // 5),
        lambda n: "<" * n,
        lambda n: ">" * n,
        lambda n: "`" * n,
    ],
)
def test_a_hostile_text_costs_bounded_time(make: Callable[[int], str]) -> None:
    began = time.process_time()
    render_markdown(make(LONGEST_MARKDOWN))
    assert time.process_time() - began < 2.0


async def test_many_texts_are_rendered_in_order() -> None:
    html = await render_in_thread(f"text {number}" for number in range(5))
    assert [str(part).strip() for part in html] == [f"<p>text {number}</p>" for number in range(5)]


def test_what_scrolls_can_be_reached_by_the_keyboard() -> None:
    table = render_markdown("| a | b |\n|---|---|\n| 1 | 2 |")
    assert '<div class="table" role="region" aria-label="Table" tabindex="0"><table>' in table
    assert table.count("<div") == table.count("</div>") == 1
    assert '<pre tabindex="0">' in render_markdown("```\n" + "a line\n" * 40 + "```")
    assert "tabindex" not in render_markdown("```\nshort\n```")
    assert "<div" not in render_markdown("`<table>` and <table>")


WORST = {
    "short rows": lambda n: "|a" * 49 + "|\n" + "|-" * 49 + "|\n" + "|x\n" * (n // 3),
    "many columns": lambda n: "|a" * (n // 4) + "|\n" + "|-" * (n // 4) + "|\n|x\n" * 9,
    "rows in a quote": lambda n: "> |a|b|\n> |-|-|\n" + "> |x\n" * (n // 5),
    "tables of two rows": lambda n: "|a|\n|-|\n|x|\n\n" * (n // 13),
    "brackets": lambda n: "[" * n,
    "links": lambda n: "[a](" * (n // 4),
    "pictures": lambda n: "![" * (n // 2),
    "stars": lambda n: "*a **a " * (n // 7),
    "quotes": lambda n: ">" * n,
    "lists": lambda n: "- " * (n // 2),
    "code": lambda n: "`" * (n // 2) + " " + "``` " * (n // 8),
    "entities": lambda n: "&" * n,
    "references": lambda n: "[a]: b\n" * (n // 7),
    "angles": lambda n: "<" * n,
    "addresses": lambda n: "http://a" + ")" * (n - 8),
}


@pytest.mark.parametrize("worst", WORST.values(), ids=WORST)
def test_the_worst_text_of_the_greatest_length_is_bounded(worst: Callable[[int], str]) -> None:
    text = worst(LONGEST_MARKDOWN)[:LONGEST_MARKDOWN]
    used = time.thread_time()
    html = render_markdown(text)
    assert time.thread_time() - used < 5
    assert len(html) < 2 * LONGEST_HTML


def test_a_page_of_worst_texts_is_bounded_and_shows_all_of_them() -> None:
    texts = [f"{number}" + "[a](" * (LONGEST_MARKDOWN // 4 - 5) for number in range(200)]
    used = time.monotonic()
    found = markdown._render_all(texts)
    assert time.monotonic() - used < 30
    assert all(html.startswith(("<p>", "<pre")) for html in found)


def test_a_table_of_usual_size_is_one() -> None:
    rows = "".join(f"| {n} | {n * n} |\n" for n in range(200))
    html = render_markdown(f"| n | n² |\n|---|---:|\n{rows}")
    assert html.count("<tr>") == 201


@pytest.mark.parametrize(
    "text",
    ["![shot](https://a.example/x.png)", "![shot][1]\n\n[1]: https://a.example/x.png"],
)
def test_a_picture_is_a_link_with_its_description(text: str) -> None:
    html = render_markdown(text)
    assert '<a href="https://a.example/x.png"' in html
    assert ">shot</a>" in html
    assert "<img" not in html
    assert "!" not in html
