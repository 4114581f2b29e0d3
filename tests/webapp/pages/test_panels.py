"""Panels: their slots in the ticket page, the question for an address, and the frame policy."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from supervisor.views import PanelResult
from webapp.config import WebConfig
from webapp.pages.frames import is_own_origin

PANEL = {
    "events": [],
    "name": "Linker",
    "permissions": {"http": {"allowed_hosts": ["panel.example", "other.example"]}},
    "ui_panel": {"title": "Linked issue", "height": 140},
}


async def test_the_page_reserves_a_slot_and_frames_only_declared_hosts(site: Any) -> None:
    plugin = await site.install(enabled=True, **PANEL)
    ticket, browser = await site.ticket(), await site.as_("user")
    page = await browser.get(f"/tickets/{ticket.id}")
    assert f'data-panel="/tickets/{ticket.id}/panels/{plugin.id}"' in page.text
    assert 'data-height="140"' in page.text
    assert "Linked issue" in page.words()
    assert "<iframe" not in page.text
    policy = page.response.headers["Content-Security-Policy"]
    assert "frame-src https://other.example:* https://panel.example:*;" in policy
    assert "connect-src 'self' https://other.example:* https://panel.example:*;" in policy
    assert "http://panel.example" not in policy
    elsewhere = (await browser.get("/tickets")).response.headers["Content-Security-Policy"]
    assert "frame-src 'none'" in elsewhere
    assert "connect-src 'self';" in elsewhere


async def test_plain_http_is_framed_only_where_the_operator_allows_it(
    build_site: Callable[..., Awaitable[Any]],
) -> None:
    site = await build_site(allow_http_panels=True)
    await site.install(enabled=True, **PANEL)
    page = await (await site.as_("user")).get(f"/tickets/{(await site.ticket()).id}")
    assert "http://panel.example:*" in page.response.headers["Content-Security-Policy"]


async def test_a_disabled_plugin_has_no_slot_and_no_panel(site: Any) -> None:
    plugin = await site.install(enabled=False, **PANEL)
    ticket, browser = await site.ticket(), await site.as_("user")
    page = await browser.get(f"/tickets/{ticket.id}")
    assert "data-panel" not in page.text
    assert "panels.js" not in page.text
    answer = await browser.get(f"/tickets/{ticket.id}/panels/{plugin.id}")
    assert answer.status == 404
    assert "error" in answer.response.json()


async def test_a_panel_answers_with_its_address_or_with_a_sentence(site: Any) -> None:
    plugin = await site.install(enabled=True, **PANEL)
    ticket, browser = await site.ticket(), await site.as_("user")
    address = f"/tickets/{ticket.id}/panels/{plugin.id}"
    site.shelf.panel = PanelResult("https://panel.example/show?ticket=1", None)
    assert (await browser.get(address)).response.json() == {
        "url": "https://panel.example/show?ticket=1"
    }
    site.shelf.panel = PanelResult(None, "It took longer than 5 s.")
    assert (await browser.get(address)).response.json() == {"error": "It took longer than 5 s."}


async def test_a_panel_of_the_help_desk_itself_is_not_shown(site: Any) -> None:
    plugin = await site.install(enabled=True, **PANEL)
    ticket, browser = await site.ticket(), await site.as_("user")
    site.shelf.panel = PanelResult(f"{site.url}/tickets", None)
    answer = await browser.get(f"/tickets/{ticket.id}/panels/{plugin.id}")
    assert "url" not in answer.response.json()


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://help.example/x", True),
        ("https://HELP.example:443/x", True),
        ("https://user@help.example/x", True),
        ("http://127.0.0.1:8000/x", True),
        ("https://127.0.0.1:8000/x", True),
        ("https://help.example:8443/x", False),
        ("https://panel.example/x", False),
        ("https://help.example.evil.example/x", False),
        ("nonsense", True),
        ("https://[", True),
    ],
)
def test_our_own_origin_is_recognised_by_either_name(url: str, own: bool) -> None:
    config = WebConfig(base_url="https://help.example")
    assert is_own_origin(url, config.public_url, "127.0.0.1:8000") is own
