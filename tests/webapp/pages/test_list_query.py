"""The address of the ticket list, read: what it means, and what is as if left out."""

import pytest

from helpdesk.actors import Role
from helpdesk.errors import Invalid
from helpdesk.tickets.model import TicketFilter
from webapp.pages.list_query import (
    STAFF_VIEWS,
    USER_VIEWS,
    Wanted,
    require_single,
    turned,
    view_filter,
)
from webapp.rendering.links import list_url


def wanted(**arguments: str) -> Wanted:
    return Wanted.read(arguments, STAFF_VIEWS)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, TicketFilter()),
        ({"view": "open"}, TicketFilter(open_only=True)),
        ({"view": "mine"}, TicketFilter(mine=True, open_only=True)),
        ({"view": "queue"}, TicketFilter(workable=True, open_only=True)),
        ({"view": "unassigned"}, TicketFilter(unassigned=True, open_only=True)),
        ({"view": "mine", "status": "Closed"}, TicketFilter(mine=True, status=("Closed",))),
        ({"status": "open"}, TicketFilter(status=("open",))),
        ({"assignee": "me"}, TicketFilter(assignee_id="me")),
        ({"assignee": "nobody"}, TicketFilter(assignee_id="nobody")),
        ({"item": "i", "submitter": "01J"}, TicketFilter(item="i", submitter_id="01J")),
        ({"mine": "true", "open": "1"}, TicketFilter(mine=True, open_only=True)),
        ({"unassigned": "0", "workable": "True"}, TicketFilter(workable=True)),
        ({"assignee": "01J"}, TicketFilter(assignee_id="01J")),
        ({"group": "01J", "priority": "High"}, TicketFilter(group_id="01J", priority=("High",))),
        ({"category": "c", "type": "t"}, TicketFilter(category="c", type="t")),
        ({"q": "  two words "}, TicketFilter(text="two words")),
    ],
)
def test_the_address_says_what_is_listed(arguments: dict[str, str], expected: TicketFilter) -> None:
    read = wanted(**arguments)
    assert view_filter(read.view, Role.STAFF).refined(read.filter()) == expected


def test_a_view_of_another_role_is_refused() -> None:
    with pytest.raises(Invalid, match="view"):
        Wanted.read({"view": "queue"}, USER_VIEWS)
    settled = Wanted.read({"view": "settled"}, USER_VIEWS)
    assert view_filter("settled", Role.USER).refined(settled.filter()).status == (
        "Resolved",
        "Closed",
    )


@pytest.mark.parametrize("page", ["x", "-1", "", "٣", "9999999", "1.5"])
def test_a_senseless_page_is_the_first(page: str) -> None:
    assert wanted(page=page).page == 1


def test_a_flag_that_is_neither_yes_nor_no_is_refused_by_name() -> None:
    for name in ("mine", "unassigned", "open", "workable"):
        with pytest.raises(Invalid) as refused:
            wanted(**{name: "maybe"}).filter()
        assert refused.value.field == name


def test_a_filter_that_comes_twice_is_refused() -> None:
    require_single([("status", "New"), ("q", "a"), ("q", "b")])
    with pytest.raises(Invalid, match="status"):
        require_single([("status", "New"), ("status", "Closed")])


def test_a_filter_is_shown_as_the_form_offers_it() -> None:
    offered = {"priority": [("High", "High")], "category": [("01J", "Hardware")]}
    shown = wanted(priority="high", category="HARDWARE", status="x").as_offered(offered)
    assert (shown.priority, shown.category, shown.status) == ("High", "01J", "x")


def test_a_heading_sorts_its_usual_way_first_and_then_turns_round() -> None:
    assert turned("-updated_at", "subject", "subject") == "subject"
    assert turned("subject", "subject", "subject") == "-subject"
    assert turned("-subject", "subject", "subject") == "subject"
    assert turned("subject", "priority", "-priority") == "-priority"


def test_addresses_keep_the_filters_and_leave_out_what_is_empty() -> None:
    arguments = [("q", "a b"), ("status", ""), ("page", "3")]
    assert list_url(arguments, page="") == "/tickets?q=a+b"
    assert list_url(arguments, sort="subject", page="") == "/tickets?q=a+b&sort=subject"
    assert list_url([]) == "/tickets"
