"""What people send the plugin for processes: definitions that are huge, wrong or endless."""

import base64
import json
from typing import Any

from tests.supervisor.goatkit.test_process_plugin import (
    DEFINITION,
    MIB,
    decide,
    installed,
    started,
)


async def uploaded(processes: Any, raw: bytes) -> str:
    """Import a file; return where it leads, or the page that says what is wrong."""
    file = {"name": "p.json", "data": base64.b64encode(raw).decode()}
    answer = await processes.call("import", processes.desk.admin, file=file)
    return str(answer.get("redirect") or answer["html"]).replace("&#39;", "'")


def long(steps: int) -> dict[str, Any]:
    """Return a process of so many steps, one behind another."""
    made: list[dict[str, Any]] = [
        {
            "id": f"s{i}",
            "name": f"S{i}",
            "kind": "task",
            "next": [{"on": "done", "to": f"s{i + 1}"}],
        }
        for i in range(steps - 1)
    ]
    return {"name": "Long", "steps": [*made, {"id": f"s{steps - 1}", "name": "E", "kind": "end"}]}


def tangled(steps: int) -> dict[str, Any]:
    """Return a process whose every step leads to every other one, as far as there are ways."""
    made = long(steps)
    for i, step in enumerate(made["steps"][:-1]):
        step["next"] = [
            *(
                {"on": "done", "to": f"s{(i + n * 7) % (steps - 1)}", "when": []}
                for n in range(1, 12)
            ),
            *step["next"],
        ]
    return made


async def wrong_files(processes: Any) -> None:
    for raw, why in (
        (b"", "Fill in this field."),
        (b"\xff\xfe\x00", "This is no exported process"),
        (b"[" * 90_000, "This is no exported process"),
        (b'{"a":' * 15_000, "This is no exported process"),
        (b"[]", "an object with name and steps"),
        (b'{"name": "x", "steps": 7}', "has 1 to 60 steps"),
        (json.dumps(long(10_000)).encode(), "too large"),
        (json.dumps(long(800)).encode(), "has 1 to 60 steps"),
        (b'{"name":"' + b"x" * MIB + b'"}', "too large"),
    ):
        found = await uploaded(processes, raw)
        assert why in found, (raw[:40], found[:400])
    steps = DEFINITION["steps"]
    deep = {**steps[0], "kind": "process", "steps": [steps]}
    assert "steps" in await uploaded(
        processes, json.dumps({**DEFINITION, "steps": [deep, *steps[1:]]}).encode()
    )
    assert await processes.record("process", "long") is None


async def in_and_out(processes: Any) -> None:
    """What was exported is imported as the same; the widest picture stays within the bounds."""
    for made in (long(60), tangled(60)):
        where = await uploaded(processes, json.dumps(made).encode())
        assert where.startswith("/processes/long"), where[:400]
        shown = await processes.call("one", processes.desk.admin, id=where.rpartition("/")[2])
        assert "<svg" in shown["html"]
    answer = await processes.call("export", processes.desk.admin, id="long")
    exported = json.loads(base64.b64decode(answer["data"]))
    assert exported == long(60)


async def a_field_that_was_removed(processes: Any) -> None:
    """As after an import of older data: the condition holds for a field without a value."""
    ticket = await started(processes)
    await processes.desk.helpdesk.database.write(
        lambda db: db.execute(
            "UPDATE plugin_records SET value = json_set(value, '$.definition.fields', json('[]'))"
            " WHERE collection = 'version' AND key = 'new-process/000001'"
        )
    )
    ann = await processes.staff("ann")
    shown = await processes.call("panel", ann, ticket_id=ticket.number)
    assert "f_amount" not in shown["html"]
    assert "redirect" in await decide(processes, ann, ticket, "done")
    assert "redirect" in await decide(processes, ann, ticket, "approve")
    assert (await processes.run(ticket))["step"] == ""


async def test_what_is_wrong_with_a_file_is_said_and_nothing_is_kept_of_it(desk: Any) -> None:
    """One test: compiling the module takes longer than all that it does here."""
    processes = await installed(desk)
    await processes.publish(DEFINITION, "new-process")
    await wrong_files(processes)
    await in_and_out(processes)
    await a_field_that_was_removed(processes)
    assert processes.memory < 64 * MIB
