"""Of sixty hostile files none runs on the help desk, however it is opened."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error, expect

from tests.browser.desk import Desk
from tests.browser.hostile_files import FILES, RAN
from tests.browser.test_hostile import assert_dead

SHOWN = {"image/png", "image/jpeg", "image/gif", "image/webp"}
TYPES = SHOWN | {
    *("text/plain", "application/octet-stream", "application/pdf"),
    *("application/zip", "application/gzip"),
}
TRY = """async (addresses) => {
  for (const address of addresses) {
    for (const make of [
      () => Object.assign(document.createElement("script"), {src: address}),
      () => Object.assign(document.createElement("script"), {src: address, type: "module"}),
      () => Object.assign(document.createElement("iframe"), {src: address}),
      () => Object.assign(document.createElement("object"), {data: address}),
      () => Object.assign(document.createElement("embed"), {src: address}),
      () => Object.assign(document.createElement("link"), {rel: "stylesheet", href: address}),
    ]) {
      const element = make();
      document.body.append(element);
    }
    await navigator.serviceWorker?.register(address).catch(() => {});
    await import(address).catch(() => {});
    await fetch(address).then((answer) => answer.arrayBuffer());
  }
  return window.ran ?? null;
}"""


@pytest.fixture(scope="module")
def files(desk: Desk) -> list[dict[str, Any]]:
    """Put the files on a ticket; return what the API says of them, and the ticket's number."""
    ticket = desk.call("GET", f"/api/tickets/{desk.ticket('Hostile files')}")
    made = []
    for name, content in FILES:
        answer = desk.admin.post(
            f"/api/files?ticket={ticket['id']}", files={"file": (name, content, "text/html")}
        )
        assert answer.status_code == 201, (name, answer.text)
        made.append(answer.json() | {"number": ticket["number"]})
    return made


def test_each_is_served_as_something_that_nothing_runs(
    desk: Desk, files: list[dict[str, Any]]
) -> None:
    assert len(files) >= 60
    for file in files:
        assert file["type"] in TYPES
        for query in ("", "?view=1"):
            got = desk.admin.get(file["url"] + query)
            how = "inline" if query and file["type"] in SHOWN else "attachment"
            assert got.headers["Content-Disposition"].startswith(f"{how}; ")
            assert got.headers["Content-Type"] == file["type"]
            assert got.headers["X-Content-Type-Options"] == "nosniff"
            assert got.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
            assert got.headers["X-Frame-Options"] == "DENY"
        for bad in ("/", "\\", "\u202e", "\u2066", '"', "<", ".."):
            assert bad not in file["name"]


def test_none_runs_however_it_is_opened(
    open_page: Callable[..., Any], desk: Desk, files: list[dict[str, Any]]
) -> None:
    words = ("Refused", "MIME", "Failed to load", "blocked", "net::", "ServiceWorker", "violates")
    page = open_page("staff", f"/tickets/{files[0]['number']}", expected=words)
    asked, dialogs = [], []
    page.context.on("request", lambda request: asked.append(request.url))
    page.context.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    listed = page.get_by_role("region", name="Files").get_by_role("listitem")
    expect(listed).to_have_count(len(files))
    assert_dead(page)
    # What has a small picture shows it, and of the others a file icon.
    for name, is_made in (("behind.png", True), ("comment.jpg", True), ("huge.png", False)):
        picture = page.get_by_role("img", name=f"Open {name}")
        picture.scroll_into_view_if_needed()
        page.wait_for_function(
            "(img) => img.complete && img.naturalWidth", arg=picture.element_handle()
        )
        shown = page.evaluate(
            "async (address) => (await fetch(address)).headers.get('Content-Type')",
            picture.get_attribute("src"),
        )
        assert (shown == "image/webp") == is_made
    assert page.evaluate(TRY, [file["url"] for file in files]) is None
    assert_dead_store(page)
    for file in files:
        # Where it is a download, the browser says so and stays where it is.
        with suppress(Error):
            page.goto(f"{file['url']}?view=1")
        assert page.evaluate("window.ran") is None
    page.goto("/tickets")
    assert_dead_store(page)
    assert [url for url in asked if RAN in urlsplit(url).path] == []
    assert dialogs == []


def assert_dead_store(page: Any) -> None:
    assert [each for each in page.context.cookies() if each["name"] == RAN] == []
    assert page.evaluate(f"localStorage.getItem('{RAN}')") is None
    assert page.evaluate(
        "navigator.serviceWorker?.getRegistrations().then((all) => all.length)"
    ) in (
        0,
        None,
    )
