"""Tickets as people live with them: found, written, answered, settled, in a real browser."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk

Open = Callable[..., Any]


def subjects(page: Any) -> list[str]:
    return page.locator("td .subject").all_inner_texts()


@pytest.mark.parametrize(
    ("role", "heading", "has_admin"),
    [
        ("user", "My tickets", False),
        ("staff", "All tickets", False),
        ("admin", "All tickets", True),
    ],
)
def test_everybody_logs_in_and_lands_on_their_tickets(
    desk: Desk, chromium: Any, log_in: Callable[..., None], role: str, heading: str, has_admin: bool
) -> None:
    with chromium.new_context() as context:
        page = context.new_page()
        log_in(page, desk.url, f"{role}@example.com")
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        assert page.get_by_role("link", name="Admin", exact=True).count() == has_admin
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url("**/login")
        page.goto(f"{desk.url}/tickets")
        assert "/login" in page.url


def test_a_wrong_password_says_so_and_keeps_the_address(open_page: Open) -> None:
    page = open_page(None, "/login", expected=["401"])
    page.get_by_label("Email").fill("staff@example.com")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("Incorrect email or password.")
    expect(page.get_by_label("Email")).to_have_value("staff@example.com")


def test_the_list_follows_what_is_typed_and_the_address_keeps_it(open_page: Open) -> None:
    page = open_page("staff")
    page.get_by_label("Search").press_sequentially("battery")
    expect(page.locator("td .subject")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/tickets\?q=battery$"))
    expect(page.locator("#announcer")).to_have_text("1 ticket")
    page.reload()
    assert subjects(page) == ["Laptop battery lasts forty minutes"]
    expect(page.get_by_label("Search")).to_have_value("battery")


def test_filters_narrow_at_once_and_back_undoes_them(open_page: Open) -> None:
    page = open_page("staff")
    everything = page.locator("#found").inner_text()
    page.get_by_label("Priority", exact=True).select_option("High")
    expect(page).to_have_url(re.compile("priority=High"))
    expect(page.locator("#found")).not_to_have_text(everything)
    assert set(page.locator("tbody .badge.priority-high").all_inner_texts()) == {"High"}
    page.get_by_label("Category", exact=True).select_option("Hardware")
    expect(page.get_by_label("Type")).to_be_enabled()
    assert page.get_by_label("Type").locator("option").all_inner_texts() == [
        *("Any", "Laptop", "Monitor", "Printer")
    ]
    page.get_by_label("Type").select_option("Laptop")
    expect(page.locator("td .subject")).to_have_text(["Laptop battery lasts forty minutes"])
    page.go_back()
    page.go_back()
    page.go_back()
    expect(page.locator("#found")).to_have_text(everything)
    expect(page.get_by_label("Priority", exact=True)).to_have_value("")
    page.go_forward()
    expect(page.get_by_label("Priority", exact=True)).to_have_value("High")


def test_a_heading_sorts_and_says_which_way(open_page: Open) -> None:
    page = open_page("staff")
    page.get_by_role("link", name="Subject", exact=True).click()
    heading = page.get_by_role("columnheader", name="Subject")
    expect(heading).to_have_attribute("aria-sort", "ascending")
    page.wait_for_load_state()
    first = subjects(page)
    assert first
    assert first == sorted(first, key=str.casefold)
    page.get_by_role("link", name="Subject", exact=True).click()
    expect(heading).to_have_attribute("aria-sort", "descending")


def test_saved_views_count_what_they_show(open_page: Open) -> None:
    page = open_page("staff")
    views = page.get_by_role("navigation", name="Views").get_by_role("link")
    for label in views.filter(has=page.locator(".count")).all_inner_texts():
        name, count = label.rsplit(maxsplit=1)
        page.get_by_role("navigation", name="Views").get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        expect(page.locator("#found")).to_have_text(re.compile(rf"^{count} tickets?$"))


def test_a_search_without_a_hit_says_so_and_shows_the_way_out(open_page: Open) -> None:
    page = open_page("user", "/tickets?q=nothinglikethis")
    expect(page.get_by_text("No tickets match your search.")).to_be_visible()
    page.get_by_role("link", name="Clear filters").last.click()
    expect(page.locator("td .subject")).not_to_have_count(0)


def test_a_list_that_cannot_be_loaded_says_so_and_tries_again(open_page: Open) -> None:
    page = open_page("staff", expected=["ERR_FAILED"])
    page.route("**/tickets?q=*", lambda route: route.abort())
    page.get_by_label("Search").press_sequentially("battery")
    expect(page.get_by_role("alert")).to_contain_text("could not be loaded")
    page.unroute("**/tickets?q=*")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("td .subject")).to_have_count(1)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_ticket_lives_from_new_to_reopened(open_page: Open) -> None:
    user, staff = open_page("user"), open_page("staff")
    user.get_by_role("link", name="New ticket").click()
    user.get_by_label("Subject").fill("The projector hums")
    user.get_by_label("Description").fill("A **low** tone since Monday.")
    user.get_by_label("Category").select_option("Hardware")
    user.get_by_label("Type").select_option("Monitor")
    user.get_by_label("Priority").select_option("High")
    user.get_by_role("button", name="Create ticket").click()
    expect(user.get_by_role("status").first).to_contain_text("Ticket created.")
    expect(user.get_by_role("heading", level=1)).to_have_text("The projector hums")
    expect(user.locator("strong", has_text="low")).to_be_visible()

    staff.goto(user.url.split("?")[0])
    staff.get_by_label("Reply").fill("Does it hum with the lamp off?")
    staff.get_by_role("button", name="Reply", exact=True).click()
    expect(staff.get_by_text("Reply sent.")).to_be_visible()
    staff.get_by_label("Internal note").fill("Third one of that make.")
    staff.get_by_role("button", name="Add internal note").click()
    note = staff.get_by_role("article").filter(has_text="Third one of that make.")
    expect(note).to_contain_text("Internal note: staff only")
    staff.get_by_label("Assignee").select_option("Sasha Staff")
    staff.get_by_role("button", name="Save changes").click()
    expect(staff.get_by_text("Ticket updated.")).to_be_visible()
    expect(staff.get_by_label("Assignee").locator("option:checked")).to_have_text("Sasha Staff")
    staff.get_by_label("Resolution notes").fill("Replaced the fan.")
    staff.get_by_role("button", name="Resolve", exact=True).click()
    expect(staff.get_by_text("Ticket resolved.")).to_be_visible()

    user.reload()
    expect(user.get_by_text("Does it hum with the lamp off?")).to_be_visible()
    expect(user.get_by_text("Replaced the fan.")).to_be_visible()
    user.wait_for_load_state()
    assert "Third one" not in user.content()
    assert user.get_by_label("Internal note").count() == 0
    user.get_by_label("Reason").fill("It hums again.")
    user.get_by_role("button", name="Reopen").click()
    expect(user.get_by_text("Ticket reopened.")).to_be_visible()
    steps = user.locator(".event").filter(has_text="changed the status")
    expect(steps).to_have_text(
        [re.compile("from New to Resolved"), re.compile("from Resolved to New")]
    )


def test_staff_write_a_ticket_for_somebody_else(open_page: Open) -> None:
    page = open_page("staff", "/tickets/new")
    page.get_by_label("Requester").fill("user@example.com")
    page.get_by_label("Subject").fill("Called in: no dial tone")
    page.get_by_role("button", name="Create ticket").click()
    expect(page.get_by_text("Opened by Uma User")).to_be_visible()


def test_a_refused_form_points_to_the_field(open_page: Open) -> None:
    page = open_page("staff", "/tickets/new", expected=["422"])
    page.get_by_label("Requester").fill("nobody@example.com")
    page.get_by_label("Subject").fill("kept")
    page.get_by_role("button", name="Create ticket").click()
    field = page.get_by_label("Requester")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("email address of an existing account"))
    expect(page.get_by_label("Subject")).to_have_value("kept")


def test_everything_works_without_javascript(open_page: Open, desk: Desk) -> None:
    page = open_page("staff", java_script_enabled=False)
    page.get_by_label("Search").fill("battery")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Laptop battery lasts forty minutes").click()
    page.get_by_label("Reply").fill("Written without a script.")
    page.get_by_role("button", name="Reply", exact=True).click()
    expect(page.get_by_text("Written without a script.")).to_be_visible()
    page.get_by_label("Type").select_option("Email")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_label("Category").locator("option:checked")).to_have_text("Software")


def test_a_ticket_is_found_and_addressed_by_its_number(open_page: Open, desk: Desk) -> None:
    number = desk.call("GET", f"/api/tickets/{desk.ticket('Numbered: a ticket')}")["number"]
    page = open_page("staff")
    page.get_by_label("Search").press_sequentially(f"#{number}")
    expect(page.locator("td .subject")).to_have_text(["Numbered: a ticket"])
    page.get_by_role("link", name="Numbered: a ticket").click()
    expect(page).to_have_url(re.compile(rf"/tickets/{number}\?"))
    expect(page).to_have_title(re.compile(rf"^#{number} Numbered: a ticket"))


def test_chosen_tickets_are_changed_together(open_page: Open, desk: Desk) -> None:
    for name in ("one", "two", "three"):
        desk.ticket(f"Together {name}")
    page = open_page("staff", "/tickets?q=together&sort=subject")
    page.get_by_label(re.compile(r"Select #\d+ Together one")).check()
    expect(page.get_by_label("Set priority")).to_be_visible()
    page.get_by_label("Select all on this page").check()
    expect(page.locator("#bulk-bar summary")).to_have_text("Update selected tickets: 3")
    page.get_by_label(re.compile("Together two")).uncheck()
    desk.ticket("Together four")
    expect(page.locator("td .subject")).to_have_count(4)
    expect(page.locator("#bulk-bar summary")).to_have_text("Update selected tickets: 2")
    page.get_by_label("Set priority").select_option("High")
    page.get_by_role("button", name="Update tickets").click()
    expect(page.get_by_text("2 tickets updated.")).to_be_visible()
    expect(page).to_have_url(re.compile("q=together"))
    rows = {row.locator(".subject").inner_text(): row for row in page.locator("tbody tr").all()}
    expect(rows["Together one"]).to_contain_text("High")
    expect(rows["Together two"]).to_contain_text("Medium")
    page.get_by_label(re.compile("Together two")).check()
    page.get_by_label("Search").fill("together one")
    expect(page.locator("td .subject")).to_have_count(1)
    expect(page.locator("#bulk-bar summary")).to_have_text("Update selected tickets")


def test_chosen_tickets_are_changed_without_javascript(open_page: Open, desk: Desk) -> None:
    desk.ticket("Plain one")
    page = open_page("staff", "/tickets?q=plain", java_script_enabled=False)
    page.get_by_label(re.compile("Plain one")).check()
    page.get_by_text("Update selected tickets").click()
    page.get_by_label("Set assignee").select_option("Sasha Staff")
    page.get_by_role("button", name="Update tickets").click()
    expect(page.get_by_text("1 ticket updated.")).to_be_visible()
    expect(page.locator("tbody")).to_contain_text("Sasha Staff")


def test_a_canned_text_is_inserted_where_the_cursor_is(open_page: Open, desk: Desk) -> None:
    ticket = desk.ticket("Canned: a question")
    page = open_page("staff", "/canned-replies")
    page.get_by_label("Name").fill("Greeting")
    page.get_by_label("Text").fill("Hello {{submitter.first_name}},")
    page.get_by_role("button", name="Create canned reply").click()
    expect(page.get_by_text("The canned reply is kept.")).to_be_visible()
    page.goto(f"/tickets/{ticket}")
    page.get_by_label("Reply").fill(" thanks for asking.")
    page.get_by_label("Reply").press("Home")
    page.get_by_label("Canned text").select_option("Greeting")
    page.get_by_role("button", name="Insert").click()
    expect(page.get_by_label("Reply")).to_have_value("Hello Uma, thanks for asking.")
    page.get_by_role("button", name="Reply", exact=True).click()
    expect(page.get_by_role("article").filter(has_text="Hello Uma, thanks")).to_be_visible()


def test_a_tag_is_put_on_a_ticket_and_leads_to_all_that_have_it(
    open_page: Open, desk: Desk
) -> None:
    page = open_page("staff", f"/tickets/{desk.ticket('Tagged: one')}")
    page.get_by_label("Tags").fill("vip, on site")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Ticket updated.")).to_be_visible()
    page.goto("/tickets?q=tagged")
    page.get_by_role("link", name="on site").click()
    expect(page.locator("td .subject")).to_have_text(["Tagged: one"])
    expect(page.get_by_label("Tag", exact=True)).to_have_value("on site")
    page.get_by_label("Search").fill("tag:vip tagged")
    expect(page).to_have_url(re.compile("q=tag"))
    expect(page.locator("td .subject")).to_have_count(1)


def test_tickets_are_linked_and_merged(open_page: Open, desk: Desk) -> None:
    first, second = (
        desk.call("GET", f"/api/tickets/{desk.ticket(f'Merged {name}', description=name)}")[
            "number"
        ]
        for name in ("alpha", "beta")
    )
    page = open_page("staff", f"/tickets/{second}")
    page.get_by_text("Link or merge").click()
    page.get_by_label("This ticket is").select_option("Blocked by")
    page.get_by_label("Ticket number").fill(f"#{first}")
    page.get_by_role("button", name="Link", exact=True).click()
    links = page.get_by_role("region", name="Linked tickets")
    expect(links).to_contain_text(f"Blocked by #{first} Merged alpha")
    page.get_by_text("Link or merge").click()
    page.get_by_label("Merge into").fill(str(first))
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Merged alpha")
    expect(page.get_by_role("article").filter(has_text="beta")).to_have_count(1)
    page.get_by_role("link", name=f"#{second} Merged beta").click()
    expect(page.get_by_text("This ticket was merged into")).to_be_visible()


def test_a_list_is_saved_as_a_view_that_keeps_count(open_page: Open, desk: Desk) -> None:
    desk.ticket("Viewed one")
    page = open_page("staff", "/tickets")
    page.get_by_label("Search").fill("viewed")
    expect(page.locator("td .subject")).to_have_count(1)
    page.get_by_text("Save as a view").click()
    page.get_by_label("View name").fill("What was viewed")
    page.get_by_role("button", name="Save view").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What was viewed")
    tab = page.get_by_role("navigation", name="Views").get_by_role("link", name="What was viewed")
    expect(tab).to_have_text(re.compile(r"What was viewed\s+1"))
    desk.ticket("Viewed two")
    expect(tab).to_have_text(re.compile(r"What was viewed\s+2"))
    expect(page.locator("td .subject")).to_have_count(2)
    page.get_by_role("link", name="Manage views").click()
    page.get_by_role("button", name="Delete What was viewed").click()
    expect(page.get_by_text("View deleted.")).to_be_visible()


def test_a_mentioned_colleague_hears_at_once_and_follows(open_page: Open, desk: Desk) -> None:
    ticket = desk.ticket("Mentioned: look here")
    staff, admin = open_page("staff", f"/tickets/{ticket}"), open_page("admin", "/notifications")
    staff.get_by_label("Internal note").fill("@admin can you look?")
    staff.get_by_role("button", name="Add internal note").click()
    expect(staff.get_by_role("article").filter(has_text="can you look?")).to_be_visible()
    expect(staff.get_by_role("region", name="Followers").get_by_role("button")).to_have_text(
        "Follow"
    )
    expect(admin.locator("#unread")).to_be_visible()
    admin.reload()
    expect(admin.get_by_text(re.compile(r"mentioned you: #\d+ Mentioned")).first).to_be_visible()
    admin.goto(f"/tickets/{ticket}")
    expect(admin.get_by_role("button", name="Unfollow")).to_be_visible()


def test_a_file_is_added_pasted_and_downloaded(open_page: Open, desk: Desk, tmp_path: Any) -> None:
    ticket = desk.ticket("Filed: a log")
    page = open_page("staff", f"/tickets/{ticket}")
    sent = tmp_path / "page.html"
    sent.write_text("<script>document.title = 'run'</script>")
    page.get_by_label("Add a file").set_input_files(sent)
    page.get_by_role("button", name="Add file").click()
    expect(page.get_by_text("File added.")).to_be_visible()
    page.wait_for_load_state()
    files = page.get_by_role("region", name="Files")
    with page.expect_download() as download:
        files.get_by_role("link", name="page.html").click()
    assert download.value.suggested_filename == "page.html"
    page.get_by_label("Internal note").evaluate(
        """(field) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File(["pasted"], "shot [1].txt", { type: "text/plain" }));
            const event = new ClipboardEvent("paste", { bubbles: true, clipboardData: transfer });
            field.dispatchEvent(event);
        }"""
    )
    expect(page.get_by_label("Internal note")).to_have_value(
        re.compile(r"^\[shot \\\[1\\\]\.txt\]\(/files/.*\)\n$")
    )
    page.get_by_role("button", name="Add internal note").click()
    expect(page.get_by_role("article").get_by_role("link", name="shot [1].txt")).to_be_visible()
    expect(files.get_by_text("Internal", exact=True)).to_be_visible()
    user = open_page("user", f"/tickets/{ticket}")
    expect(user.get_by_role("link", name="page.html")).to_be_visible()
    assert user.get_by_role("link", name="shot").count() == 0
