"""What plugins change of the help desk's own navigation: nothing until it is granted."""

from typing import Any

import pytest

from tests.goatkit_modules import goatkit_module

ID = "goatkit.nav"
REGISTRATION = {
    "name": "nav",
    "routes": [{"path": "/start", "handler": "html", "middleware": ["auth"]}],
    "menu_items": [
        {"id": "start", "label": "Start here", "path": "/start", "location": "agent"},
        {"id": "customers", "label": "For you", "path": "/start", "location": "customer"},
    ],
    "landing_page": "/start",
    "hide_menu_items": ["tickets"],
}


@pytest.fixture
async def site(real_site: Any) -> Any:
    module = goatkit_module(REGISTRATION, {"html": {"html": "<p>Start</p>"}})
    await real_site.shelf.installs.install(module, source="a test", actor="test")
    await real_site.shelf.controls.set_enabled(ID, True, actor="test")
    return real_site


async def test_staff_land_on_a_plugins_page_once_that_is_granted(site: Any) -> None:
    staff, user = await site.as_("staff"), await site.as_("user")
    assert (await staff.client.get("/")).headers["Location"] == "/tickets"
    await site.shelf.controls.grant(ID, "navigation:landing_page", actor="test")
    assert (await staff.client.get("/")).headers["Location"] == "/start"
    assert (await user.client.get("/")).headers["Location"] == "/tickets"
    await site.shelf.controls.set_enabled(ID, False, actor="test")
    assert (await staff.client.get("/")).headers["Location"] == "/tickets"


async def test_an_entry_is_hidden_once_that_is_granted(site: Any) -> None:
    staff = await site.as_("staff")
    entry = '<a href="/tickets"'
    assert entry in (await staff.client.get("/profile")).text
    await site.shelf.controls.grant(ID, "navigation:hide.tickets", actor="test")
    page = await staff.client.get("/profile")
    assert (page.status_code, entry in page.text) == (200, False)


async def test_an_enabled_plugins_page_leads_on_to_what_it_shows_to_the_admin(site: Any) -> None:
    admin = await site.as_("admin")
    button = '<a class="button primary" href="/start">Open Start here</a>'
    page = (await admin.client.get(f"/admin/plugins/{ID}")).text
    assert button in page
    assert "Open For you" not in page
    await site.shelf.controls.set_enabled(ID, False, actor="test")
    assert "Open Start here" not in (await admin.client.get(f"/admin/plugins/{ID}")).text
