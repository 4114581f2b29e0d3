"""The document's Slack plugin does its work in a running help desk."""

import json
from pathlib import Path

import trio

SECRET = "T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"
ANSWERS_LOCALHOST = """
[server]
base_url = "http://helpdesk.example.com"
[egress]
ports = [{port}]
[egress.private]
localhost = ["127.0.0.0/8", "::1/128"]
"""


async def test_a_ticket_that_is_created_and_resolved_is_posted_twice(open_helpdesk, stand_in):
    desk = await open_helpdesk(ANSWERS_LOCALHOST.format(port=stand_in.port))
    # The source is the document's; only the declared host is the stand-in's.
    slack = await desk.install(
        "examples/slack", enabled=False, permissions={"http": {"allowed_hosts": ["localhost"]}}
    )
    refused = await desk.client.patch(f"/api/admin/plugins/{slack}", json={"enabled": True})
    assert refused.status_code == 422
    assert "webhook_url" in refused.json()["error"]
    webhook = f"{stand_in.url}/services/{SECRET}"
    configured = await desk.change(slack, config={"webhook_url": webhook}, enabled=True)
    assert SECRET not in json.dumps(configured)

    ticket = await desk.ticket("New laptop request")
    await desk.call("POST", f"/tickets/{ticket['id']}/resolve", json={"notes": "Here it is."})
    created, resolved = await stand_in.wait(2)

    link = f"<http://helpdesk.example.com/tickets/{ticket['id']}|New laptop request>"
    assert created.json() == {"channel": "#support", "text": f":ticket: *New ticket*: {link}"}
    assert resolved.json()["text"] == f":white_check_mark: *Resolved*: {link}"
    for request in (created, resolved):
        assert (request.method, request.path) == ("POST", f"/services/{SECRET}")
        assert request.headers["content-type"] == "application/json"

    deliveries = await desk.deliveries(slack, 2)
    assert [(d["event"], d["outcome"]) for d in deliveries] == [
        ("ticket.created", "ok"),
        ("ticket.resolved", "ok"),
    ]
    assert [d["host_calls"][0]["status"] for d in deliveries] == [200, 200]
    logs = await desk.call("GET", f"/admin/plugins/{slack}/logs")
    shown = json.dumps([deliveries, logs, await desk.plugin(slack)])
    assert SECRET not in shown
    assert await desk.stop() == 0
    assert secret_in_files(desk.server.folder) == []


def secret_in_files(folder: Path) -> list[str]:
    """Name the files that hold the secret or a part of it: database, log, key, modules."""
    parts = [part.encode() for part in SECRET.split("/")]
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"ohd.sqlite3", "server-1.log"} <= {path.name for path in files}
    return [path.name for path in files if any(part in path.read_bytes() for part in parts)]


async def test_a_running_server_has_no_engine_in_its_process(helpdesk):
    plugin = await helpdesk.install("wat/noop")
    await helpdesk.ticket()
    await helpdesk.deliveries(plugin)
    maps = await trio.Path(f"/proc/{helpdesk.server.pid}/maps").read_text("utf-8")
    assert "msgspec" in maps, "the server's own libraries can be seen"
    assert "wasmtime" not in maps
