"""Reads the cases of a GoatKit plugin; says what is wrong with its file, its line and the fix."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.kit.cases import check_limits, check_stubs
from cli.kit.faults import read_as
from cli.kit.function_shape import FunctionCaseShape, FunctionExpect, SampleTicket
from cli.kit.shape import Stub
from cli.trial.document import Document
from cli.trial.function_call import FunctionCall
from helpdesk.demo_data import (
    ADMIN,
    CATALOGUE,
    PEOPLE,
    STATUSES,
    TICKETS,
    DemoTicket,
    Move,
)
from helpdesk.statuses import CLOSED, NEW, RESOLVED
from supervisor.limits import MIB, Limits

_HOURS = 24.0
_KNOWN_STATUSES = (NEW, *STATUSES, RESOLVED, CLOSED)
_CHANGES_TICKETS = ("ticket:", "article:", "custom_field:", "requested")
"""How grants begin with which a call may change what the next case would find."""


@dataclass(frozen=True, slots=True)
class FunctionCase:
    """One case, ready to be run."""

    name: str
    document: Document
    call: FunctionCall
    tickets: Sequence[DemoTicket]
    config: Mapping[str, Any]
    http: tuple[Stub, ...]
    limits: Mapping[str, float]
    """Those that the case has of its own."""
    expect: FunctionExpect

    @property
    def needs_own_desk(self) -> bool:
        """Whether what it does must not be found by another case, or has tickets of its own."""
        return self.tickets is not TICKETS or any(
            grant.startswith(_CHANGES_TICKETS) for grant in self.call.grants
        )


def read_function_case(path: Path, limits: Limits) -> FunctionCase:
    """Return the case in a file; raises FileWrong, CannotGoOn."""
    document = Document(path)
    shape = read_as(document, FunctionCaseShape)
    check_stubs(document, shape.http, None)
    check_limits(document, shape.limits, limits)
    given = {name: getattr(shape.limits, name) for name in shape.limits.__struct_fields__}
    own = {name: value for name, value in given.items() if value is not None}
    if (memory := own.pop("memory_bytes", None)) is not None:
        own["memory_mib"] = -(-memory // MIB)
    return FunctionCase(
        name=shape.name or path.stem,
        document=document,
        call=FunctionCall(
            shape.call,
            shape.args,
            shape.user,
            shape.language,
            tuple(shape.grants),
            own.pop("deadline_s", None),
        ),
        tickets=TICKETS if shape.tickets is None else _tickets(document, shape.tickets),
        config=shape.config,
        http=tuple(shape.http),
        limits=own,
        expect=shape.expect,
    )


def _tickets(document: Document, samples: Sequence[SampleTicket]) -> list[DemoTicket]:
    people = [person.email for person in PEOPLE]
    for at, sample in enumerate(samples):
        known: dict[str, tuple[str | None, Sequence[str]]] = {
            "requester": (sample.requester, people),
            "assignee": (sample.assignee, people),
            "status": (sample.status, _KNOWN_STATUSES),
            "category": (sample.category, tuple(CATALOGUE)),
            "type": (sample.type, tuple(CATALOGUE.get(sample.category or "", ()))),
        }
        known["item"] = (
            sample.item,
            CATALOGUE.get(sample.category or "", {}).get(sample.type or "", ()),
        )
        for key, (value, expected) in known.items():
            if value is not None and value not in expected:
                words = ", ".join(expected) or "none, as there is nothing to choose from"
                problem = f"tickets[{at}].{key} is {value!r}; expected one of {words}"
                raise document.wrong(("tickets", at, key), problem)
    return [_ticket(sample) for sample in samples]


def _ticket(sample: SampleTicket) -> DemoTicket:
    hours = sample.days_ago * _HOURS
    moves = []
    if sample.assignee is not None:
        moves.append(Move(hours, ADMIN, "assign", sample.assignee))
    if sample.status in (RESOLVED, CLOSED):
        moves.append(Move(hours, ADMIN, "resolve", "Solved."))
    if sample.status == CLOSED:
        moves.append(Move(hours, ADMIN, "close"))
    elif sample.status in STATUSES:
        moves.append(Move(hours, ADMIN, "status", sample.status))
    return DemoTicket(
        hours_ago=hours,
        by=sample.requester,
        subject=sample.subject,
        description=sample.description,
        priority=sample.priority,
        place=(sample.category, sample.type, sample.item),
        moves=tuple(moves),
    )
