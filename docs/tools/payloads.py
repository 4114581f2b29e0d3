"""Example events: a ticket's life is played on a real help desk, and its events are read.

Owns that story, and the description of the JSON that it leaves in the outbox. Ids and times differ
from run to run; what is shown has fixed ones in their place.
"""

import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpdesk.actors import SYSTEM, Actor, Role
from helpdesk.service import HelpDesk
from helpdesk.tickets.model import TicketDraft

_ULID = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{26}\b")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_OPEN_OBJECTS = frozenset({"ticket.custom_fields"})
"""Objects whose keys are data."""


@dataclass(frozen=True, slots=True)
class Field:
    """One key of the payloads: its path with dots, and the types that its values have."""

    path: str
    types: str
    events: tuple[str, ...]


async def play() -> list[dict[str, Any]]:
    """Return the payloads of a ticket's life, in which each of the eight events happens."""
    with tempfile.TemporaryDirectory() as folder:
        async with HelpDesk.open(Path(folder, "helpdesk.db")) as desk:
            await _live(desk)
            return [json.loads(event.body) for event in await desk.outbox.read_after(0, 1_000)]


async def _live(desk: HelpDesk) -> None:
    sam = await desk.users.create(SYSTEM, email="sam@example.com", name="Sam Ortiz", role=Role.USER)
    lee = await desk.users.create(SYSTEM, email="lee@example.com", name="Lee Chen", role=Role.STAFF)
    hardware = (await desk.catalogue.add_category(SYSTEM, "Hardware")).id
    laptop = (await desk.catalogue.add_type(SYSTEM, hardware, "Laptop")).id
    await desk.catalogue.add_item(SYSTEM, laptop, "Battery")
    team = await desk.groups.create(
        SYSTEM, name="Hardware Team", member_ids=[lee.id], category_ids=[hardware]
    )
    robot = Actor.plugin("com.example.assets", "Assets", cause_depth=0)
    words = {"subject": "New laptop request", "description": "Mine was stolen."}
    ticket = await desk.tickets.create(
        sam.actor, TicketDraft(**words, category="Hardware", type="Laptop")
    )
    async with desk.files.receive() as arrival:
        await arrival.write(b"The police report, as text.")
        report = await arrival.keep()
        await desk.files.add(sam.actor, ticket.id, "report.txt", report, internal=False)
    bare = await desk.tickets.create(sam.actor, TicketDraft(**words))
    await desk.tickets.classify(
        lee.actor, ticket.id, category="Hardware", type="Laptop", item="Battery"
    )
    await desk.tickets.assign_group(lee.actor, ticket.id, team.id)
    await desk.tickets.assign_user(lee.actor, ticket.id, lee.id)
    await desk.tickets.set_custom_field(robot, ticket.id, "asset_tag", "L-1042")
    await desk.tickets.note(robot, ticket.id, "Ordered as L-1042.")
    await desk.tickets.reply(lee.actor, ticket.id, "A new one is on its way.")
    await desk.tickets.note(lee.actor, ticket.id, "The insurance pays.")
    await desk.tickets.resolve(lee.actor, ticket.id, "Handed over.")
    await desk.tickets.reopen(sam.actor, ticket.id, "The battery is dead.")
    await desk.tickets.resolve(lee.actor, ticket.id)
    await desk.tickets.close(lee.actor, ticket.id)
    await desk.tickets.close(lee.actor, bare.id)


def describe(payloads: Sequence[Mapping[str, Any]]) -> list[Field]:
    """Return every key that the payloads have, in order of appearance."""
    kinds: dict[str, dict[str, None]] = {}
    where: dict[str, dict[str, None]] = {}
    for payload in payloads:
        for path, kind in _walk(payload, ""):
            kinds.setdefault(path, {})[kind] = None
            where.setdefault(path, {})[payload["event"]] = None
    return [Field(p, " or ".join(sorted(kinds[p], key=_null_last)), (*where[p],)) for p in kinds]


def shown(payload: Mapping[str, Any]) -> str:
    """Return a payload as indented JSON with fixed ids and times."""
    known: dict[str, str] = {}
    text = json.dumps(payload, indent=2, ensure_ascii=False)
    text = _ULID.sub(
        lambda found: known.setdefault(found[0], f"01JQXYZ{len(known) + 1:019d}"), text
    )
    return _TIME.sub("2026-04-05T14:00:00Z", text)


def _walk(value: Mapping[str, Any], above: str) -> Iterator[tuple[str, str]]:
    for key, inner in value.items():
        path = f"{above}.{key}" if above else key
        if path in _OPEN_OBJECTS:
            yield path, "object of strings"
            continue
        yield path, _kind(inner)
        if isinstance(inner, dict):
            yield from _walk(inner, path)
        if isinstance(inner, list):
            for item in inner:
                yield from _walk(item, f"{path}[]")


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "time" if _TIME.fullmatch(value) else "string"
    if isinstance(value, list):
        return "array of objects"
    return "object" if isinstance(value, dict) else "number"


def _null_last(kind: str) -> tuple[bool, str]:
    return kind == "null", kind
