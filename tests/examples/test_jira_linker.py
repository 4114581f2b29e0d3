"""The Jira linker: issues that a ticket names, linked once, and shown by its own panel server."""

import os
import subprocess
import sys
from dataclasses import dataclass

import httpx
import pytest

from tests.examples.services.answers import Budget
from tests.examples.services.jira import Issue, Jira
from tests.guests.build import EXAMPLES
from tests.stand_in import Answer

SECRET = "a secret of the panel server"
TOKEN = "ATATT3xFfGF0-secret"
HOST = "example.atlassian.net"
PANEL = "jira-panel.example.com"
HELPDESK = "https://helpdesk.example.com"


@dataclass
class PanelServer:
    url: str
    client: httpx.AsyncClient

    async def issues(self, ticket_id, panel_pass):
        headers = {"Authorization": f"Bearer {panel_pass}"}
        return await self.client.get(f"/tickets/{ticket_id}", headers=headers)


@pytest.fixture(scope="module")
def panel_address(tmp_path_factory):
    """Return the address of a running panel server."""
    folder = tmp_path_factory.mktemp("panel")
    process = subprocess.Popen(
        [sys.executable, EXAMPLES / "jira-linker" / "panel" / "server.py", "--port", "0"],
        cwd=folder,
        env={**os.environ, "PANEL_SECRET": SECRET, "HELPDESK_ORIGIN": HELPDESK},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        yield process.stdout.readline().split()[-1]
        process.terminate()


@pytest.fixture
async def panel(panel_address):
    async with httpx.AsyncClient(base_url=panel_address) as client:
        yield PanelServer(panel_address, client)


@pytest.fixture
def jira():
    issues = {
        "PROJ-123": Issue('The "printer" is on fire', assignee="Mia Krystof"),
        "OPS-7": Issue("Replace the fuse", status="To Do"),
        "HR-1": Issue("Salaries"),
    }
    return Jira("help@example.com", TOKEN, issues)


@pytest.fixture
async def linker(open_example, jira, panel):
    config = {"jira_authorization": jira.authorization, "panel_secret": SECRET}
    return await open_example("jira-linker", config, {HOST: jira, PANEL: panel.url})


async def test_issues_that_an_agent_names_are_linked_once_and_shown_in_the_panel(
    linker, jira, panel, custom_fields
):
    ticket = await linker.create("Printer", "Like HR-1, which nobody should show me.")
    assert custom_fields(ticket) == {}
    ticket = await linker.reply(
        ticket, "See https://example.atlassian.net/browse/PROJ-123, (OPS-7) and NONE-9, not UTF-8."
    )
    fields = custom_fields(ticket)
    assert fields["jira_issues"] == "PROJ-123, OPS-7"
    assert await linker.notes(ticket) == [
        f'Jira PROJ-123: The "printer" is on fire (In Progress)\n\nhttps://{HOST}/browse/PROJ-123',
        f"Jira OPS-7: Replace the fuse (To Do)\n\nhttps://{HOST}/browse/OPS-7",
    ]
    (link,) = jira.issues["PROJ-123"].links.values()
    assert link == {"url": link["url"], "title": "Printer"}
    assert link["url"].endswith(f"/tickets/{ticket.id}")

    jira.issues["PROJ-123"].status = "Done"
    ticket = await linker.reply(ticket, "PROJ-123 again.")
    assert len(await linker.notes(ticket)) == 2
    assert sum("POST" in request for request in jira.requests) == 2
    shown = (await panel.issues(ticket.id, fields["jira_panel"])).json()["issues"]
    assert [(one["key"], one["status"], one["assignee"]) for one in shown] == [
        ("OPS-7", "To Do", "nobody"),
        ("PROJ-123", "Done", "Mia Krystof"),
    ]
    result = await linker.desk.supervisor.panels.render(linker.plugin_id, ticket.id)
    assert result.url == f"https://{PANEL}/panel?ticket={ticket.id}"
    assert await linker.log() == []
    seen = f"{await linker.deliveries()} {fields} {jira.issues}"
    assert TOKEN not in seen
    assert SECRET not in seen


async def test_what_submitters_write_counts_where_an_admin_wants_it(linker, custom_fields):
    await linker.configure(from_submitters=True, projects="PROJ, OPS")
    ticket = await linker.create("About OPS-7", "HR-1 is another matter; CVE-2024-7 is no issue.")
    assert custom_fields(ticket)["jira_issues"] == "OPS-7"


async def test_a_panel_is_read_with_the_pass_of_its_ticket_alone(linker, panel, custom_fields):
    ticket = await linker.create()
    other = await linker.reply(await linker.create(), "OPS-7")
    ticket = await linker.reply(ticket, "PROJ-123")
    panel_pass = custom_fields(ticket)["jira_panel"]
    assert (await panel.issues(ticket.id, panel_pass)).status_code == 200
    for wrong in (custom_fields(other)["jira_panel"], "x", SECRET, f"{panel_pass}0"):
        refused = await panel.issues(ticket.id, wrong)
        assert (refused.status_code, "issues" in refused.json()) == (401, False)
    path = f"/tickets/{ticket.id}/issues/PROJ-123"
    answer = await panel.client.put(path, headers={"Authorization": f"Bearer {panel_pass}"})
    assert answer.status_code == 401
    headers = {"Authorization": f"Bearer {SECRET}"}
    for body in (b"", b"{", b"[]", b'{"summary": 1, "status": "", "assignee": ""}', b"x" * 70_000):
        answer = await panel.client.put(path, headers=headers, content=body)
        assert answer.status_code == 400
    page = await panel.client.get(f"/panel?ticket={ticket.id}")
    assert f"frame-ancestors {HELPDESK}" in page.headers["content-security-policy"]
    assert f'data-helpdesk="{HELPDESK}"' in page.text
    assert (await panel.client.get("/panel/../server.py")).status_code == 404


LOGIN = "Client must be authenticated to access this resource."
FORBIDDEN = "You do not have permission to link issues."
TROUBLE = [
    (
        {"token": "another"},
        f"read, Jira answered 401: the authorization is wrong or has run out ({LOGIN})",
    ),
    (
        {"token": "another", "single_sign_on": True},
        "read, the answer is not JSON: is it a page to log in?",
    ),
    (
        {"read_only": True},
        f"linked, Jira answered 403: the account may not do this ({FORBIDDEN})",
    ),
    (
        {"budget": Budget(1)},
        "linked, Jira answered 429: too many requests; the next event of the ticket tries again",
    ),
]


async def test_where_jira_refuses_the_plugin_stops_and_says_why(linker, jira, custom_fields):
    for trouble, what in TROUBLE:
        healthy = {name: getattr(jira, name) for name in trouble}
        vars(jira).update(trouble)
        jira.requests.clear()
        ticket = await linker.reply(await linker.create(), "PROJ-123 and OPS-7")
        level = "warn" if "budget" in trouble else "error"
        assert (await linker.log())[-1] == f"{level}: PROJ-123 was not {what}"
        assert custom_fields(ticket) == {}
        assert not any("OPS-7" in request for request in jira.requests)
        vars(jira).update(healthy, budget=Budget())
    # The next time that somebody names them, they are found.
    ticket = await linker.reply(ticket, "PROJ-123, as I said.")
    assert custom_fields(ticket)["jira_issues"] == "PROJ-123"
    assert len(await linker.log()) == len(TROUBLE)


async def test_an_issue_is_linked_though_the_panel_server_is_away(
    open_example, jira, custom_fields
):
    config = {"jira_authorization": jira.authorization, "panel_secret": SECRET}
    services = {HOST: jira, PANEL: lambda _request: Answer(503)}
    linker = await open_example("jira-linker", config, services)
    ticket = await linker.reply(await linker.create(), "PROJ-123")
    assert custom_fields(ticket) == {"jira_issues": "PROJ-123"}
    assert await linker.log() == ["warn: the panel server answered 503 for PROJ-123"]
