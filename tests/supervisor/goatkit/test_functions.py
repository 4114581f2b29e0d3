"""GoatKit plugins in a whole supervisor: installed, granted, called."""

import json
from typing import Any

import pytest

from supervisor.calls.behalf import EVERYTHING, NOBODY, Behalf
from supervisor.errors import ModuleRefused
from supervisor.query import Audience

DESK = "goatkit.desk"


async def called(
    desk: Any, function: str, arguments: Any = None, behalf: Behalf = EVERYTHING
) -> Any:
    encoded = b"" if arguments is None else json.dumps(arguments).encode()
    return await desk.supervisor.functions.call(DESK, function, encoded, behalf)


async def granted(desk: Any, *wanted: str) -> None:
    view = await desk.supervisor.overview.plugin(DESK)
    asked = {permission.token for permission in view.permissions}
    assert asked >= set(wanted)
    await desk.supervisor.controls.withhold(DESK, withheld=asked - set(wanted), actor="test")


async def test_it_arrives_with_what_it_registers_and_is_granted_nothing(desk):
    view = await desk.install("wat/goatkit_desk", enabled=False)
    assert (view.id, view.name, view.version) == (DESK, "desk", "1.2.0")
    assert [p.token for p in view.permissions if p.granted] == []
    assert "db:read:ticket,ticket_state" in {p.token for p in view.permissions}


async def test_a_query_needs_its_grant_and_then_counts_right(desk):
    for number in range(3):
        await desk.ticket(f"ticket {number}")
    await desk.install("wat/goatkit_desk")
    query = {"query": "SELECT COUNT(*) AS count FROM ticket", "args": None}
    refused = await called(desk, "db_query", query)
    assert (refused.outcome, refused.value) == ("ok", b"")
    assert any("grant db:read to allow it" in line for line in await desk.log(DESK))
    await granted(desk, "db:read:ticket,ticket_state")
    answer = await called(desk, "db_query", query)
    assert json.loads(answer.value) == [{"count": 3}]
    user = Behalf(Audience.person_of(desk.user.id))
    assert json.loads((await called(desk, "db_query", query, user)).value) == [{"count": 3}]
    assert json.loads((await called(desk, "db_query", query, NOBODY)).value) == [{"count": 0}]


async def test_a_table_that_was_not_granted_is_named_with_its_grant(desk):
    await desk.install("wat/goatkit_desk")
    await granted(desk, "db:read:ticket,ticket_state")
    await called(desk, "db_query", {"query": "SELECT login FROM users"})
    assert any("grant db:read:users to allow it" in line for line in await desk.log(DESK))


async def test_what_is_kept_in_the_cache_comes_back(desk):
    await desk.install("wat/goatkit_desk")
    await granted(desk, "cache:readwrite")
    stored = await called(desk, "cache_set", {"key": "k", "value": "aGVsbG8=", "ttl": 0})
    assert json.loads(stored.value) == {"ok": True}
    found = await called(desk, "cache_get", {"key": "k"})
    assert json.loads(found.value) == {"value": "aGVsbG8=", "found": True}


async def test_time_and_states_are_those_of_the_help_desk(desk):
    await desk.install("wat/goatkit_desk")
    await granted(desk, "ticket:read")
    now = json.loads((await called(desk, "time_now")).value)
    assert now["now"].startswith("20")
    states = json.loads((await called(desk, "list_ticket_states")).value)["states"]
    assert {"New", "Resolved", "Closed"} <= {state["name"] for state in states}


async def test_an_unknown_function_gives_nothing_and_says_why_in_the_log(desk):
    await desk.install("wat/goatkit_desk")
    assert (await called(desk, "rm_rf")).value == b""
    assert any("there is no such function" in line for line in await desk.log(DESK))


async def test_a_route_is_found_and_a_reserved_one_is_not(desk):
    await desk.install("wat/goatkit_desk")
    found = desk.supervisor.functions.find_route("GET", "/api/plugins/desk/states")
    assert (found.plugin_id, found.route.handler, found.is_public) == (
        *(DESK, "list_ticket_states"),
        False,
    )
    await desk.supervisor.controls.set_enabled(DESK, False, actor="test")
    assert desk.supervisor.functions.find_route("GET", "/api/plugins/desk/states") is None


async def test_a_module_that_registers_nonsense_is_refused(desk):
    with pytest.raises(ModuleRefused):
        await desk.install("wat/goatkit_nonsense")


async def test_a_plugin_in_standard_go_counts_what_a_person_may_see(desk):
    for number in range(3):
        await desk.ticket(f"ticket {number}")
    view = await desk.install("go/goatkit")
    assert (view.id, view.toolchain) == ("goatkit.go-count", "go")
    await desk.supervisor.controls.grant(view.id, "db:read:ticket,ticket_state", actor="test")
    for behalf, expected in (
        (EVERYTHING, [{"name": "New", "count": 3}]),
        (Behalf(Audience.person_of(desk.user.id)), [{"name": "New", "count": 3}]),
        (NOBODY, None),
    ):
        answer = await desk.supervisor.functions.call(view.id, "by_status", b"", behalf)
        assert (answer.error, json.loads(answer.value)) == (None, expected)
    unknown = await desk.supervisor.functions.call(view.id, "nothing", b"{}", EVERYTHING)
    assert json.loads(unknown.value) == {"error": "unknown function: nothing"}
