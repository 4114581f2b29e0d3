"""One program per language, each behaviour of it tried in a child of its own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import trio

from cli.trial.guest_call import Candidate, Trial
from cli.trial.module import inspect_module
from cli.trial.workbench import open_workbench
from sandbox_child.wire.messages import EVENT, PANEL
from supervisor.calls.bound_secrets import BoundSecrets
from supervisor.config import SupervisorConfig
from supervisor.egress import EgressClient, EgressPolicy
from supervisor.manifest import check_config, effective_config
from supervisor.process.conversation import Work
from supervisor.secrets.redaction import Redactor
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
        "actor": {"id": "01JQAGE8S5WZ3V0M2K4N6P8R9T", "name": "Alex", "role": "staff"},
        "data": {"from_status": "Open", "to_status": "New"},
    }


def asks(config: Mapping[str, Any]) -> dict[str, bytes]:
    """Return what each behaviour is asked for with, by its name: payloads of events."""
    subjects = {"event": "event", "log": f"log {TEXT}", "reply": "reply", "note": "note"}
    subjects |= {"field": "field", "config": "config", "trap": "trap", "loop": "loop"}
    subjects |= {
        "memory": "memory",
        "http_200": "http https://api.example.com/things",
        "http_403": "http https://elsewhere.example.com/",
        "http_0": "http https://down.example.com/",
    }
    events = {name: payload(subject) for name, subject in subjects.items()}
    events["large"] = payload("large", description=LARGE)
    whole = {name: _encode(event | {"config": config}) for name, event in events.items()}
    odd = {"unknown": [{"ticket": [[], {}, -1.5e3, None]}, "]}"]} | events["log"]
    whole["odd"] = json.dumps(odd | {"config": config}, indent=2).encode()
    whole["broken"] = whole["log"][:-9]
    return whole


def _encode(event: dict[str, Any]) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass
class Tried:
    """What one language's program did with everything."""

    trials: dict[str, Trial]
    requests: list[Request]

    def lines(self, behaviour: str) -> list[tuple[str, str]]:
        return [(line["level"], line["message"]) for line in self.trials[behaviour].logs]


async def try_all(module: bytes) -> Tried:
    """Run each behaviour of a program in a new child, several at once."""
    found = inspect_module(module)
    config = effective_config(found.manifest, check_config(found.manifest, CONFIG))
    works = {name: Work(EVENT, blob, None) for name, blob in asks(config).items()}
    works["panel"] = Work(PANEL, str(TICKET["id"]).encode(), None)
    trials: dict[str, Trial] = {}
    async with trio.open_nursery() as nursery:
        server = await open_stand_in(nursery)
        server.answer = ANSWER.encode()
        async with (
            _egress(server) as egress,
            open_workbench(SupervisorConfig(CACHE), module, found) as workbench,
        ):
            candidate = Candidate(
                found.manifest, BoundSecrets(found.manifest, config), Redactor([TOKEN])
            )

            async def attempt(name: str, work: Work) -> None:
                limits = SHORT if name == "loop" else QUICK
                trials[name] = await workbench.attempt(
                    candidate, work, egress=egress, limits=limits
                )

            async with trio.open_nursery() as children:
                for name, work in works.items():
                    children.start_soon(attempt, name, work)
        nursery.cancel_scope.cancel()
    return Tried(trials, server.requests)


def _egress(server: StandIn) -> EgressClient:
    # Nothing listens on port 9 of this machine: what goes there has no answer.
    routes = {"api.example.com": server.url, "down.example.com": "http://127.0.0.1:9"}
    return EgressClient(EgressPolicy(live=False, routes=routes))
