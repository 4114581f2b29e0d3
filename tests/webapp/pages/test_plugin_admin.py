"""What an admin does with a plugin, over pages and the API, with a real supervisor behind them."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import trio
from wasmtime import wat2wasm

from sandbox_child.wasm.sections import replace_custom_section
from tests.guests.build import GUESTS
from tests.webapp.ears import open_ear

ID = "org.example.chatty"
AT = f"/admin/plugins/{ID}"
API = f"/api{AT}"
EVENTS = ["ticket.created"]


def plugin(guest: str, version: str = "1.0.0", **manifest: Any) -> bytes:
    """Return a guest of ``tests/guests/wat`` as a version of one plugin."""
    whole = {
        "id": ID,
        "name": "Chatty",
        "version": version,
        "description": "Talks.",
        "events": EVENTS,
    } | manifest
    module = bytes(wat2wasm((GUESTS / "wat" / f"{guest}.wat").read_text("utf-8")))
    return replace_custom_section(module, "ohd_manifest", json.dumps(whole).encode())


async def upload(browser: Any, module: bytes, name: str = "chatty.wasm") -> Any:
    token = (await browser.get("/admin/plugins")).csrf_token
    return await browser.client.post(
        "/admin/plugins",
        data={"csrf_token": token},
        files={"file": (name, module, "application/wasm")},
        follow_redirects=True,
    )


async def until(ask: Callable[[], Any], fits: Callable[[Any], bool]) -> Any:
    with trio.fail_after(60):
        while not fits(found := await ask()):  # noqa: ASYNC110
            await trio.sleep(0.02)
    return found


async def test_from_the_upload_to_the_rollback(real_site: Any) -> None:
    browser = await real_site.as_("admin")
    asks = {"permissions": {"http": {"allowed_hosts": ["hooks.example"]}}}
    arrived = await upload(browser, plugin("log_levels", **asks))
    assert arrived.url.path == f"{AT}/review"
    for shown in (
        "Admin,",
        "upload of chatty.wasm",
        "data it receives to hooks.example",
        "ohd_log",
    ):
        assert shown in arrived.text, shown
    again = await upload(browser, plugin("log_levels", **asks))
    assert again.status_code == 422
    assert "already installed" in again.text
    assert "by Admin" in again.text

    # Narrowed and enabled by one form; what was not selected is denied.
    page = await browser.submit(
        f"{AT}/review",
        f"{AT}/permissions",
        shown="host:hooks.example",
        then="enable",
    )
    assert "Plugin enabled." in page.words()
    assert (await browser.client.get(API)).json()["permissions"][1]["granted"] is False
    page = await browser.submit(f"{AT}/review", f"{AT}/permissions", then="all")
    assert "denied" not in page.words()

    # An upgrade waits, and says what is new; nothing happens before that is decided on.
    newer = plugin("log_levels", "2.0.0", **asks, events=[*EVENTS, "ticket.note_added"])
    arrived = await upload(browser, newer)
    compare = arrived.url.path
    assert compare.startswith(f"{AT}/versions/")
    for shown in ("Upgrade to 2.0.0", "Reads internal notes", "event:ticket.note_added"):
        assert shown in arrived.text, shown
    undecided = await browser.submit(compare, f"{compare}/accept")
    assert undecided.status == 422
    assert "allow or deny" in undecided.words()
    decided = {"permission.event:ticket.note_added": "withhold"}
    page = await browser.submit(compare, f"{compare}/accept", **decided)
    assert "Plugin upgraded." in page.words()
    view = (await browser.client.get(API)).json()
    assert (view["version"], view["enabled"]) == ("2.0.0", True)
    withheld = [one["token"] for one in view["permissions"] if not one["granted"]]
    assert withheld == ["event:ticket.note_added"]

    # One click leads back.
    versions = (await browser.client.get(f"{API}/versions")).json()["data"]
    kept = next(one["sha256"] for one in versions if one["status"] == "kept")
    page = await browser.submit(f"{AT}/versions", f"{AT}/versions/{kept}/accept")
    assert "rolled back" in page.words()
    assert (await browser.client.get(API)).json()["version"] == "1.0.0"


async def test_deliveries_and_logs_as_they_come(real_site: Any) -> None:
    browser = await real_site.as_("admin")
    client = (await real_site.with_key("admin")).client
    secret = "a-secret-of-the-plugin"
    schema = {"token": {"type": "string", "secret": True}}
    made = await client.post(
        "/api/admin/plugins", files={"file": ("p", plugin("log_levels", config_schema=schema))}
    )
    assert made.status_code == 201, made.text
    change = {"config": {"token": secret}, "enabled": True}
    assert (await client.patch(API, json=change)).status_code == 200
    async with open_ear(browser, f"/admin/plugins/log/live?plugin={ID}&level=error") as ear:
        ticket = await real_site.ticket()
        name, told = await ear.next()
        assert name == "lines"
        assert "error" in told["html"]

    async def deliveries() -> Any:
        return (await client.get(f"{API}/deliveries")).json()["data"]

    (first,) = await until(deliveries, lambda found: len(found) == 1)
    assert (first["outcome"], first["ticket_id"]) == ("ok", ticket.id)
    at = f"{AT}/deliveries/{first['id']}"
    words = (await browser.get(at)).words()
    for shown in ("ticket.created ok", "Redeliver", '"event": "ticket.created"', "warn"):
        assert shown in words, shown
    document = await browser.client.get(f"{at}.json")
    assert document.headers["Content-Disposition"].startswith("attachment")
    for response in (document, await client.get(f"{API}/deliveries/{first['id']}")):
        assert response.status_code == 200
        assert secret not in response.text
    assert secret not in words

    page = await browser.submit(at, f"{AT}/deliveries/redeliver", delivery=first["id"], alone="1")
    assert "1 delivery is queued for redelivery." in page.words()
    second = (await until(deliveries, lambda found: len(found) == 2))[0]
    assert second["redelivered"] is True
    listed = await browser.get(f"{AT}/deliveries", params={"outcome": "ok"})
    assert "ticket.created redelivered" in listed.words()
    none = await browser.get(f"{AT}/deliveries", params={"errors": "1"})
    assert "No deliveries match your filters." in none.words()
    gone = await client.post(f"{API}/deliveries/redeliver", json={"ids": [first["id"], "999"]})
    assert gone.status_code == 404
    history = (await client.get(f"{API}/history")).json()
    assert (history["step_s"], len(history["points"])) == (60, 60)
    lines = (await client.get(f"{API}/logs?level=warn")).json()["data"]
    assert {line["level"] for line in lines} == {"warn", "error"}
    newest = lines[-1]["id"]
    assert (await client.get(f"/api/admin/logs?after={newest}&level=error")).json()["data"] == []


def zipped() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("plugin.wasm", b"x")
    return held.getvalue()


async def test_from_an_address(real_site: Any, stand_in: Any) -> None:
    browser = await real_site.as_("admin")
    client = (await real_site.with_key("admin")).client
    url = f"http://localhost:{stand_in.port}/chatty.wasm?key=not-to-be-shown"
    for body, said in (
        (b"<!doctype html><title>Not found</title>", "HTML"),
        (zipped(), "is not a WebAssembly module"),
        (b"", "empty"),
    ):
        stand_in.answer = body
        page = await browser.submit("/admin/plugins", "/admin/plugins", url=url)
        assert page.status == 422
        assert "was not installed" in page.words()
        assert said in page.words()
    stand_in.answer = plugin("noop")
    page = await browser.submit("/admin/plugins", "/admin/plugins", url=url)
    assert page.response.url.path == f"{AT}/review"
    assert f"http://localhost:{stand_in.port}/chatty.wasm" in page.words()
    assert "not-to-be-shown" not in page.text
    refused = await client.post("/api/admin/plugins", json={"url": url})
    assert refused.status_code == 422
    assert "already installed" in refused.json()["error"]
    private = await client.post("/api/admin/plugins", json={"url": "https://127.0.0.1/p.wasm"})
    assert private.status_code == 422
    stand_in.answer = plugin("noop", "2.0.0")
    waits = await client.post("/api/admin/plugins", json={"url": url})
    assert (waits.status_code, waits.json()["version"]) == (201, "1.0.0")
    sha256 = waits.json()["waiting_version"]
    assert (await client.get(f"{API}/versions/{sha256}")).json()["asked_anew"] == []
    assert (await client.delete(f"{API}/versions/{sha256}")).status_code == 204
    assert (await client.get(f"{API}/versions/{sha256}")).status_code == 404


@pytest.mark.parametrize("ends", ["in the head", "in the file"])
async def test_an_upload_that_is_cut_off_half_way_leaves_nothing(real_site: Any, ends: str) -> None:
    browser = await real_site.with_key("admin")
    files = {"file": ("p.wasm", plugin("noop"), "application/wasm")}
    request = browser.client.build_request("POST", "/api/admin/plugins", files=files)
    body = request.read()
    head = [
        "POST /api/admin/plugins HTTP/1.1",
        *(f"{name}: {value}" for name, value in request.headers.items()),
    ]
    wire = "\r\n".join([*head, "", ""]).encode() + body
    cut = 100 if ends == "in the head" else len(wire) - 40
    async with await trio.open_tcp_stream(request.url.host, request.url.port) as stream:
        await stream.send_all(wire[:cut])
    # The same connection slot, and the next upload, work as before.
    assert (await browser.client.get("/api/admin/plugins")).json()["data"] == []
    whole = await browser.client.post("/api/admin/plugins", files=files)
    assert whole.status_code == 201
