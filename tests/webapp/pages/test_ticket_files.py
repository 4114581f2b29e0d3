"""Files sent by the form and by the API, and downloaded so that nothing in them runs."""

from pathlib import Path
from typing import Any

import pytest

from helpdesk.files import service
from tests.helpdesk.files.scan_server import answering, take_all

HTML = b"<!doctype html><script>document.title = 'run'</script>"


async def send(
    browser: Any, name: str, content: bytes, *, ticket: str = "1", token: str = "", **data: str
) -> Any:
    token = token or (await browser.get("/tickets/new")).csrf_token
    return await browser.client.post(
        f"/files?ticket={ticket}",
        data={"csrf_token": token, **data},
        files={"file": (name, content, "text/html")},
        follow_redirects=True,
    )


async def test_a_file_is_added_by_the_form_and_comes_back(site: Any) -> None:
    await site.ticket()
    browser = await site.as_("user")
    content = bytes(range(256)) * 8_000
    page = await send(browser, "data ü.bin", content)
    assert page.status_code == 200
    assert "File added." in page.text
    (file,) = await site.desk.files.all(site.people.user.actor, "1")
    got = await browser.client.get(f"/files/{file.id}/whatever")
    assert got.content == content
    assert got.headers["Content-Length"] == str(len(content))
    assert got.headers["Content-Disposition"] == (
        "attachment; filename=\"data _.bin\"; filename*=UTF-8''data%20%C3%BC.bin"
    )


@pytest.mark.parametrize("name", ["page.html", "pic.svg", "../../x.html", 'a"\r\nX-Evil: 1.html'])
async def test_a_file_never_runs_on_the_help_desk(site: Any, name: str) -> None:
    await site.ticket()
    browser = await site.as_("user")
    await send(browser, name, HTML)
    (file,) = await site.desk.files.all(site.people.user.actor, "1")
    got = await browser.client.get(f"/files/{file.id}/{file.name}")
    assert got.headers["Content-Type"] == "text/plain"
    assert got.headers["Content-Disposition"].startswith("attachment; ")
    assert got.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Evil" not in got.headers
    assert "set-cookie" not in got.headers


async def test_a_file_that_waits_or_is_infected_is_shown_and_given_to_nobody(
    site: Any, tmp_path: Path
) -> None:
    async def find(stream: Any) -> None:
        await take_all(stream)
        await stream.send_all(b"stream: <b>Bad</b> FOUND\0")

    await site.ticket()
    browser, admin = await site.as_("user"), site.people.admin.actor
    await site.desk.settings.update(admin, scanner="/nowhere")
    page = await send(browser, "waits.png", b"\x89PNG\r\n\x1a\n")
    assert "It can be downloaded once the virus scanner has seen it." in page.text
    assert "Not scanned yet" in page.text
    async with answering(tmp_path / "s", find) as address:
        await site.desk.settings.update(admin, scanner=address)
        page = await send(browser, "bad.exe", b"MZ")
    assert "The file was kept back: the virus scanner found something in it." in page.text
    assert "Kept back: the virus scanner found &lt;b&gt;Bad&lt;/b&gt;." in page.text
    waits, bad = await site.desk.files.all(site.people.user.actor, "1")
    assert f"/files/{bad.id}" not in page.text
    assert f"/thumbnails/{waits.id}" not in page.text
    refused = await browser.get(f"/files/{bad.id}/bad.exe")
    assert refused.status == 403
    assert (await browser.get(f"/files/{waits.id}/waits.png")).status == 409
    listed = (await browser.get("/api/tickets/1/files")).response.json()["data"]
    assert [file["state"] for file in listed] == ["waiting", "infected"]
    await site.desk.settings.update(admin, scanner="/nowhere", scanner_away="refuse")
    page = await send(browser, "late.txt", b"x")
    assert page.status_code == 409
    assert "the virus scanner gives no verdict" in page.text


async def test_an_internal_file_is_marked_and_hidden_from_the_submitter(site: Any) -> None:
    await site.ticket()
    staff, user = await site.as_("staff"), await site.as_("user")
    await send(staff, "plan.txt", b"secret plan", internal="1")
    (file,) = await site.desk.files.all(site.people.staff.actor, "1")
    assert file.is_internal
    assert "plan.txt" in (await staff.get("/tickets/1")).text
    assert "plan.txt" not in (await user.get("/tickets/1")).text
    assert (await user.get(f"/files/{file.id}/plan.txt")).status == 404
    assert (await user.get("/api/tickets/1/files")).response.json()["data"] == []


async def test_a_form_without_its_token_or_its_file_stores_nothing(site: Any) -> None:
    await site.ticket()
    browser, other = await site.as_("user"), await site.as_("staff")
    theirs = (await other.get("/tickets/new")).csrf_token
    assert (await send(browser, "a.txt", b"x", token=theirs)).status_code == 403
    token = (await browser.get("/tickets/new")).csrf_token
    late = await browser.client.post(
        "/files?ticket=1",
        content=(
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n'
            b'--b\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n'
            + token.encode()
            + b"\r\n--b--\r\n"
        ),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert late.status_code == 403
    none = await browser.client.post(
        "/files?ticket=1", files={"csrf_token": (None, token), "x": (None, "y")}
    )
    assert none.status_code == 422
    plain = await browser.client.post("/files?ticket=1", data={"csrf_token": token})
    assert plain.status_code == 415
    assert await site.desk.files.all(site.people.user.actor, "1") == ()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b",
        b"garbage",
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhalf of it',
        b"--b\r\n" + b"X: " + b"y" * 600_000,
    ],
)
async def test_a_broken_form_is_refused_and_leaves_nothing(site: Any, body: bytes) -> None:
    await site.ticket()
    browser = await site.with_key("user")
    answer = await browser.client.post(
        "/api/files?ticket=1",
        content=body,
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert answer.status_code in {400, 413, 422}
    assert await site.desk.files.all(site.people.user.actor, "1") == ()
    folder = site.desk.database.path.parent / "files"
    assert [path for path in folder.rglob("*") if path.is_file()] == []


async def test_a_file_over_the_limit_is_refused_with_and_without_a_length(
    site: Any, monkeypatch: Any
) -> None:
    await site.ticket()
    browser = await site.with_key("user")
    monkeypatch.setattr(service, "MAX_FILE_BYTES", 100_000)
    refused = await browser.client.post(
        "/api/files?ticket=1", files={"file": ("a", b"x" * 100_001)}
    )
    assert (refused.status_code, "100,000 bytes" in refused.json()["error"]) == (409, True)

    async def endless() -> Any:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(27 * 16):
            yield b"x" * 65_536

    monkeypatch.setattr(service, "MAX_FILE_BYTES", 100 << 20)
    too_long = await browser.client.post(
        "/api/files?ticket=1",
        content=endless(),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert too_long.status_code == 413
    assert await site.desk.files.all(site.people.user.actor, "1") == ()


async def test_the_api_adds_and_lists_files(site: Any) -> None:
    ticket = await site.ticket()
    browser = await site.with_key("staff")
    made = await browser.client.post(
        f"/api/files?ticket={ticket.id}&internal=true", files={"file": ("b.txt", b"hello")}
    )
    assert made.status_code == 201
    file = made.json()
    assert (file["name"], file["size"], file["type"], file["is_internal"]) == (
        *("b.txt", 5, "text/plain"),
        True,
    )
    assert (await browser.client.get(file["url"])).content == b"hello"
    listed = (await browser.client.get("/api/tickets/1/files")).json()["data"]
    assert listed == [file]
    assert (await browser.client.get(f"/files/{file['id']}/b.txt")).status_code == 200
