"""Processes as people meet them: out of the box to the first approval, on tickets, designed."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk, install_from_box

ID = "goatkit.process"
TWO_MINUTES_S = 120
CONSENTS = ("Reads records that", "Changes the status", "Reads the tables group_user")
WCAG = ("wcag2a", "wcag2aa", "wcag21aa", "wcag22aa")
PHONE = {"width": 360, "height": 740}
Open = Callable[..., Any]
Axe = Callable[..., list[str]]


@pytest.fixture
def bare(desk: Desk) -> Iterator[Desk]:
    """Return the desk; the plugin that a test installs is gone afterwards."""
    yield desk
    desk.uninstall(ID)


@pytest.fixture(scope="module")
def boxed(desk: Desk) -> Iterator[Desk]:
    """Return the desk with the plugin, and with all that it asks for."""
    install_from_box(desk.admin, "process")
    yield desk
    desk.uninstall(ID)


def install(page: Any) -> None:
    """Install and enable the plugin as an admin does, on its pages."""
    page.goto("/admin/plugins")
    page.get_by_role("form", name="process").get_by_role("button", name="Install").click()
    page.wait_for_url(f"**/admin/plugins/{ID}**", timeout=180_000)  # it is compiled
    for consent in CONSENTS:
        page.get_by_label(consent).check()
    page.get_by_role("button", name="Save and enable").click()
    expect(page.get_by_role("button", name="Save and enable")).to_have_count(0)


def use(page: Any, template: str, where: str) -> None:
    page.goto("/processes")
    page.frame_locator("iframe.plugin-page").get_by_role(
        "button", name=f"Use this template: {template}"
    ).click()
    page.wait_for_url(f"**/processes/{where}")


def number_of(desk: Desk, subject: str) -> int:
    return int(desk.call("GET", f"/api/tickets/{desk.ticket(subject)}")["number"])


def panel_of(page: Any) -> Any:
    return page.frame_locator("iframe[title='Process']")


def current(panel: Any, step: str) -> None:
    expect(panel.get_by_role("img", name=f"step {step} is current")).to_be_visible()


def frame_of(page: Any) -> Any:
    """Return the page of the plugin that is shown, for axe."""
    (document,) = [each for each in page.frames if "/plugin-frames/" in each.url]
    return document


def test_from_the_box_to_the_first_approval_in_two_minutes(bare: Desk, open_page: Open) -> None:
    number = number_of(bare, "A new laptop")
    page = open_page("admin", "/admin/plugins")
    begun = time.monotonic()
    install(page)
    page.get_by_role("link", name="Processes", exact=True).click()
    frame = page.frame_locator("iframe.plugin-page")
    frame.get_by_role("button", name="Use this template: Purchase").click()
    page.wait_for_url("**/processes/purchase")
    page.goto(f"/tickets/{number}")
    panel = panel_of(page)
    panel.get_by_role("button", name="Start").click()
    panel.get_by_label("What is needed").fill("A laptop")
    panel.get_by_label("Reason").fill("The old one broke.")
    panel.get_by_label("Amount").fill("250")
    panel.get_by_role("button", name="Complete step").click()
    current(panel, "Approval")
    panel.get_by_role("button", name="Approve").click()
    current(panel, "Order")
    expect(page.get_by_text("approved by admin@example.com")).to_be_visible()
    assert time.monotonic() - begun < TWO_MINUTES_S


def test_steps_with_mistakes_and_an_approval_by_somebody_else(
    boxed: Desk, open_page: Open, axe: Axe
) -> None:
    number = number_of(boxed, "Somebody new")
    page = open_page("admin")
    use(page, "New employee", "new-employee")
    use(page, "Purchase", "purchase")
    page.goto(f"/tickets/{number}")
    panel = panel_of(page)
    panel.get_by_label("Process").select_option("New employee")
    panel.get_by_role("button", name="Start").click()
    panel.get_by_label("Name of the new employee").fill("Nina New")
    panel.get_by_role("button", name="Complete step").click()
    # What is missing is said at its field, and what was typed stays.
    frame = page.frame_locator("iframe.plugin-page")
    expect(frame.get_by_text("Fill in this field.")).to_have_count(3)
    expect(frame.get_by_label("Name of the new employee")).to_have_value("Nina New")
    expect(frame.get_by_label("Position")).to_have_attribute("aria-invalid", "true")
    assert axe(frame_of(page), *WCAG) == []
    frame.get_by_label("First day").fill("2027-01-04")
    frame.get_by_label("Position").fill("Buyer")
    frame.get_by_label("Device").select_option("Laptop")
    frame.get_by_role("button", name="Complete step").click()
    page.wait_for_url(f"**/tickets/{number}")
    current(panel, "Create accounts")

    # Somebody else does the next task on their own page, and both see where it is.
    other = open_page("staff", f"/tickets/{number}")
    theirs = panel_of(other)
    theirs.get_by_label("User name").fill("nina")
    theirs.get_by_role("button", name="Complete step").click()
    current(theirs, "Prepare equipment")
    expect(other.get_by_text("completed by staff@example.com")).to_be_visible()
    # What the admin still has before them came too late, and says who was first.
    panel.get_by_label("User name").fill("nn")
    panel.get_by_role("button", name="Complete step").click()
    expect(frame.get_by_text("Too late: staff@example.com completed this")).to_be_visible()

    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    for path in ("/processes", "/processes/new-employee"):
        page.goto(path)
        expect(frame.get_by_role("table").first).to_be_visible()
        # The frame has no background of its own: axe is to know the page's that is behind it.
        behind = page.evaluate("getComputedStyle(document.body).backgroundColor")
        document = frame_of(page)
        document.evaluate("(b) => { document.documentElement.style.background = b; }", behind)
        assert axe(document, *WCAG) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    # Where it waits, as figures: one ticket, in the third step.
    row = frame.get_by_role("row", name=re.compile("^Prepare equipment"))
    expect(row.get_by_role("cell").nth(1)).to_have_text("1")


def test_the_designer_by_keyboard_alone_and_by_mouse(
    boxed: Desk, open_page: Open, axe: Axe
) -> None:
    number = number_of(boxed, "By hand")
    page = open_page("admin", "/processes", expected=["409"])  # gone while it previews
    frame = page.frame_locator("iframe.plugin-page")
    frame.get_by_role("button", name="New process").press("Enter")
    page.wait_for_url("**/processes/new-process/design")
    expect(frame.get_by_text("Ready to publish")).to_be_visible()

    # Three states, a field, and a way out with a condition: not one click.
    keyboard = page.keyboard

    def type_over(place: Any, text: str) -> None:
        place.focus()
        keyboard.press("Control+a")
        keyboard.type(text)

    frame.get_by_role("button", name="Add field").focus()
    keyboard.press("Enter")
    type_over(frame.get_by_label("Label"), "Amount")
    keyboard.press("Tab")
    expect(frame.get_by_text("Amount (Text)")).to_be_visible()
    frame.get_by_label("Type").focus()
    keyboard.type("Num")
    expect(frame.get_by_text("Amount (Number)")).to_be_visible()
    frame.get_by_role("button", name="Add step").focus()
    keyboard.press("Enter")
    detail = frame.get_by_role("group", name=re.compile("^Step: "))
    type_over(detail.get_by_label("Name", exact=True), "Check")
    keyboard.press("Tab")
    expect(frame.get_by_role("button", name=re.compile(r"^2\. Check \(Task\)"))).to_be_visible()
    frame.locator("[data-step=first]").focus()
    keyboard.press("Enter")
    expect(frame.get_by_role("group", name="Step: New step")).to_be_visible()
    type_over(detail.get_by_label("Name", exact=True), "Ask")
    keyboard.press("Tab")
    expect(frame.get_by_role("group", name="Step: Ask")).to_be_visible()
    detail.get_by_label("Amount", exact=True).focus()
    keyboard.press("Space")
    ways = detail.get_by_role("group", name="Ways out")
    ways.get_by_role("button", name="Add way out").focus()
    keyboard.press("Enter")
    second = ways.get_by_role("group", name="2", exact=True)
    expect(second.get_by_label("Go to")).to_be_visible()
    first = ways.get_by_role("group", name="1", exact=True)
    first.get_by_label("Go to").focus()
    keyboard.type("Check")
    first.get_by_role("button", name="Add condition").focus()
    keyboard.press("Enter")
    first.get_by_label("Comparison").focus()
    keyboard.type(">")
    type_over(first.get_by_label("Value"), "100")
    expect(frame.get_by_text("Ready to publish")).to_be_visible()
    frame.get_by_role("button", name="Publish").focus()
    keyboard.press("Enter")
    expect(frame.get_by_text("Version 1")).to_be_visible()
    assert axe(frame_of(page), *WCAG) == []

    # What was designed runs: more than 100 is checked.
    page.goto(f"/tickets/{number}")
    panel = panel_of(page)
    panel.get_by_label("Process").select_option("New process")
    panel.get_by_role("button", name="Start").click()
    panel.get_by_label("Amount").fill("250")
    panel.get_by_role("button", name="Complete step").click()
    current(panel, "Check")

    # By mouse: a step is renamed and dragged behind another; the running one goes on by version 1.
    page.goto("/processes/new-process/design")
    frame.get_by_role("button", name=re.compile(r"^2\. Check")).click()
    detail.get_by_label("Name", exact=True).fill("Look")
    detail.get_by_label("Kind").click()
    expect(frame.get_by_role("group", name="Step: Look")).to_be_visible()
    rows = frame.get_by_role("listitem")
    rows.filter(has_text="Look").drag_to(rows.filter(has_text="End (End)"))
    expect(frame.get_by_role("button", name=re.compile(r"^3\. Look"))).to_be_visible()
    frame.get_by_role("button", name="Publish").click()
    expect(frame.get_by_text("Version 2")).to_be_visible()
    page.goto(f"/tickets/{number}")
    current(panel, "Check")
    panel.get_by_role("button", name="Complete step").click()
    expect(panel.get_by_text("is finished")).to_be_visible()

    # What can't be published says why: its condition's field is gone.
    page.goto("/processes/new-process/design")
    expect(frame.get_by_text("Ready to publish")).to_be_visible()
    frame.get_by_role("button", name="Remove: Amount").click()
    expect(frame.get_by_text("doesn't exist").first).to_be_visible()
