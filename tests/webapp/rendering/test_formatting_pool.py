"""Texts are formatted in processes of their own: bounded, in turn, and once."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable

import psutil
import pytest
import trio
import trio.testing

from webapp.rendering import formatting_pool
from webapp.rendering.formatting_pool import KEPT_CHARACTERS, LONGEST_PAGE, PROCESSES
from webapp.rendering.formatting_pool import FormattingPool as Pool
from webapp.rendering.markdown import LONGEST_HTML, LONGEST_TEXT

pytestmark = pytest.mark.slow

SLOW = "\n]\n> #" * 5_000 + "\\\n1. \n" * 5_000
"""Takes the parser a minute."""

WORST: dict[str, Callable[[int], str]] = {
    "short rows": lambda n: "|a" * 49 + "|\n" + "|-" * 49 + "|\n" + "|x\n" * (n // 3),
    "tables": lambda n: "|a|\n|-|\n|x|\n\n" * (n // 13),
    "heads of tables": lambda n: "a\n|-\n" * (n // 5),
    "brackets": lambda n: "[" * n,
    "links": lambda n: "[a](" * (n // 4),
    "links in links": lambda n: "[" * (n // 2) + "](b)" * (n // 8),
    "pictures": lambda n: "![" * (n // 2),
    "stars": lambda n: "*a **a " * (n // 7),
    "strikes": lambda n: "~~a~ " * (n // 5),
    "quotes": lambda n: ">" * n,
    "quotes that go on": lambda n: "> a\n" + "b\n" * (n // 2),
    "lists": lambda n: "- " * (n // 2),
    "lists that go on": lambda n: "- a\n" * (n // 4),
    "code": lambda n: "`" * (n // 2) + " " + "``` " * (n // 8),
    "code of every length": lambda n: "".join("`" * i + " " for i in range(1, int(n**0.5))),
    "entities": lambda n: "&amp;" * (n // 5),
    "references": lambda n: "".join(f"[a{i}]: b\n" for i in range(n // 12)),
    "references used": lambda n: "[a]: /b\n" + "[a]" * (n // 3),
    "a title without an end": lambda n: "[a]: b '" + "c\n" * (n // 2),
    "angles": lambda n: "<" * n,
    "tags": lambda n: "<![CDATA[" * (n // 9),
    "addresses": lambda n: "http://a.b " * (n // 11),
    "brackets behind addresses": lambda n: ("http://a" + ")" * 1990 + " ") * (n // 2_000),
    "quotes, then lists": lambda n: "\n]\n> #" * (n // 12) + "\\\n1. \n" * (n // 12),
}


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    pool = Pool()
    yield pool
    await pool.aclose()


def formatters() -> list[psutil.Process]:
    """The processes of this test that format texts."""
    return [one for one in psutil.Process().children(recursive=True) if formats(one)]


def formats(process: psutil.Process) -> bool:
    try:
        return "formatting_worker" in " ".join(process.cmdline())
    except psutil.Error:  # it has ended meanwhile
        return False


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110 - processes raise no events
        await trio.sleep(0.01)


async def test_texts_come_in_order_and_an_empty_one_is_nothing(pool: Pool) -> None:
    texts = [f"text *{number}*" if number else "" for number in range(5)]
    found = await pool.page("a", texts)
    expected = ["", *(f"<p>text <em>{number}</em></p>" for number in range(1, 5))]
    assert [html.strip() for html in found] == expected


@pytest.mark.parametrize("worst", WORST.values(), ids=WORST)
async def test_the_worst_text_is_bounded_and_every_word_is_shown(
    pool: Pool, worst: Callable[[int], str]
) -> None:
    text = worst(LONGEST_TEXT - 10)[: LONGEST_TEXT - 10] + "\n\nTheEnd"
    shown = (await pool.page("a", [text]))[0]
    assert len(shown) <= max(LONGEST_HTML, 5 * len(text) + 500)
    assert "TheEnd" in shown


async def test_a_text_that_takes_too_long_is_shown_as_written_and_that_is_known(
    pool: Pool,
) -> None:
    shown = (await pool.page("a", [SLOW]))[0]
    assert shown.startswith('<p class="hint">Shown without formatting: it takes too long to for')
    assert "&gt; #" in shown
    await pool.aclose()
    assert await pool.page("b", [SLOW]) == [shown]
    assert formatters() == []


async def test_a_page_of_slow_texts_shows_all_of_them(pool: Pool) -> None:
    texts = [f"{number} {SLOW}" for number in range(20)]
    found = await pool.page("a", [*texts, "*end*"])
    assert all(f">{number} \n]" in html for number, html in enumerate(found[:-1]))
    assert "reload the page to format more" in found[-1]
    assert "*end*" in found[-1]


async def test_a_page_has_bounded_html_and_all_its_words(pool: Pool) -> None:
    texts = [f"end{number}\n\n" + "`a`\n\n" * 9_000 for number in range(40)]
    found = await pool.page("a", texts)
    assert all(f"end{number}" in html for number, html in enumerate(found))
    formatted = [html for html in found if html.startswith("<p>")]
    assert len(formatted) > 1
    assert sum(map(len, formatted)) <= LONGEST_PAGE
    assert any("already fill the page" in html for html in found)


async def test_the_event_loop_goes_on_while_a_text_is_formatted(pool: Pool) -> None:
    turns = 0
    async with trio.open_nursery() as nursery:

        async def count() -> None:
            nonlocal turns
            while True:
                await trio.sleep(0.001)
                turns += 1

        nursery.start_soon(count)
        await pool.page("a", [SLOW])
        nursery.cancel_scope.cancel()
    # The text takes a second of a processor; a held loop would come round once or twice.
    assert turns > 100


async def test_whoever_opens_many_slow_pages_waits_for_themselves(pool: Pool) -> None:
    done: list[str] = []

    async def visit(person: str, texts: list[str]) -> None:
        await pool.page(person, texts)
        done.append(person)

    with trio.fail_after(120):
        async with trio.open_nursery() as nursery:
            for page in range(40):
                nursery.start_soon(visit, "attacker", [f"{page} {SLOW}"])
            await until(formatters)
            for page in range(10):
                await visit("somebody", [f"hello {page}"])
            assert done.count("somebody") == 10
            # Each of ten pages waited for one text of the attacker's at most.
            assert done.count("attacker") <= 10
            assert len(formatters()) <= PROCESSES
            nursery.cancel_scope.cancel()


async def test_one_text_that_many_open_at_once_is_formatted_once(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    ask = formatting_pool.FormattingProcess.format

    async def counted(process: formatting_pool.FormattingProcess, text: str) -> object:
        asked.append(text)
        return await ask(process, text)

    monkeypatch.setattr(formatting_pool.FormattingProcess, "format", counted)
    async with trio.open_nursery() as nursery:
        for number in range(30):
            nursery.start_soon(pool.page, f"person {number}", ["a *text*"])
    assert len(asked) <= PROCESSES


async def test_a_formatter_that_is_killed_costs_its_text_its_looks_and_nothing_else(
    pool: Pool,
) -> None:
    found: list[list[str]] = []

    async def visit() -> None:
        found.append(list(await pool.page("a", [SLOW, "*next*"])))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(visit)
        await until(formatters)
        os.kill(formatters()[0].pid, signal.SIGKILL)
    assert "Shown without formatting" in found[0][0]
    assert found[0][1].strip() == "<p><em>next</em></p>"


async def test_a_formatter_that_died_idle_is_replaced(pool: Pool) -> None:
    await pool.page("a", ["first"])
    process = formatters()[0]
    process.kill()
    await until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
    assert [html.strip() for html in await pool.page("a", ["*next*"])] == ["<p><em>next</em></p>"]


async def test_a_page_that_is_left_ends_its_formatter(pool: Pool) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(pool.page, "a", [SLOW])
        await until(formatters)
        nursery.cancel_scope.cancel()
    assert formatters() == []
    assert [html.strip() for html in await pool.page("a", ["next"])] == ["<p>next</p>"]


async def test_a_formatter_knows_nothing_of_the_server(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OHD_SECRET", "s3cret")
    await pool.page("a", ["first"])
    assert formatters()[0].environ() == {}


async def test_where_no_formatter_can_be_started_texts_are_shown_as_written(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", "/nowhere/python")
        shown = (await pool.page("a", ["*a*"]))[0]
    assert "formatting is unavailable right now" in shown
    assert "*a*" in shown
    assert (await pool.page("a", ["*a*"]))[0].strip() == "<p><em>a</em></p>"


async def test_what_is_kept_is_bounded(pool: Pool) -> None:
    from webapp.rendering.formatting_process import Answer

    for number in range(100):
        pool._keep(str(number).encode(), Answer(True, "x" * LONGEST_HTML, 0.0))
    assert sum(len(one.said) for one in pool._known.values()) <= KEPT_CHARACTERS
    assert b"99" in pool._known


def test_a_formatter_ends_with_its_server() -> None:
    program = (
        "import trio\n"
        "from webapp.rendering.formatting_process import FormattingProcess\n"
        "async def main():\n"
        "    process = await FormattingProcess.start()\n"
        "    await process.format('a')\n"
        "    print(process.pid, flush=True)\n"
        "    await trio.sleep_forever()\n"
        "trio.run(main)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        formatter = psutil.Process(int(server.stdout.readline()))
        server.kill()
    psutil.wait_procs([formatter], timeout=60)
    assert not formatter.is_running() or formatter.status() == psutil.STATUS_ZOMBIE
