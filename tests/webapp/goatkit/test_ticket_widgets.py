"""Widgets of GoatKit plugins on the page of a ticket."""

from typing import Any

from tests.goatkit_modules import goatkit_module

ID = "goatkit.steps"
REGISTRATION = {
    "name": "steps",
    "widgets": [
        {"id": "beside", "title": "Steps", "handler": "beside", "location": "ticket"},
        {"id": "mine", "handler": "mine", "location": "customer_ticket", "size": "large"},
    ],
}
ANSWERS = {"beside": {"html": "<p>next</p>"}, "mine": {"html": "<p>yours</p>"}}


async def _install(site: Any) -> None:
    module = goatkit_module(REGISTRATION, ANSWERS)
    await site.shelf.installs.install(module, source="a test", actor="test")
    await site.shelf.controls.set_enabled(ID, True, actor="test")


async def test_a_ticket_shows_the_widgets_of_a_role_and_tells_them_which_ticket_it_is(
    real_site: Any,
) -> None:
    await _install(real_site)
    staff = await real_site.as_("staff")
    ticket = await real_site.ticket()
    page = await staff.client.get(f"/tickets/{ticket.number}")
    address = f"/tickets/{ticket.number}/widgets/{ID}/beside"
    assert f'src="{address}"' in page.text
    assert "/widgets/goatkit.steps/mine" not in page.text
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    made = await staff.client.get(address)
    assert "next" in made.text
    assert made.headers["Content-Security-Policy"].startswith("sandbox ")
    admin = await real_site.as_("admin")
    log = f"/api/admin/plugins/{ID}/deliveries"
    newest = (await admin.client.get(log)).json()["data"][0]["id"]
    told = (await admin.client.get(f"{log}/{newest}")).text
    assert f'"ticket_id":{ticket.number}' in told.replace("\\", "").replace(" ", "")


async def test_a_requester_sees_their_own_widgets_on_their_own_tickets_alone(
    real_site: Any,
) -> None:
    await _install(real_site)
    user = await real_site.as_("user")
    own = (await real_site.ticket()).number
    foreign = (await real_site.ticket(by="staff")).number
    page = await user.get(f"/tickets/{own}")
    assert f"/tickets/{own}/widgets/{ID}/mine" in page.text
    assert "yours" in (await user.client.get(f"/tickets/{own}/widgets/{ID}/mine")).text
    for address in (f"{foreign}/widgets/{ID}/mine", f"{own}/widgets/{ID}/beside"):
        assert (await user.client.get(f"/tickets/{address}")).status_code == 404
