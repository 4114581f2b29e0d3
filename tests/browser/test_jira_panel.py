"""The Jira example's panel server in a real browser: what it shows, and to whom it says nothing."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.browser.panel_guests import panel_plugin
from tests.guests.build import EXAMPLES

SECRET = "a secret of the panel server"
ISSUE = {"summary": "<b>Laptops</b> run out", "status": "In Progress", "assignee": "Mia Krystof"}


@pytest.fixture
def panel_server(desk: Desk, tmp_path: Path) -> Iterator[str]:
    """Return the origin of a panel server that this help desk may frame."""
    with subprocess.Popen(
        [sys.executable, EXAMPLES / "jira-linker" / "panel" / "server.py", "--port", "0"],
        cwd=tmp_path,
        env={**os.environ, "PANEL_SECRET": SECRET, "HELPDESK_ORIGIN": desk.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        yield address.replace("127.0.0.1", "localhost")
        process.terminate()


def test_the_panel_shows_the_issues_that_its_ticket_opens_and_nothing_outside_its_frame(
    open_page: Callable[..., Any],
    desk: Desk,
    guest: Callable[[str], bytes],
    panel_server: str,
) -> None:
    panel = desk.install(panel_plugin("jira", f"{panel_server}/panel?ticket="))
    probe = desk.install(guest("zig/probe"))
    try:
        ticket = desk.ticket("Panels: Jira")
        panel_pass = tell_of_issue(panel_server, ticket)
        page = open_page("user", f"/tickets/{ticket}", expected=["postMessage"])
        frame = page.frame_locator('iframe[title="Panel jira"]')
        expect(frame.get_by_role("status")).to_have_text("This ticket names no Jira issue.")

        step = f'[{{"do": "field", "ticket_id": "{ticket}", "key": "jira_panel", "value": "@"}}]'
        config = {"steps": step.replace("@", panel_pass)}
        desk.call("PATCH", f"/api/admin/plugins/{probe}", {"config": config})
        desk.ticket("Panels: the probe's turn")
        # The panel of a requester works by a field that they do not see.
        staff = open_page("admin", f"/tickets/{ticket}", expected=["postMessage"])
        expect(staff.get_by_text("jira_panel")).to_be_visible()
        page.reload()
        expect(page.get_by_text("jira_panel")).to_have_count(0)
        row = frame.get_by_role("listitem")
        expect(row).to_contain_text("PROJ-123 <b>Laptops</b> run out")
        expect(row).to_contain_text("In Progress, assigned to Mia Krystof")
        expect(frame.get_by_role("status")).to_have_count(0)
        # By itself the page has nobody to ask.
        page.goto(f"{panel_server}/panel?ticket={ticket}")
        expect(page.get_by_role("listitem")).to_have_count(0)
        page.goto("about:blank")
    finally:
        desk.uninstall(panel)
        desk.uninstall(probe)


def tell_of_issue(panel_server: str, ticket: str) -> str:
    """Do what the plugin does; return the ticket's pass."""
    answer = httpx.put(
        f"{panel_server}/tickets/{ticket}/issues/PROJ-123",
        json=ISSUE,
        headers={"Authorization": f"Bearer {SECRET}"},
    )
    answer.raise_for_status()
    return str(answer.json()["pass"])
