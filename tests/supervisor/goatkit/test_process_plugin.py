"""The plugin for processes, as it is in the box: real modules, a real desk, real transactions."""

import json
from pathlib import Path
from typing import Any

import pytest
import trio

from helpdesk.actors import Role
from supervisor.calls.behalf import EVERYTHING, Behalf
from supervisor.query import Audience

PACKAGE = Path(__file__).resolve().parents[3] / "plugins" / "process" / "process.zip"
ID = "goatkit.process"
MIB = 1024 * 1024
DEFINITION: dict[str, Any] = {
    "name": "Order",
    "fields": [{"id": "amount", "label": "Amount", "type": "number", "required": True}],
    "steps": [
        {
            "id": "ask",
            "name": "Ask",
            "kind": "form",
            "fields": ["amount"],
            "next": [{"on": "done", "to": "agree"}],
        },
        {
            "id": "agree",
            "name": "Agree",
            "kind": "approval",
            "due_hours": 1,
            "who": {"people": ["ann@example.com", "bob@example.com"]},
            "next": [
                {
                    "on": "approve",
                    "to": "end",
                    "when": [{"field": "amount", "op": "<", "value": "100"}],
                },
                {"on": "approve", "to": "end"},
                {"on": "reject", "to": "ask"},
            ],
        },
        {"id": "end", "name": "End", "kind": "end", "status": "Resolved"},
    ],
}


class Processes:
    """The plugin in a help desk, called as its pages are."""

    def __init__(self, desk: Any) -> None:
        self.desk = desk
        self.memory = 0

    async def call(self, function: str, who: Any = None, **arguments: Any) -> Any:
        """Call a function for a person, or as a job does; return its answer."""
        behalf = EVERYTHING if who is None else Behalf(Audience.person_of(who.id))
        if who is not None:
            role = {"admin": "Admin", "staff": "Agent", "user": "Customer"}[who.role.value]
            arguments |= {
                "_user_email": who.email,
                "_user_role": role,
                "_is_admin": role == "Admin",
                "_user_id": await self.number(who),
                "_lang": "en",
            }
        raw = json.dumps(arguments).encode()
        answer = await self.desk.supervisor.functions.call(ID, function, raw, behalf)
        assert answer.error is None
        self.memory = max(self.memory, answer.memory_bytes)
        return json.loads(answer.value)

    async def number(self, who: Any) -> int:
        query = "SELECT number FROM numbers WHERE kind = 'user' AND id = ?"
        found = await self.desk.helpdesk.database.read(
            lambda db: db.execute(query, (who.id,)).fetchone()
        )
        return int(found[0])

    async def publish(self, definition: Any, process: str = "order", revision: int = 1) -> Any:
        text = json.dumps(definition)
        return await self.call(
            "save",
            self.desk.admin,
            id=process,
            definition=text,
            revision=str(revision),
            publish="yes",
        )

    async def staff(self, name: str) -> Any:
        return await self.desk.helpdesk.users.create(
            self.desk.admin.actor, email=f"{name}@example.com", name=name, role=Role.STAFF
        )

    async def record(self, collection: str, key: str) -> Any:
        query = "SELECT value FROM plugin_records WHERE collection = ? AND key = ?"
        found = await self.desk.helpdesk.database.read(
            lambda db: db.execute(query, (collection, key)).fetchone()
        )
        return None if found is None else json.loads(found[0])

    async def run(self, ticket: Any) -> Any:
        return await self.record("run", f"{ticket.number:010}")


async def installed(desk: Any) -> Processes:
    """Install the plugin with all that it asks for; a process is a draft."""
    await desk.supervisor.installs.install(PACKAGE.read_bytes(), source="a test", actor="test")
    view = await desk.supervisor.overview.plugin(ID)
    for asked in view.permissions:
        await desk.supervisor.controls.grant(ID, asked.token, actor="test")
    await desk.supervisor.controls.set_enabled(ID, True, actor="test")
    made = Processes(desk)
    blank = await made.call("use", desk.admin, template="")
    assert blank == {"redirect": "/processes/new-process/design"}
    return made


@pytest.fixture
async def processes(desk: Any) -> Processes:
    """Return the plugin with all that it asks for, and a published process."""
    made = await installed(desk)
    assert await made.publish(DEFINITION, "new-process") == {"revision": 2, "version": 1}
    return made


async def started(processes: Processes) -> Any:
    ticket = await processes.desk.ticket()
    begun = {"ticket": str(ticket.number), "process": "new-process"}
    answer = await processes.call("start", processes.desk.admin, **begun)
    assert answer == {"redirect": f"/tickets/{ticket.number}"}
    return ticket


async def decide(processes: Processes, who: Any, ticket: Any, action: str, **more: str) -> Any:
    run = await processes.run(ticket)
    given = {"ticket": str(ticket.number), "entered": str(run["entered"]), "action": action}
    return await processes.call("act", who, **given, **more)


async def two_at_once(processes: Processes, ann: Any, bob: Any) -> None:
    ticket = await started(processes)
    await decide(processes, ann, ticket, "done", f_amount="50")
    shown = str((await processes.run(ticket))["entered"])
    answers = []

    async def vote(who: Any) -> None:
        given = {"ticket": str(ticket.number), "entered": shown, "action": "approve"}
        answers.append(await processes.call("act", who, **given))

    async with trio.open_nursery() as nursery:
        for who in (ann, bob):
            nursery.start_soon(vote, who)
    assert [{"redirect": f"/tickets/{ticket.number}"}] == [a for a in answers if "redirect" in a]
    (loser,) = [answer["html"] for answer in answers if "html" in answer]
    assert "Too late: " in loser
    assert "Your decision was not used." in loser
    changed = await processes.desk.helpdesk.tickets.get(processes.desk.admin.actor, ticket.id)
    assert changed.status == "Resolved"
    assert (await processes.run(ticket))["step"] == ""


async def together_or_not_at_all(processes: Processes, ann: Any) -> None:
    ticket = await started(processes)
    await decide(processes, ann, ticket, "done", f_amount="50")
    before = await processes.run(ticket)
    notes = await processes.desk.replies(ticket)
    # The status that the end has is taken away: the ticket can't follow, so the process does not.
    closed = await processes.desk.helpdesk.tickets.get(processes.desk.admin.actor, ticket.id)
    await processes.desk.helpdesk.tickets.close(processes.desk.admin.actor, closed.id)
    answer = await decide(processes, ann, ticket, "approve")
    assert "can't be changed, so nothing was" in answer["html"].replace("&#39;", "'")
    assert await processes.run(ticket) == before
    assert await processes.desk.replies(ticket) == notes


async def bad_input(processes: Processes, ann: Any, eve: Any) -> None:
    ticket = await started(processes)
    for value, why in (
        ("", "Fill in this field."),
        ("much", "Enter a number"),
        ("9" * MIB, "at most 4000 are possible"),
    ):
        answer = await decide(processes, ann, ticket, "done", f_amount=value)
        assert why in answer["html"]
    assert (await processes.run(ticket))["step"] == "ask"
    await decide(processes, ann, ticket, "done", f_amount="50")
    assert (
        "It waits for: ann@example.com"
        in ((await decide(processes, eve, ticket, "approve"))["html"])
    )
    unexplained = await decide(processes, ann, ticket, "reject")
    assert "Say why" in unexplained["html"]
    # Whoever can't see the ticket learns nothing about it.
    stranger = await processes.desk.helpdesk.users.create(
        processes.desk.admin.actor, email="s@example.com", name="S", role=Role.USER
    )
    assert (await decide(processes, stranger, ticket, "approve"))["status"] == 404


async def refused_definitions(processes: Processes) -> None:
    steps = DEFINITION["steps"]
    nested = {**steps[0], "kind": "process"}
    circle = {**steps[0], "next": [{"on": "done", "to": "ask"}]}
    for wrong, why in (
        ({**DEFINITION, "fields": []}, "uses the field “amount”, which doesn't exist"),
        ({**DEFINITION, "steps": [nested, *steps[1:]]}, "can't contain another"),
        ({**DEFINITION, "steps": [circle, *steps[1:]]}, "goes round in circles"),
        ({**DEFINITION, "steps": []}, "has 1 to 60 steps"),
        ({**DEFINITION, "name": "x" * 120_000}, "too large"),
        ({**DEFINITION, "more": 1}, "no exported process"),
    ):
        answer = await processes.publish(wrong, "new-process", 2)
        assert answer["status"] in {400, 422}
        assert why in answer["error"]
    assert (await processes.record("process", "new-process"))["version"] == 1


async def versions(processes: Processes, ann: Any) -> None:
    ticket = await started(processes)
    later = {**DEFINITION, "name": "Order anew"}
    assert (await processes.publish(later, "new-process", 2))["version"] == 2
    assert (await processes.run(ticket))["version"] == 1
    refused = await processes.call("delete", processes.desk.admin, id="new-process", version="1")
    assert "Version 1 is still in use" in refused["html"]
    # As after a backup of another day: the version is not there.
    await processes.desk.helpdesk.database.write(
        lambda db: db.execute(
            "DELETE FROM plugin_records WHERE collection = 'version' AND key LIKE '%000001'"
        )
    )
    shown = await processes.call("panel", ann, ticket_id=ticket.number)
    assert "Version 1 of this process was deleted" in shown["html"]
    assert "was deleted" in (await decide(processes, ann, ticket, "done", f_amount="1"))["html"]
    await processes.call("resume", processes.desk.admin, ticket=str(ticket.number))
    assert (await processes.run(ticket))["version"] == 2
    assert "redirect" in await decide(processes, ann, ticket, "done", f_amount="1")


async def late(processes: Processes, ann: Any) -> None:
    ticket = await started(processes)
    await decide(processes, ann, ticket, "done", f_amount="50")
    for query in (
        "UPDATE plugin_records SET value = json_set(value, '$.due', 60) WHERE collection = 'run'",
        "UPDATE plugin_records SET at = 60 WHERE collection = 'due'",
    ):
        await processes.desk.helpdesk.database.write(lambda db, query=query: db.execute(query))
    assert await processes.call("late") == {"told": 3}
    assert await processes.call("late") == {"told": 0}
    assert "The step **Agree** was due" in (await processes.desk.replies(ticket))[-1]
    # Whom the step names is told in the help desk, when it begins and when it is late.
    notices = processes.desk.helpdesk.notifications
    mine = await processes.desk.until(
        lambda: notices.list(ann.actor),
        lambda found: len([notice for notice in found if ticket.id in (notice.link or "")]) >= 2,
    )
    assert {notice.read_at for notice in mine} == {None}
    page = await processes.call("one", processes.desk.admin, id="new-process")
    assert '<td>Agree</td><td class="num">3</td><td class="num">3</td>' in page["html"]


async def test_each_step_is_one_transaction_with_its_ticket_and_one_decision_counts(processes):
    """One test: compiling the module takes longer than all that it does here."""
    ann, bob = await processes.staff("ann"), await processes.staff("bob")
    await two_at_once(processes, ann, bob)
    await together_or_not_at_all(processes, ann)
    await bad_input(processes, ann, await processes.staff("eve"))
    await late(processes, ann)
    await refused_definitions(processes)
    await versions(processes, ann)
    assert processes.memory < 64 * MIB
