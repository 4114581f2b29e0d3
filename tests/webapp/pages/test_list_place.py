"""A ticket that was opened from a list knows its neighbours there, by links alone."""

import re
from html import unescape
from typing import Any

import pytest


def link(page: Any, rel: str) -> str | None:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', page.text)
    return unescape(found[1]) if found else None


async def test_next_and_previous_go_through_the_list_that_one_came_from(site: Any) -> None:
    for number in range(4):
        await site.ticket(subject=f"Printer {number}", priority="High" if number != 2 else "Low")
    browser = await site.as_("staff")
    listed = await browser.get("/tickets?priority=High&sort=subject")
    (first, *_) = re.findall(r'class="subject" id="[^"]+" href="([^"]+)"', listed.text)
    page, seen = await browser.get(unescape(first)), []
    assert link(page, "prev") is None
    while True:
        seen.append(re.search(r"<h1>(.*?)</h1>", page.text)[1])
        if (following := link(page, "next")) is None:
            break
        page = await browser.get(following)
    assert seen == ["Printer 0", "Printer 1", "Printer 3"]
    assert 'href="/tickets?priority=High&amp;sort=subject">All tickets' in page.text
    assert link(page, "prev") is not None


async def test_an_answer_keeps_the_place(site: Any) -> None:
    for _ in range(3):
        await site.ticket()
    browser = await site.as_("staff")
    listed = await browser.get("/tickets?view=open")
    address = unescape(re.findall(r'class="subject" id="[^"]+" href="([^"]+)"', listed.text)[1])
    before = link(await browser.get(address), "next")
    at, _, query = address.partition("?")
    page = await browser.submit(address, f"{at}/reply?{query}", reply="Solved.", then="resolve")
    assert "Reply sent. Ticket resolved." in page.words()
    assert link(page, "next") == before


@pytest.mark.parametrize(
    "query",
    [
        "at=x",
        "at=~",
        "list=x%3D1%26" * 40 + "&at=a~b",
        "list=view%3Dmine",
    ],
)
async def test_an_address_that_somebody_made_up_shows_the_ticket_alone(
    site: Any, query: str
) -> None:
    ticket, browser = await site.ticket(), await site.as_("staff")
    page = await browser.get(f"/tickets/{ticket.number}?{query}")
    assert page.status == 200
    assert link(page, "next") is None
