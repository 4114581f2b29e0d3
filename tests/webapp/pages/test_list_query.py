"""The address of the ticket list, read: what it means, and what is as if left out."""

import pytest

from helpdesk.errors import Invalid
from helpdesk.tickets.model import TicketFilter
from webapp.pages.list_query import STAFF_VIEWS, USER_VIEWS, Wanted, turned, view_filter
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
        ({"status": "open"}, TicketFilter(open_only=True)),
        ({"assignee": "me"}, TicketFilter(mine=True)),
        ({"assignee": "nobody"}, TicketFilter(unassigned=True)),
        ({"assignee": "01J"}, TicketFilter(assignee_id="01J")),
        ({"group": "01J", "priority": "High"}, TicketFilter(group_id="01J", priority=("High",))),
        ({"category": "c", "type": "t"}, TicketFilter(category="c", type="t")),
        ({"q": "  two words "}, TicketFilter(text="two words")),
    ],
)
def test_the_address_says_what_is_listed(arguments: dict[str, str], expected: TicketFilter) -> None:
    read = wanted(**arguments)
    assert read.filter(view_filter(read.view)) == expected


def test_a_view_of_another_role_is_as_if_left_out() -> None:
    assert Wanted.read({"view": "queue"}, USER_VIEWS).view == ""
    settled = Wanted.read({"view": "settled"}, USER_VIEWS)
    assert settled.filter(view_filter("settled")).status == ("Resolved", "Closed")


@pytest.mark.parametrize("page", ["x", "-1", "", "٣", "9999999", "1.5"])
def test_a_senseless_page_is_the_first(page: str) -> None:
    assert wanted(page=page).page == 1


def test_a_filter_by_something_unknown_is_refused_by_name() -> None:
    known = {"status": {"New"}, "group": {"g"}}
    wanted(status="New", group="g").require_known(known)
    for name in ("status", "group", "assignee"):
        with pytest.raises(Invalid) as refused:
            wanted(**{name: "nothing"}).require_known(known)
        assert refused.value.field == name


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
