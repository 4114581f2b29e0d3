"""The everyday chores of staff, done by hand: no more keys and clicks than documented."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk

STAFF = Path(__file__).resolve().parents[2] / "docs/staff.md"
ROW = re.compile(r"^\| ([a-z][^|]+) \|[^|]+\| (\d+) \| (\d+) \|$", re.MULTILINE)
Open = Callable[..., Any]


class Hands:
    """A page, and how often it was touched beside typing words."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.count = 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.count += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def click(self, target: Any) -> None:
        target.click()
        self.count += 1

    def button(self, name: str) -> None:
        self.click(self.page.get_by_role("button", name=name, exact=True))

    def choose(self, label: str, option: str) -> None:
        """Open a select and choose: two clicks."""
        self.page.get_by_label(label, exact=True).select_option(label=option)
        self.count += 2

    def done(self, sentence: str) -> None:
        expect(self.page.locator("#done")).to_have_text(sentence)


def find(hands: Hands, _ticket: str) -> None:
    hands.press("/")
    hands.type("chores")
    expect(hands.page.locator(".results tbody tr").first).to_contain_text("Chores")


def open_first(hands: Hands, _ticket: str) -> None:
    hands.press("Escape", "j", "Enter")
    expect(hands.page.locator("h1")).to_contain_text("Chores")


def answer(hands: Hands, _ticket: str) -> None:
    hands.press("r")
    hands.type("Try again.")
    hands.press("Control+Enter")
    hands.done("Reply sent.")


def answer_and_resolve(hands: Hands, _ticket: str) -> None:
    hands.press("r")
    hands.type("Done.")
    hands.press("Control+Shift+Enter")
    hands.done("Reply sent. Ticket resolved.")


def note(hands: Hands, _ticket: str) -> None:
    hands.press("n")
    hands.type("Second time.")
    hands.press("Control+Enter")
    hands.done("Internal note added.")


def take(hands: Hands, _ticket: str) -> None:
    hands.press("i")
    hands.done("Ticket updated.")


def hand_over(hands: Hands, _ticket: str) -> None:
    groups = hands.page.locator("#assignee optgroup[label=Groups] option")
    hands.choose("Assignee", groups.first.text_content())
    hands.button("Save changes")
    hands.done("Ticket updated.")


def change_priority(hands: Hands, _ticket: str) -> None:
    hands.choose("Priority", "High")
    hands.button("Save changes")
    hands.done("Ticket updated.")


def tag(hands: Hands, _ticket: str) -> None:
    hands.click(hands.page.get_by_label("Tags", exact=True))
    hands.type("vip")
    hands.press("Enter")
    hands.done("Ticket updated.")


def merge(hands: Hands, ticket: str) -> None:
    hands.click(hands.page.get_by_text("Link or merge", exact=True))
    hands.click(hands.page.get_by_label("Merge into", exact=True))
    hands.type(ticket)
    hands.press("Enter")
    hands.done("Tickets merged.")


def split(hands: Hands, _ticket: str) -> None:
    hands.click(hands.page.get_by_text("Split off", exact=True).first)
    hands.button("Split ticket")
    hands.done("Ticket split.")


def resolve_three(hands: Hands, _ticket: str) -> None:
    hands.press("j", "x", "j", "x", "j", "x")
    hands.choose("Set status", "Resolved")
    hands.button("Update tickets")
    hands.done("3 tickets updated.")


ON_THE_LIST = {"find a ticket": find}
ON_RESULTS = {"open the first result": open_first, "resolve three at once": resolve_three}
ON_A_TICKET = {
    "answer": answer,
    "answer and resolve": answer_and_resolve,
    "write an internal note": note,
    "assign to yourself": take,
    "hand over to a group": hand_over,
    "change the priority": change_priority,
    "tag": tag,
    "merge": merge,
    "split": split,
}
CHORES = ON_THE_LIST | ON_RESULTS | ON_A_TICKET


def documented() -> Iterator[tuple[str, int, int]]:
    chores = STAFF.read_text().split("## Twelve everyday chores")[1].split("\n## ")[0]
    for chore, ours, theirs in ROW.findall(chores):
        yield chore, int(ours), int(theirs)


def test_all_twelve_are_counted_and_none_takes_more() -> None:
    rows = list(documented())
    assert {chore for chore, _, _ in rows} == set(CHORES)
    assert len(rows) == 12
    assert [chore for chore, ours, theirs in rows if ours > theirs] == []


@pytest.mark.parametrize("chore", CHORES)
def test_a_chore_takes_as_many_keys_and_clicks_as_documented(
    open_page: Open, desk: Desk, chore: str
) -> None:
    tickets = [desk.ticket(f"Chores {chore} {n}", priority="Low") for n in range(3)]
    desk.call("POST", f"/api/tickets/{tickets[0]}/replies", {"body": "Something else."})
    number = str(desk.call("GET", f"/api/tickets/{tickets[1]}")["number"])
    start = f"/tickets/{tickets[0]}"
    if chore in ON_THE_LIST:
        start = "/tickets"
    elif chore in ON_RESULTS:
        start = f"/tickets?q=%22Chores+{chore.replace(' ', '+')}%22"
    hands = Hands(open_page("staff", start))
    CHORES[chore](hands, number)
    counts = {name: ours for name, ours, _ in documented()}
    assert hands.count == counts[chore]
