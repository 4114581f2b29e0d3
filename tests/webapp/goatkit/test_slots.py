"""Widgets below a new ticket: told what is written only with the grant."""

from typing import Any

import pytest

from tests.goatkit_modules import goatkit_module

ID = "goatkit.helper"
REGISTRATION = {
    "name": "helper",
    "resources": {"permissions": [{"type": "config"}]},
    "widgets": [
        {"id": "writing", "title": "Writing", "handler": "writing", "location": "new_ticket"},
    ],
}
FRAME = f'src="/plugin-widgets/{ID}/'


@pytest.fixture
async def helper(real_site: Any) -> Any:
    """Return the site with the plugin enabled and nothing granted."""
    shelf = real_site.shelf
    answers = {"writing": {"html": "<p>waits</p>"}}
    module = goatkit_module(REGISTRATION, answers)
    await shelf.installs.install(module, source="a test", actor="test")
    await shelf.controls.set_enabled(ID, True, actor="test")
    return real_site


async def test_what_is_written_is_told_only_once_that_is_granted(helper: Any) -> None:
    user = await helper.as_("user")
    assert FRAME not in (await user.get("/tickets/new")).text
    assert (await user.client.get(f"/plugin-widgets/{ID}/writing")).status_code == 404
    plugin = await helper.shelf.overview.plugin(ID)
    assert [one.token for one in plugin.permissions] == ["config", "new_ticket"]
    await helper.shelf.controls.grant(ID, "new_ticket", actor="test")
    page = await user.get("/tickets/new")
    assert f"{FRAME}writing" in page.text
    assert "frame-src 'self'" in page.response.headers["Content-Security-Policy"]
    assert "waits" in (await user.client.get(f"/plugin-widgets/{ID}/writing")).text
    await helper.shelf.controls.set_enabled(ID, False, actor="test")
    assert FRAME not in (await user.get("/tickets/new")).text
