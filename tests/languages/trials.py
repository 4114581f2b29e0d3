"""One program per language, each behaviour of it tried in a child of its own."""

import json
from dataclasses import dataclass
from functools import partial
from typing import Any

import trio

from cli.bench import Bench, open_bench
from cli.module import Inspection, inspect_module
from cli.one_event import Candidate, Trial
from sandbox_child.wire.messages import EVENT, PANEL
from supervisor.bound_secrets import BoundSecrets
from supervisor.config import SupervisorConfig
from supervisor.egress import EgressClient, EgressPolicy
from supervisor.manifest import check_config, effective_config
from supervisor.process.conversation import Work
from supervisor.redaction import Redactor
from tests.children import QUICK, SHORT
from tests.guests.toolchains import CACHE
from tests.stand_in import Request, StandIn, open_stand_in

TOKEN = "a-token-of-the-plugin"
CONFIG = {"greeting": 'Grüß "Gott"', "token": TOKEN, "count": -7, "loud": True}
ANSWER = 'ünïcödé "quoted"\n🎫'
TEXT = 'A \\ "text"\tin ünïcödé 🎫\nof two lines'
LARGE = "x" * 900_000 + "end"
TICKET = {
    "id": "01JQXYZ8S5WZ3V0M2K4N6P8R9T",
    "description": TEXT,
    "status": "New",
    "priority": "Critical",
    "category": "Hardware",
    "type": None,
    "item": None,
    "submitter": {"id": "01JQABC8S5WZ3V0M2K4N6P8R9T", "name": "Žofie", "email": "z@example.com"},
    "assignee": {"id": "01JQDEF8S5WZ3V0M2K4N6P8R9T", "name": "Second line", "kind": "group"},
    "created_at": "2026-04-05T14:00:00Z",
    "url": "https://helpdesk.example.com/tickets/01JQXYZ8S5WZ3V0M2K4N6P8R9T",
    "custom_fields": {"severity": "high", "other": "1"},
}


def payload(subject: str, **ticket: Any) -> dict[str, Any]:
    """Return an event whose ticket's subject tells the program what to do."""
    return {
        "event": "ticket.status_changed",
        "occurred_at": "2026-04-05T14:00:01Z",
        "ticket": {**TICKET, "subject": subject, **ticket},
        "actor": {"id": "01JQAGE8S5WZ3V0M2K4N6P8R9T", "name": "Alex", "role": "agent"},
        "data": {"from_status": "Open", "to_status": "New"},
    }


def asks(**more: str) -> dict[str, dict[str, Any]]:
    """Return what each behaviour is asked for with, by its name."""
    subjects = {"event": "event", "log": f"log {TEXT}", "reply": "reply", "note": "note"}
    subjects |= {"field": "field", "config": "config", "trap": "trap", "loop": "loop"}
    subjects |= {"memory": "memory"} | more
    whole = {name: payload(subject) for name, subject in subjects.items()}
    return whole | {"large": payload("large", description=LARGE)}


@dataclass
class Tried:
    """What one language's program did with everything."""

    trials: dict[str, Trial]
    requests: list[Request]

    def lines(self, behaviour: str) -> list[tuple[str, str]]:
        return [(line["level"], line["message"]) for line in self.trials[behaviour].logs]


async def try_all(module: bytes) -> Tried:
    """Run each behaviour of a program in a fresh child, several at once."""
    found = inspect_module(module)
    trials: dict[str, Trial] = {}
    async with trio.open_nursery() as nursery:
        server = await open_stand_in(nursery)
        server.answer = ANSWER.encode()
        async with (
            _egress(server) as egress,
            open_bench(SupervisorConfig(CACHE), module, found) as bench,
        ):
            attempt = partial(_attempt, bench, egress, found, trials)
            async with trio.open_nursery() as children:
                for name, event in asks(
                    http_200="http https://api.example.com/things",
                    http_403="http https://elsewhere.example.com/",
                    http_0="http https://down.example.com/",
                ).items():
                    children.start_soon(attempt, name, event)
                children.start_soon(attempt, "panel", None)
        nursery.cancel_scope.cancel()
    return Tried(trials, server.requests)


def _egress(server: StandIn) -> EgressClient:
    # Nothing listens on port 9 of this machine: what goes there has no answer.
    routes = {"api.example.com": server.url, "down.example.com": "http://127.0.0.1:9"}
    return EgressClient(EgressPolicy(live=False, routes=routes))


async def _attempt(
    bench: Bench,
    egress: EgressClient,
    found: Inspection,
    trials: dict[str, Trial],
    name: str,
    event: dict[str, Any] | None,
) -> None:
    config = effective_config(found.manifest, check_config(found.manifest, CONFIG))
    if event is None:
        work = Work(PANEL, TICKET["id"].encode(), None)  # type: ignore[attr-defined]
    else:
        blob = json.dumps({**event, "config": config}, ensure_ascii=False).encode()
        work = Work(EVENT, blob, None)
    secrets = BoundSecrets(found.manifest, config)
    candidate = Candidate(found.manifest, secrets, Redactor([TOKEN]))
    limits = SHORT if name == "loop" else QUICK
    trials[name] = await bench.attempt(candidate, work, egress=egress, limits=limits)
