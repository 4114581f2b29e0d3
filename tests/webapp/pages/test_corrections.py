"""What the list and the API say of a search that was corrected."""

import re
from html import unescape
from typing import Any


def link(page: Any, text: str) -> str:
    """Return where a link leads by what it says."""
    found = re.findall(r'<a[^>]*href="([^"]+)"[^>]*>(.*?)</a>', page.text, re.DOTALL)
    bare = {unescape(re.sub(r"<[^>]*>", "", label)).strip(): target for target, label in found}
    return unescape(bare[text])


async def test_the_list_says_what_it_searched_for_and_how_to_insist(site: Any) -> None:
    for number in range(4):
        await site.ticket(subject=f"printer {number}")
    browser = await site.as_("staff")
    page = await browser.get("/tickets?q=prnter&sort=subject")
    assert "Showing results for printer ." in page.words()
    assert "printer 3" in page.words()
    insisting = link(page, "Search only for prnter")
    literal = await browser.get(insisting)
    assert "No tickets match your search." in literal.words()
    assert "Showing results" not in literal.words()


async def test_a_ticket_that_a_correction_found_leads_on_to_the_next(site: Any) -> None:
    for number in range(3):
        await site.ticket(subject=f"printer {number}")
    browser = await site.as_("staff")
    page = await browser.get("/tickets?q=prnter&sort=subject")
    ticket = await browser.get(link(page, "printer 1"))
    assert "Previous ticket" in ticket.words()
    assert "Next ticket" in ticket.words()


async def test_a_corrected_search_is_saved_as_it_was_meant(site: Any) -> None:
    await site.ticket(subject="printer")
    browser = await site.as_("staff")
    await browser.submit("/tickets?q=prnter", "/views?q=printer", view_name="Printers", scope="own")
    (view,) = await site.desk.views.all(site.people.staff.actor)
    assert view.filter.text == "printer"


async def test_what_was_typed_is_shown_and_never_run(site: Any) -> None:
    await site.ticket(subject="printer")
    browser = await site.as_("staff")
    page = await browser.get("/tickets?q=prnter+-%3Cscript%3E")
    assert link(page, "Search only for prnter -<script>")
    assert "-<script>" not in page.text


async def test_the_api_says_how_a_search_was_corrected(site: Any) -> None:
    await site.ticket(subject="printer smokes")
    staff = await site.with_key("staff")
    found = (await staff.client.get("/api/tickets?q=smokes+prnter")).json()
    assert found["total"] == 1
    assert found["correction"] == {
        "q": "smokes printer",
        "words": [{"typed": "prnter", "used": "printer"}],
        "exact": 0,
    }
    plain = (await staff.client.get("/api/tickets?q=smokes")).json()
    assert (plain["correction"], plain["more"]) == (None, False)
    exact = (await staff.client.get("/api/tickets?q=smokes+prnter&exact=true")).json()
    assert (exact["total"], exact["correction"]) == (0, None)
    other = await site.with_key("other")
    assert (await other.client.get("/api/tickets?q=prnter")).json()["correction"] is None
