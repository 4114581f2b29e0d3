"""Markup in every field is shown as it was typed, and nothing of it comes alive."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.browser.modules import version
from tests.browser.panel_guests import panel_plugin

Open = Callable[..., Any]

MARKUP = (
    '<img src=x onerror="window.alive=1"><script>window.alive=2</script>\'"><svg onload=alert(3)>'
)
LINKS = (
    "[here](javascript:window.alive=4) <a href='javascript:window.alive=5'>x</a> "
    "![i](//x.example/i)"
)
TEMPLATE = "{{7+7}}${7+7}{% raw %}"


def assert_dead(page: Any) -> None:
    assert page.evaluate("window.alive") is None
    odd = page.evaluate(
        """[...document.querySelectorAll("img, script, a, svg, iframe, *")].filter((element) =>
          [...element.attributes].some((attribute) => attribute.name.startsWith("on"))
          || /^(javascript|data):/i.test(element.getAttribute("href") ?? "")
          || (element.matches("img, script") && new URL(element.src).origin !== location.origin)
          || (element.matches("img") && element.getAttribute("src") === "x")
        ).map((element) => element.outerHTML)"""
    )
    assert odd == []


def test_markup_typed_into_every_form_stays_text(open_page: Open, desk: Desk) -> None:
    text = f"{MARKUP} {LINKS} {TEMPLATE}"
    user = open_page("user", "/tickets/new")
    user.get_by_label("Subject").fill(MARKUP)
    user.get_by_label("Description").fill(text)
    user.get_by_role("button", name="Create ticket").click()
    expect(user.get_by_role("heading", level=1)).to_have_text(MARKUP)
    assert_dead(user)
    address = user.url.split("?")[0]
    staff = open_page("staff", address)
    for label, button in (
        ("Reply", "Reply"),
        ("Internal note", "Add internal note"),
        ("Resolution notes", "Resolve"),
        ("Reason", "Reopen"),
    ):
        staff.get_by_label(label).fill(text)
        with staff.expect_navigation():
            staff.get_by_role("button", name=button, exact=True).click()
        expect(staff.locator("#done")).to_be_visible()
        assert_dead(staff)
    # What arrives live takes another way into the page.
    expect(user.get_by_role("article")).to_have_count(2)
    expect(user.locator(".event")).to_have_count(2)
    assert_dead(user)
    assert TEMPLATE in user.get_by_role("article").first.inner_text()


def test_markup_in_addresses_and_searches_stays_text(open_page: Open) -> None:
    page = open_page("staff", expected=["404", "422"])
    page.get_by_label("Search").fill(f"{MARKUP} nothinglikethis")
    expect(page.get_by_text("No tickets match your search.")).to_be_visible()
    assert_dead(page)
    for path in (
        f"/tickets?q={MARKUP}",
        f"/tickets?status={MARKUP}",
        f"/tickets?view={MARKUP}&sort={MARKUP}&page={MARKUP}",
        f"/tickets/{MARKUP}",
        f"/login?next={MARKUP}",
        "/login?next=//evil.example/",
        f"/{MARKUP}",
    ):
        page.goto(path)
        assert_dead(page)
        assert page.url.startswith("http://127.0.0.1")


def test_markup_from_people_catalogue_and_plugins_stays_text(
    open_page: Open, desk: Desk, panels_at: str
) -> None:
    name = "<b onclick=alert(1)>M</b>"
    plugin_id = desk.install(panel_plugin(name, f"{panels_at}/panel?ticket="))
    ticket = desk.ticket(MARKUP, description=LINKS)
    page = open_page("admin", f"/tickets/{ticket}")
    panel = page.locator("iframe").last
    expect(panel).to_have_attribute("title", f"Panel {name}")
    assert_dead(page)
    at = f"/admin/plugins/{plugin_id}"
    parts = ("", "/review", "/settings", "/deliveries", "/log", "/versions", "/uninstall")
    for path in ("/admin/plugins", "/tickets", *(at + part for part in parts)):
        page.goto(path)
        assert_dead(page)
    desk.uninstall(plugin_id)


def test_markup_that_a_plugin_logs_or_is_named_stays_text_when_it_arrives_live(
    open_page: Open, desk: Desk
) -> None:
    page = open_page("admin", "/admin/plugins")
    tail = open_page("admin", "/admin/plugins/log")
    plugin_id = desk.install(
        version("log_levels", "1.0.0", id="org.example.hostile", name=MARKUP[:100])
    )
    try:
        # The row comes with the stream's word that there is another plugin.
        expect(page.locator(f"[data-row='{plugin_id}'] .subject")).to_have_text(MARKUP[:100])
        ticket = desk.ticket(MARKUP)
        expect(page.locator(f"[data-row='{plugin_id}'] [data-cell=rate] svg")).to_be_visible()
        expect(tail.locator("#log-lines li").first).to_be_visible()
        for one in (page, tail):
            assert_dead(one)
        delivery = desk.call("GET", f"/api/admin/plugins/{plugin_id}/deliveries")["data"][0]
        assert delivery["ticket_id"] == ticket
        page.goto(f"/admin/plugins/{plugin_id}/deliveries/{delivery['id']}")
        expect(page.locator("pre").last).to_contain_text("onerror")
        assert_dead(page)
    finally:
        desk.uninstall(plugin_id)
