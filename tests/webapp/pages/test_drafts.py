"""Drafts over the wire: kept for the person of the page, and for nobody who logged in meanwhile."""

from typing import Any

FORM = "/tickets/1/reply"


async def keep(browser: Any, text: str, token: str) -> bool:
    body = {"form": FORM, "fields": {"reply": text}}
    headers = {"X-CSRF-Token": token}
    answer = await browser.client.put("/drafts", json=body, headers=headers)
    assert answer.status_code == 200
    return bool(answer.json()["kept"])


async def found(browser: Any, user: Any) -> Any:
    return (await browser.client.get("/drafts", params={"user": user.id, "form": FORM})).json()


async def test_a_draft_is_there_in_another_browser_until_it_is_sent(site: Any) -> None:
    await site.ticket()
    first, second = await site.as_("staff"), await site.as_("staff")
    assert await keep(first, "half", await first.api_token())
    assert await found(second, site.people.staff) == {FORM: {"reply": "half"}}
    await second.submit("/tickets/1", FORM, reply=" ")  # refused
    assert await found(first, site.people.staff) == {FORM: {"reply": "half"}}
    await second.submit("/tickets/1", FORM, reply="whole")
    assert await found(first, site.people.staff) == {}


async def test_a_page_of_somebody_else_neither_gives_nor_gets(site: Any) -> None:
    await site.ticket()
    staff, admin = await site.as_("staff"), await site.as_("admin")
    # The staff member's page, in a browser in which the admin has logged in since.
    assert not await keep(admin, "of staff", await staff.api_token())
    assert not await keep(await site.stranger(), "of staff", await staff.api_token())
    assert not await keep(admin, "of staff", "")
    assert await found(admin, site.people.admin) == {}
    assert await keep(admin, "of the admin", await admin.api_token())
    assert await found(admin, site.people.staff) == {}
    assert await found(staff, site.people.admin) == {}
    assert await found(await site.stranger(), site.people.admin) == {}


async def test_a_draft_from_another_site_is_refused(site: Any) -> None:
    staff = await site.as_("staff")
    headers = {"X-CSRF-Token": await staff.api_token(), "Origin": "https://evil.example"}
    body = {"form": FORM, "fields": {"reply": "x"}}
    assert (await staff.client.put("/drafts", json=body, headers=headers)).status_code == 403
