"""Views saved from the list, shown in it with their counts, and managed, by forms alone."""

import re
from html import unescape
from typing import Any


async def test_the_list_as_it_is_shown_is_saved_and_counted(site: Any) -> None:
    for number in range(3):
        await site.ticket(subject=f"Printer {number}", priority="High" if number else "Low")
    browser = await site.as_("staff")
    page = await browser.submit(
        "/tickets",
        "/views?q=printer&priority=High&sort=subject&page=1",
        view_name="Hot printers",
        scope="own",
    )
    assert page.response.url.path == "/tickets"
    assert '<h1 id="list-title">Hot printers</h1>' in page.text
    assert "Hot printers 2" in page.words()
    address = str(page.response.url).removeprefix(site.url)
    narrowed = await browser.get(f"{address}&q=-1")
    assert 'id="found">1 ticket<' in narrowed.text
    await site.ticket(subject="Printer 9", priority="High")
    assert "Hot printers 3" in (await browser.get("/tickets")).words()
    other = await site.as_("admin")
    assert "Hot printers" not in (await other.get("/tickets")).words()
    # A list without the view's filters would mislead; the API refuses it as well.
    refused = await other.get(address)
    assert refused.status == 422
    assert "View: expected the name or ID of a view that you have" in refused.words()


async def test_a_view_is_renamed_and_deleted(site: Any) -> None:
    browser = await site.as_("staff")
    await browser.submit("/tickets", "/views?priority=Low", view_name="Slow", scope="own")
    (view,) = await site.desk.views.all(site.people.staff.actor)
    renamed = await browser.submit("/views", f"/views/{view.id}", name="Calm", scope="own")
    assert "View saved." in renamed.words()
    wrong = await browser.submit("/views", f"/views/{view.id}", name=" ", scope="own")
    assert wrong.status == 422
    assert "Calm" in (await browser.get("/tickets")).words()
    gone = await browser.submit("/views", f"/views/{view.id}/delete")
    assert "No saved views yet." in gone.words()


async def test_a_view_that_is_refused_says_why_and_keeps_its_name(site: Any) -> None:
    browser = await site.as_("staff")
    page = await browser.submit(
        "/tickets", "/views?priority=Low", view_name="Mine for all", scope="everyone"
    )
    assert page.status == 403
    assert 'value="Mine for all"' in page.text
    assert await site.desk.views.all(site.people.admin.actor) == ()


async def test_a_ticket_opened_from_a_saved_view_knows_its_neighbours(site: Any) -> None:
    for number in range(3):
        await site.ticket(subject=f"T{number}", priority="High" if number != 1 else "Low")
    browser = await site.as_("staff")
    listed = await browser.submit(
        "/tickets", "/views?priority=High&sort=subject", view_name="High", scope="own"
    )

    (first, *_) = re.findall(r'class="subject" id="[^"]+" href="([^"]+)"', listed.text)
    page = await browser.get(unescape(first))
    following = re.search(r'rel="next" href="([^"]+)"', page.text)
    assert "<h1>T2</h1>" in (await browser.get(unescape(following[1]))).text
