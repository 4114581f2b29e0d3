"""An admin's way with a plugin, from its address to the rollback, with real children."""

import re
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.browser.modules import Modules, version

Open = Callable[..., Any]

AT = "/admin/plugins/org.example.notifier"
ASKS: dict[str, Any] = {
    "events": ["ticket.created", "ticket.note_added"],
    "permissions": {"http": {"allowed_hosts": ["hooks.example.com"]}},
    "config_schema": {
        "url": {"type": "string", "label": "Webhook URL", "required": True, "secret": True}
    },
}


def cell(page: Any, name: str) -> Any:
    return page.locator(f"[data-row='org.example.notifier'] [data-cell={name}]")


def test_from_the_address_to_the_rollback(
    open_page: Open, desk: Desk, modules: Modules, axe: Callable[..., list[str]]
) -> None:
    page = open_page("admin", "/admin/plugins", bypass_csp=True, expected=["422"])
    wrong = []

    def look() -> None:
        wrong.extend(axe(page))

    # Install: what is refused says why; what takes long is followed to its end.
    address = page.get_by_label("URL", exact=True)
    address.fill(modules.put("/page.wasm", b"<!doctype html><title>Sorry</title>"))
    page.get_by_role("button", name="Install from URL").click()
    expect(page.get_by_role("alert")).to_contain_text("HTML")
    address.fill(modules.put("/slow/notifier.wasm", version("noop", "1.0.0", **ASKS)))
    page.get_by_role("button", name="Install from URL").click()
    expect(page.get_by_role("heading", name="Installing a plugin")).to_be_visible()
    expect(page.locator("[aria-current=step]")).to_have_text("Download the file")
    look()
    modules.released.set()
    page.wait_for_url(f"**{AT}/review*")

    # Review and narrow.
    expect(page.get_by_text("Reads internal notes")).to_be_visible()
    expect(page.get_by_text("Alex Admin,")).to_be_visible()
    look()
    page.get_by_label("Receives every internal note").uncheck()
    page.get_by_role("button", name="Save and enable").click()

    # Configure: it cannot run before.
    expect(page.get_by_role("alert")).to_contain_text("Some settings are invalid")
    page.get_by_label("Webhook URL").fill("https://hooks.example.com/seeded-secret")
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_text("Settings saved.")).to_be_visible()
    assert "seeded-secret" not in page.content()
    look()
    page.get_by_role("button", name="Enable").click()
    expect(page.get_by_text("Plugin enabled.")).to_be_visible()
    expect(cell(page, "state").first).to_have_text("running")
    page.get_by_role("link", name="Review").click()
    expect(page.get_by_label("Receives every internal note")).not_to_be_checked()

    # Watch it: the table moves by itself, and stays sorted as it was asked to.
    page.goto("/admin/plugins")
    page.get_by_role("columnheader", name="Plugin").get_by_role("link").click()
    expect(page.get_by_role("columnheader", name="Plugin")).to_have_attribute(
        "aria-sort", "descending"
    )
    before = cell(page, "rate").inner_text()
    for number in range(3):
        desk.ticket(f"Admin: {number}")
    expect(cell(page, "rate")).not_to_have_text(before)
    expect(cell(page, "rate").get_by_role("img")).to_have_accessible_name(
        re.compile("^3 deliveries in the last hour, 0 errors$")
    )
    names = page.locator("[data-cell=plugin] .subject").all_inner_texts()
    assert names == sorted(names, key=str.casefold, reverse=True)
    assert page.url.endswith("?sort=-plugin")

    # A newer version waits until what it newly requests is decided on.
    asks = ASKS | {"events": [*ASKS["events"], "ticket.resolved"]}
    page.get_by_label("Plugin file").set_input_files(
        {
            "name": "notifier-2.wasm",
            "mimeType": "application/wasm",
            "buffer": version("trap", "2.0.0", **asks),
        }
    )
    page.get_by_role("button", name="Install from file").click()
    page.wait_for_url(f"**{AT}/versions/*")
    look()
    page.get_by_role("button", name="Upgrade to 2.0.0").click()
    assert "/versions/" in page.url
    page.get_by_label("Allow").check()
    page.get_by_role("button", name="Upgrade to 2.0.0").click()
    expect(page.get_by_text("Plugin upgraded.")).to_be_visible()

    # It fails, is disabled while somebody looks, and the notice arrives.
    bell = page.get_by_role("link", name="Notifications")
    unread = bell.get_attribute("aria-label")
    for number in range(8):
        desk.ticket(f"Admin: fails {number}")
    expect(page.locator(".heading .badge").first).to_have_text("failed")
    expect(page.get_by_text("more than 50%").first).to_be_visible()
    expect(bell).not_to_have_accessible_name(unread)
    look()
    page.get_by_role("link", name="Failed deliveries").click()
    expect(page.locator(".deliveries tbody tr").first).to_contain_text(re.compile("trap|dropped"))
    look()
    page.get_by_role("row").filter(has_text="unreachable").last.get_by_role("link").first.click()
    expect(page.locator("pre.error")).to_contain_text("unreachable")
    expect(page.get_by_text('"event": "ticket.created"')).to_be_visible()
    assert "seeded-secret" not in page.content()
    look()
    bell.click()
    notice = page.get_by_role("listitem").filter(has_text="Chat notifier").first
    expect(notice).to_contain_text("more than 50%")

    # One click back, with its settings; then what failed can be delivered again.
    page.goto(f"{AT}/versions")
    look()
    page.get_by_role("button", name="Roll back to 1.0.0").click()
    expect(page.get_by_text("Plugin rolled back")).to_be_visible()
    page.get_by_role("button", name="Enable").click()
    expect(page.get_by_text("Plugin enabled.")).to_be_visible()
    page.goto(f"{AT}/deliveries?errors=1")
    page.locator("input[name=delivery]").first.check()
    page.get_by_role("button", name="Redeliver selected").click()
    expect(page.get_by_text("1 delivery is queued for redelivery.")).to_be_visible()
    again = page.locator(".deliveries .badge").filter(has_text="redelivered")
    until = time.monotonic() + 60
    while not again.count() and time.monotonic() < until:
        page.goto(f"{AT}/deliveries")
    expect(again).to_have_count(1)
    look()
    page.get_by_role("link", name="Uninstall").click()
    page.get_by_role("button", name="Uninstall Chat notifier").click()
    expect(page.get_by_text("Plugin uninstalled.")).to_be_visible()
    assert wrong == []


def test_the_log_follows_until_the_reader_scrolls_up(open_page: Open, desk: Desk) -> None:
    plugin = desk.install(version("log_levels", "1.0.0", id="org.example.talker", name="Talker"))
    try:
        page = open_page("admin", f"/admin/plugins/{plugin}/log")
        expect(page.get_by_text("No log lines yet.")).to_be_visible()
        desk.ticket("Admin: the log")
        lines = page.locator("#log-lines li")
        expect(lines.first).to_be_visible()
        for number in range(4):
            desk.ticket(f"Admin: the log {number}")
        expect(lines).to_have_count(40)
        box = page.locator("#log")
        assert box.evaluate("box => box.scrollHeight - box.scrollTop - box.clientHeight") < 24
        box.evaluate("box => { box.scrollTop = 0; }")
        desk.ticket("Admin: the log while paused")
        expect(page.locator("#tail-state")).to_contain_text("Paused")
        assert box.evaluate("box => box.scrollTop") == 0
        box.evaluate("box => { box.scrollTop = box.scrollHeight; }")
        expect(page.locator("#tail-state")).to_have_text("Live")
        page.get_by_label("Level").select_option("error")
        page.get_by_role("button", name="Filter").click()
        expect(page.locator("#log-lines .level-info")).to_have_count(0)
        expect(page.locator("#log-lines .level-error").first).to_be_visible()
    finally:
        desk.uninstall(plugin)


def test_the_table_is_one_of_now_without_javascript(open_page: Open) -> None:
    page = open_page("admin", "/admin/plugins", java_script_enabled=False)
    expect(page.locator("[data-cell=state]").first).to_have_text("running")
    page.get_by_role("columnheader", name="Memory", exact=True).get_by_role("link").click()
    expect(page.get_by_role("columnheader", name="Memory", exact=True)).to_have_attribute(
        "aria-sort", "descending"
    )
    page.get_by_role("link", name="Ticket digest").click()
    expect(page.get_by_role("heading", name="Last hour")).to_be_visible()
    page.get_by_text("Show as a table").click()
    expect(page.get_by_role("rowheader").first).to_be_visible()


def test_a_new_colleague_gets_a_link_and_sets_a_password(open_page: Open, desk: Desk) -> None:
    made = desk.call("POST", "/api/users", {"email": "new@example.com", "name": "Nia New"})
    admin, person = open_page("admin", f"/admin/people/{made['id']}"), open_page(None, "/login")
    admin.get_by_role("button", name="Create link").click()
    link = admin.get_by_label("Link", exact=True).input_value()
    person.goto(desk.url + "/invitation" + link.partition("/invitation")[2])
    expect(person.get_by_text("new@example.com")).to_be_visible()
    person.get_by_label("New password", exact=True).fill("a long password")
    person.get_by_label("New password again").fill("a long password")
    person.get_by_role("button", name="Set password and log in").click()
    expect(person.get_by_role("heading", level=1)).to_have_text("My tickets")
