"""Records of plugins, and changes of tickets in one transaction with them."""

import random
from typing import Any

import trio

from helpdesk.actors import Role
from tests.supervisor.goatkit.test_desk_functions import (
    DESK,
    called,
    for_user,
    ready,
    refusal,
)

__all__ = ["ready"]

RUN = {"collection": "run", "key": "7", "value": {"step": "ask"}, "tag": "ask", "at": 5}


async def run(desk: Any) -> Any:
    return await called(desk, "records_get", {"collection": "run", "key": "7"})


async def test_records_are_written_listed_and_counted_all_or_none(ready):
    other = {**RUN, "key": "8", "tag": "do", "at": 9}
    assert await called(ready, "records_write", {"records": [RUN, other]}) == {"status": "ok"}
    made = {"key": "7", "revision": 1, "tag": "ask", "at": 5, "value": {"step": "ask"}}
    assert await run(ready) == made
    listed = await called(ready, "records_list", {"collection": "run", "after": "7"})
    assert [each["key"] for each in listed] == ["8"]
    found = {"collection": "run", "tag": "do", "until": 9}
    assert [each["at"] for each in await called(ready, "records_list", found)] == [9]
    assert await called(ready, "records_list", {**found, "until": 8}) is None
    counted = await called(ready, "records_count", {"collection": "run"})
    assert counted[0] == {"tag": "ask", "count": 1, "least": 5, "total": 5}
    writes = [{**RUN, "value": 1}, {**other, "value": None, "expect": 4}]
    answer = await called(ready, "records_write", {"records": writes})
    assert answer["status"] == "moved"
    assert await run(ready) == made
    gone = {"records": [{"collection": "run", "key": "7", "value": None, "expect": 1}]}
    assert await called(ready, "records_write", gone) == {"status": "ok"}
    assert await run(ready) is None


async def test_what_is_no_record_is_refused(ready):
    for wrong, why in (
        ({"records": [{**RUN, "value": "x" * 140_000}]}, "at most 131,072"),
        ({"records": [{**RUN, "key": ""}]}, "key: expected a text"),
        ({"records": [{**RUN, "at": "soon"}]}, "at: expected a whole number"),
        ({"records": [RUN] * 51}, "at most 50"),
        ({"records": [7]}, "expected objects"),
    ):
        assert why in await refusal(ready, "records_write", wrong)
    look = for_user(ready, ready.admin, is_look=True)
    assert "only looks" in await refusal(ready, "records_write", {"records": [RUN]}, look)


async def test_a_ticket_and_the_records_change_together_or_not_at_all(ready):
    ticket = await ready.ticket()
    asked = {"ticket_id": ticket.number, "note": "Approved.", "fields": {"step": "done"}}
    wanted = {**asked, "state": "Resolved", "records": [{**RUN, "expect": 0}]}
    assert await called(ready, "change_ticket", wanted) == {"status": "ok"}
    changed = await ready.helpdesk.tickets.get(ready.admin.actor, ticket.id)
    assert changed.status == "Resolved"
    assert [(field.key, field.value) for field in changed.custom_fields] == [("desk_step", "done")]
    assert await ready.replies(ticket) == ["Approved."]
    # A record that has moved on keeps the ticket as it is.
    assert (await called(ready, "change_ticket", {**wanted, "note": "Again."}))["status"] == "moved"
    # What the help desk refuses keeps the records as they are.
    for refused in ({"state": "No such status"}, {"note": "x", "state": "\0"}, {"ticket_id": 999}):
        moved = {**wanted, "records": [{**RUN, "value": 2}], **refused}
        assert (await called(ready, "change_ticket", moved))["status"] == "refused"
    assert await ready.replies(ticket) == ["Approved."]
    assert (await run(ready))["revision"] == 1


async def test_of_two_who_decide_at_once_one_does(ready):
    ticket = await ready.ticket()
    first = {"records": [{**RUN, "expect": 0}]}
    assert await called(ready, "records_write", first) == {"status": "ok"}
    answers = []

    async def decide(word: str) -> None:
        record = {**RUN, "value": {"by": word}, "expect": 1}
        asked = {"ticket_id": ticket.number, "note": word, "records": [record]}
        answers.append((await called(ready, "change_ticket", asked))["status"])

    async with trio.open_nursery() as nursery:
        for word in ("yes", "no", "maybe"):
            nursery.start_soon(decide, word)
    assert sorted(answers) == ["moved", "moved", "ok"]
    assert await ready.replies(ticket) == [(await run(ready))["value"]["by"]]


async def test_somebody_who_only_sees_a_ticket_can_bring_a_change_about_and_others_not(ready):
    outsider = await ready.helpdesk.users.create(
        ready.admin.actor, email="boss@example.com", name="Boss", role=Role.STAFF
    )
    stranger = await ready.helpdesk.users.create(
        ready.admin.actor, email="else@example.com", name="Else", role=Role.USER
    )
    group = await ready.helpdesk.groups.create(ready.admin.actor, name="Closed shop")
    ticket = await ready.ticket()
    await ready.helpdesk.tickets.assign_group(ready.admin.actor, ticket.id, group.id)
    asked = {"ticket_id": ticket.number, "state": "Resolved", "note": "Done, @boss@example.com."}
    answer = await called(ready, "change_ticket", asked, for_user(ready, stranger))
    assert answer["status"] == "refused"
    look = for_user(ready, outsider, is_look=True)
    assert "only looks" in await refusal(ready, "change_ticket", asked, look)
    assert await called(ready, "change_ticket", asked, for_user(ready, outsider)) == {
        "status": "ok"
    }
    changed = await ready.helpdesk.tickets.detail(ready.admin.actor, ticket.id)
    assert changed.ticket.status == "Resolved"
    # A note tells the staff that it mentions: they follow the ticket from now on.
    followers = await ready.helpdesk.followers.all(ready.admin.actor, ticket.id)
    assert "Boss" in [person.name for person in followers]


async def test_records_go_with_their_plugin(ready):
    await called(ready, "records_write", {"records": [RUN]})
    await ready.supervisor.controls.uninstall(DESK, actor="test")
    found = await ready.helpdesk.database.read(
        lambda db: db.execute("SELECT count(*) FROM plugin_records").fetchone()[0]
    )
    assert found == 0


async def test_counts_are_those_of_the_records_after_any_writes(ready):
    chance = random.Random(37)
    for _ in range(40):
        writes = [
            {
                "collection": chance.choice(("run", "log")),
                "key": str(chance.randrange(12)),
                "value": chance.choice((None, 1)),
                "tag": chance.choice(("", "ask", "do")),
                "at": chance.randrange(100),
                **chance.choice(({}, {}, {"expect": 0})),
            }
            for _ in range(chance.randrange(1, 4))
        ]
        await called(ready, "records_write", {"records": writes})
        for collection in ("run", "log"):
            query = (
                "SELECT tag, count(*) AS count, min(at) AS least, sum(at) AS total"
                " FROM plugin_records WHERE collection = ? GROUP BY tag ORDER BY tag"
            )
            rows = await ready.helpdesk.database.read(
                lambda db, query=query, of=collection: db.execute(query, (of,)).fetchall()
            )
            counted = [
                dict(zip(("tag", "count", "least", "total"), row, strict=True)) for row in rows
            ]
            found = await called(ready, "records_count", {"collection": collection})
            assert (found or []) == counted
