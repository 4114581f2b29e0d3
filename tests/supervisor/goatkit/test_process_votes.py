"""Approvals in the plugin for processes: by several, by groups, and by who can't any more."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio

from helpdesk.actors import Role
from helpdesk.tickets.model import TicketDraft
from tests.supervisor.goatkit.test_process_plugin import (
    MIB,
    Processes,
    decide,
    installed,
)

GROUP = "Buyers"


def definition(**agree: Any) -> dict[str, Any]:
    return {
        "name": "Votes",
        "steps": [
            {
                "id": "agree",
                "name": "Agree",
                "kind": "approval",
                **agree,
                "next": [{"on": "approve", "to": "end"}, {"on": "reject", "to": "no"}],
            },
            {"id": "end", "name": "End", "kind": "end", "status": "Resolved"},
            {"id": "no", "name": "No", "kind": "end"},
        ],
    }


class Voting:
    """A process with one approval, anew for each case, and the people of the cases."""

    def __init__(self, processes: Processes) -> None:
        self.processes = processes
        self.desk = processes.desk
        self.people: dict[str, Any] = {}
        self.group: Any = None
        self._revision = 1

    @property
    def admin(self) -> Any:
        return self.desk.admin

    async def begin(self, ticket: Any = None, **agree: Any) -> Any:
        """Publish the process with this approval, and start it on a ticket."""
        made = await self.processes.publish(definition(**agree), "new-process", self._revision)
        self._revision = made["revision"]
        found = ticket or await self.desk.ticket()
        begun = {"ticket": str(found.number), "process": "new-process"}
        answer = await self.processes.call("start", self.admin, **begun)
        assert "redirect" in answer, answer
        return found

    async def vote(self, name: str, ticket: Any, action: str = "approve", **more: str) -> str:
        """Decide for a person; return what they are told, empty where they are led back."""
        answer = await decide(self.processes, self.people[name], ticket, action, **more)
        return "" if "redirect" in answer else str(answer.get("html", answer))

    async def ticket_of(self, person: Any) -> Any:
        draft = TicketDraft("Mine", "It is mine.")
        return await self.desk.helpdesk.tickets.create(person.actor, draft)

    async def step(self, ticket: Any) -> str:
        return str((await self.processes.run(ticket))["step"])

    async def votes(self, ticket: Any) -> list[str]:
        return [vote["by"].split("@")[0] for vote in (await self.processes.run(ticket))["votes"]]

    async def shown(self, name: str, ticket: Any) -> str:
        panel = await self.processes.call("panel", self.people[name], ticket_id=ticket.number)
        return str(panel["html"]).replace("&#39;", "'")


async def any_one_of_a_group(voting: Voting) -> None:
    ticket = await voting.begin(who={"groups": [GROUP.upper()]})
    assert "You can't decide" in (await voting.vote("eve", ticket)).replace("&#39;", "'")
    assert await voting.vote("bob", ticket) == ""
    assert await voting.step(ticket) == ""
    # Over is over: who comes later is told who decided.
    run = await voting.processes.run(ticket)
    late = {"ticket": str(ticket.number), "entered": str(run["entered"]), "action": "approve"}
    answer = await voting.processes.call("act", voting.people["ann"], **late)
    assert "Too late: bob@example.com approved this" in answer["html"]


async def some_of_a_group(voting: Voting) -> None:
    ticket = await voting.begin(who={"groups": [GROUP]}, need=2)
    assert await voting.vote("ann", ticket) == ""
    assert "You have approved this step already" in await voting.vote("ann", ticket)
    assert "1 of 2" in await voting.shown("eve", ticket)
    assert await voting.step(ticket) == "agree"
    assert await voting.vote("cid", ticket) == ""
    assert await voting.step(ticket) == ""
    # One who rejects decides for all, with a reason.
    ticket = await voting.begin(who={"groups": [GROUP]}, need=2)
    assert await voting.vote("ann", ticket) == ""
    assert await voting.vote("bob", ticket, "reject", comment="Too dear") == ""
    log = await voting.processes.record("log", f"{ticket.number:010}/000003")
    assert (log["by"], log["action"], log["comment"]) == ("bob@example.com", "reject", "Too dear")


async def everybody(voting: Voting) -> None:
    ticket = await voting.begin(
        who={"groups": [GROUP], "people": ["ann@example.com", "dan@example.com"]}, all=True
    )
    for name in ("ann", "bob", "dan"):
        assert await voting.vote(name, ticket) == ""
        assert await voting.step(ticket) == "agree"
    assert "3 of 4" in await voting.shown("eve", ticket)
    assert await voting.vote("cid", ticket) == ""
    assert await voting.step(ticket) == ""


async def at_one_moment(voting: Voting) -> None:
    """The same person in two sessions counts once; the last two of all end the step once."""
    ticket = await voting.begin(who={"groups": [GROUP]}, need=3)
    shown = str((await voting.processes.run(ticket))["entered"])
    answers: list[Any] = []

    async def approve(name: str) -> None:
        given = {"ticket": str(ticket.number), "entered": shown, "action": "approve"}
        answers.append(await voting.processes.call("act", voting.people[name], **given))

    async def together(*names: str) -> None:
        answers.clear()
        async with trio.open_nursery() as nursery:
            for name in names:
                nursery.start_soon(approve, name)

    await together("ann", "ann")
    assert await voting.votes(ticket) == ["ann"]
    (second,) = [answer["html"] for answer in answers if "html" in answer]
    assert "You have approved this step already" in second
    await together("bob", "cid")
    assert all("redirect" in answer for answer in answers)
    assert await voting.step(ticket) == ""
    run = await voting.processes.run(ticket)
    assert run["logged"] == 4


async def who_left(voting: Voting) -> None:
    groups = voting.desk.helpdesk.groups
    members = [voting.people[name].id for name in ("ann", "bob", "cid")]
    everybody = await voting.begin(who={"groups": [GROUP]}, all=True)
    two = await voting.begin(who={"groups": [GROUP]}, need=2)
    for ticket in (everybody, two):
        assert await voting.vote("ann", ticket) == ""
    # Ann leaves: her approvals were given. Bob leaves: he can approve no more.
    await groups.update(voting.admin.actor, voting.group.id, member_ids=members[2:])
    for ticket in (everybody, two):
        assert "You can't decide" in (await voting.vote("bob", ticket)).replace("&#39;", "'")
        assert await voting.vote("cid", ticket) == ""
        assert await voting.step(ticket) == ""
    # Nobody is left who could be the second: that is said, and nothing goes on by itself.
    ticket = await voting.begin(who={"groups": [GROUP]}, need=2)
    assert await voting.vote("cid", ticket) == ""
    assert await voting.step(ticket) == "agree"
    assert "needs 2 approvals, and at most 1 can come" in await voting.shown("eve", ticket)
    await groups.update(voting.admin.actor, voting.group.id, member_ids=members)
    # Who had approved already can end it when those who were missing have left.
    ticket = await voting.begin(who={"groups": [GROUP]}, all=True)
    assert await voting.vote("ann", ticket) == ""
    await groups.update(voting.admin.actor, voting.group.id, member_ids=members[:1])
    assert await voting.vote("ann", ticket) == ""
    assert await voting.step(ticket) == ""
    await groups.update(voting.admin.actor, voting.group.id, member_ids=members)


async def who_is_disabled(voting: Voting) -> None:
    people = {"people": ["dan@example.com", "eve@example.com"]}
    alone = await voting.begin(who={"people": ["dan@example.com"]})
    everybody = await voting.begin(who=people, all=True)
    await voting.desk.helpdesk.users.update(
        voting.admin.actor, voting.people["dan"].id, disabled=True
    )
    shown = await voting.shown("eve", alone)
    assert "Can't decide this step: dan@example.com" in shown
    assert "at most 0 can come" in shown
    # A session that is a moment older than that has no say.
    answer = await decide(voting.processes, voting.people["dan"], alone, "approve")
    assert "redirect" not in answer
    assert await voting.step(alone) == "agree"
    assert await voting.vote("eve", everybody) == ""
    assert await voting.step(everybody) == ""
    # An admin names somebody else and goes on with that.
    made = await voting.processes.publish(
        definition(who={"people": ["eve@example.com"]}), "new-process", voting._revision
    )
    voting._revision = made["revision"]
    await voting.processes.call("resume", voting.admin, ticket=str(alone.number))
    assert await voting.vote("eve", alone) == ""
    assert await voting.step(alone) == ""


async def requesters(voting: Voting) -> None:
    """Whoever is named decides on tickets that they see: a requester on their own alone."""
    named = {"people": ["ursula@example.com"]}
    user, other = voting.people["ursula"], voting.people["other"]
    own = await voting.ticket_of(user)
    ticket = await voting.begin(own, who=named)
    assert 'value="approve"' in await voting.shown("ursula", ticket)
    answer = await decide(voting.processes, other, ticket, "approve")
    assert answer["status"] == 404
    assert await voting.vote("ursula", ticket) == ""
    assert await voting.step(ticket) == ""
    foreign = await voting.ticket_of(other)
    ticket = await voting.begin(foreign, who=named)
    answer = await decide(voting.processes, user, ticket, "approve")
    assert answer["status"] == 404
    assert await voting.step(ticket) == "agree"
    assert "Can't decide this step: ursula@example.com" in await voting.shown("eve", ticket)
    # With a group that a requester can't look into, nothing goes on without its members.
    own = await voting.ticket_of(user)
    ticket = await voting.begin(own, who={**named, "groups": [GROUP]}, all=True)
    for name in ("ursula", "ann", "bob"):
        assert await voting.vote(name, ticket) == ""
        assert await voting.step(ticket) == "agree"
    assert await voting.vote("cid", ticket) == ""
    assert await voting.step(ticket) == ""


CASES: tuple[Callable[[Voting], Awaitable[None]], ...] = (
    any_one_of_a_group,
    some_of_a_group,
    everybody,
    at_one_moment,
    who_left,
    who_is_disabled,
    requesters,
)


@pytest.fixture
async def voting(desk: Any) -> Voting:
    """Return a process to vote in, with three in a group and two beside it."""
    made = Voting(await installed(desk))
    for name in ("ann", "bob", "cid", "dan", "eve"):
        made.people[name] = await made.processes.staff(name)
    for name in ("ursula", "other"):
        made.people[name] = await desk.helpdesk.users.create(
            desk.admin.actor, email=f"{name}@example.com", name=name, role=Role.USER
        )
    made.group = await desk.helpdesk.groups.create(
        desk.admin.actor,
        name=GROUP,
        member_ids=[made.people[name].id for name in ("ann", "bob", "cid")],
    )
    return made


async def test_approvals_count_by_who_can_give_them_when_they_do(voting):
    """One test: compiling the module takes longer than all that it does here."""
    for case in CASES:
        await case(voting)
    assert voting.processes.memory < 64 * MIB
