"""Text from people and plugins comes out as safe HTML, or as it was written past a limit."""

from contextlib import suppress
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from webapp.rendering.markdown import (
    LONGEST_HTML,
    LONGEST_TEXT,
    MOST_CELLS,
    MOST_COLUMNS,
    NotFormatted,
    as_written,
    to_html,
)


class Seen(HTMLParser):
    """Every tag with its attributes, as a browser would read them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_markdown_becomes_html() -> None:
    html = to_html("**bold** `code` ~~gone~~\nnext\n\n- one\n- two\n\n|a|b|\n|-|-|\n|1|2|")
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
    seen.feed(to_html(text))
    for tag, attributes in seen.tags:
        assert tag in {"p", "a", "code", "br"}
        assert attributes.keys() <= {"href", "rel", "title"}
        assert urlsplit(attributes.get("href") or "https:").scheme in {"https", ""}


def test_links_lead_out_without_telling_where_from() -> None:
    html = to_html("[a](https://ok.example)")
    assert 'href="https://ok.example"' in html
    assert 'rel="noopener noreferrer nofollow"' in html


def test_headings_of_a_text_stay_below_those_of_the_page() -> None:
    html = to_html("# One\n\n###### Six")
    assert "<h4>One</h4>" in html
    assert "<h6>Six</h6>" in html


def test_what_is_shown_as_written_is_escaped_and_says_why() -> None:
    assert as_written("# <b>", "it is <long>") == (
        '<p class="hint">Shown without formatting: it is &lt;long&gt;.</p>'
        '<pre class="plain" tabindex="0"># &lt;b&gt;</pre>'
    )


def test_what_scrolls_can_be_reached_by_the_keyboard() -> None:
    table = to_html("| a | b |\n|---|---|\n| 1 | 2 |")
    assert '<div class="table" role="region" aria-label="Table" tabindex="0"><table>' in table
    assert table.count("<div") == table.count("</div>") == 1
    assert '<pre tabindex="0">' in to_html("```\n" + "a line\n" * 40 + "```")
    assert "tabindex" not in to_html("```\nshort\n```")
    assert "<div" not in to_html("`<table>` and <table>")


TOO_MUCH = {
    "short rows": ("|a" * 49 + "|\n" + "|-" * 49 + "|\n" + "|x\n" * 8_000, "cells"),
    "many columns": ("|a" * 4_000 + "|\n" + "|-" * 4_000 + "|\n|x\n" * 9, "columns"),
    "rows in a quote": ("> |a|b|\n> |-|-|\n" + "> |x\n" * 5_000, "cells"),
    "many tables": (("|a" * 49 + "|\n" + "|-" * 49 + "|\n" + "|x\n" * 20 + "\n") * 30, "cells"),
    "many heads of tables": (("|a" * 49 + "|\n" + "|-" * 49 + "|\n\n") * 100, "cells"),
    "rows that look like heads": ("a|b\n" + "-|-\n" * 9_000, "cells"),
    "quotes": (">" * 30_000 + " a", "nested"),
    "lists": ("1. " * 10_000 + "a", "nested"),
    "lists in quotes": ("> - " * 10_000 + "a", "nested"),
    "one level deeper on each line": ("\n".join(">" * n + " a" for n in range(300)), "nested"),
    "long": ("a" * (LONGEST_TEXT + 1), "longer"),
    "entities": ("&" * LONGEST_TEXT + "", None),
    "rules": ("***\n" * 16_000, None),
    "a tag for each character": ("`a`\n\n" * 13_000, None),
    "links": ("[a]: /b\n\n" + "[a]" * 21_000, "large"),
    "small headings": ("# a\n" * 16_000, None),
}


@pytest.mark.parametrize(("text", "reason"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_a_text_past_a_limit_is_refused_with_the_limit(text: str, reason: str | None) -> None:
    if reason is None:
        assert len(to_html(text)) <= LONGEST_HTML
        return
    with pytest.raises(NotFormatted, match=reason):
        to_html(text)


@pytest.mark.parametrize("limit", [MOST_COLUMNS, MOST_COLUMNS + 1])
def test_the_limit_on_columns_is_met_exactly(limit: int) -> None:
    text = f"{'|a' * limit}|\n{'|-' * limit}|\n|x|\n"
    if limit == MOST_COLUMNS:
        assert to_html(text).count("<td>") == limit
    else:
        with pytest.raises(NotFormatted, match="columns"):
            to_html(text)


@pytest.mark.parametrize("rows", [MOST_CELLS // 2 - 1, MOST_CELLS // 2])
def test_the_limit_on_cells_is_met_exactly(rows: int) -> None:
    text = "a|b\n-|-\n" + "x|y\n" * rows
    if rows == MOST_CELLS // 2 - 1:
        assert to_html(text).count("<td>") == 2 * rows
    else:
        with pytest.raises(NotFormatted, match="cells"):
            to_html(text)


@pytest.mark.parametrize("levels", [1, 19, 20, 21, 22, 40])
@pytest.mark.parametrize("mark", ["> ", "- ", "1. ", "> - "])
def test_no_nesting_loses_words(mark: str, levels: int) -> None:
    for text in (mark * levels + "words", mark * levels + "```\nwords", mark * levels + "# words"):
        with suppress(NotFormatted):
            assert "words" in to_html(text)


def test_a_table_of_usual_size_is_one() -> None:
    rows = "".join(f"| {n} | {n * n} |\n" for n in range(200))
    html = to_html(f"| n | n² |\n|---|---:|\n{rows}")
    assert html.count("<tr>") == 201


@pytest.mark.parametrize(
    "text",
    ["![shot](https://a.example/x.png)", "![shot][1]\n\n[1]: https://a.example/x.png"],
)
def test_a_picture_is_a_link_with_its_description(text: str) -> None:
    html = to_html(text)
    assert '<a href="https://a.example/x.png"' in html
    assert ">shot</a>" in html
    assert "<img" not in html
    assert "!" not in html
