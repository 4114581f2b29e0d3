"""Attacks by host calls: a child calls what its module never requested.

The supervisor's own table of host calls answers, with the permissions of a module that imports
nothing; in place of tickets and of the network stands a record of what was reached. The control is
the same child with every permission.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from supervisor.calls.bound_secrets import BoundSecrets
from supervisor.calls.host_calls import PERMISSIONS, Caller, HostCalls, granted
from supervisor.egress import EgressAnswer
from supervisor.manifest import parse_manifest
from supervisor.ports import ActionResult
from supervisor.process.conversation import Called
from supervisor.process.session import Session
from supervisor.sandbox_check.attempt import open_attacker
from supervisor.sandbox_check.catalogue import About
from supervisor.sandbox_check.native import Arena, attack_spec
from supervisor.sandbox_check.report import AttackResult, Result
from supervisor.sandbox_check.watched import Watched
from supervisor.secrets.redaction import Redactor
from supervisor.states import Outcome

FAMILY = "calls"
_HOST = "attacker.example"
_MANIFEST = parse_manifest(
    b'{"id": "org.example.attacker", "name": "Attacker", "version": "1.0.0", "description": "-",'
    b' "events": ["ticket.created"], "permissions": {"http": {"allowed_hosts": ["attacker.example"'
    b"]}}}"
)


@dataclass
class _Reached:
    """Stands for tickets and the network; changes neither."""

    what: list[str] = field(default_factory=list)

    async def add_reply(self, *_: object, **__: object) -> ActionResult:
        """Note it."""
        self.what.append("a reply was added")
        return ActionResult.DONE

    async def set_custom_field(self, *_: object, **__: object) -> ActionResult:
        """Note it."""
        self.what.append("a custom field was set")
        return ActionResult.DONE

    async def request(self, *_: object, **__: object) -> EgressAnswer:
        """Note it."""
        self.what.append("a request was sent")
        return EgressAnswer(200, b"", None, None, 0, 0, 0.0)


async def attack_by_calling(
    arena: Arena, attacks: Sequence[About], tell: Callable[[AttackResult], None]
) -> None:
    """Try each attack; hands each result to ``tell``."""
    for about in attacks:
        allowed, _ = await _ask(arena, about, PERMISSIONS)
        reached, answered = await _ask(arena, about, frozenset())
        tell(_judge(about, allowed, reached, answered=answered))


async def _ask(
    arena: Arena, about: About, requested: frozenset[str]
) -> tuple[tuple[str, ...], bool]:
    """Return what a child reached, and whether it got an answer to its call."""
    reached = _Reached()
    calls = HostCalls(reached, reached)
    caller = Caller(
        plugin_id=_MANIFEST.id,
        name=_MANIFEST.name,
        allowed_hosts=frozenset({_HOST}),
        grants=granted(requested, frozenset()),
        never_asked=PERMISSIONS - requested,
        limits=arena.limits,
        redact=Redactor(()),
        secrets=BoundSecrets(_MANIFEST, {}),
        log=lambda *_: None,
        change=lambda _size, _work: None,
        hide=lambda _secret: None,
    )

    async def answer(called: Called) -> tuple[int, bytes]:
        return await calls.answer(caller, called)

    watched = Watched(answer=answer)
    spec = attack_spec(arena, about.name, arena.plugin(), arena.switched_off)
    async with open_attacker(arena.locked, spec, arena.victims.descriptors) as attacker:
        session = Session(
            attacker.handle, attacker.to_child, attacker.from_child, arena.limits, watched.hooks()
        )
        ended = await watched.run(session)
    answered = ended.outcome is not Outcome.START_FAILED and watched.calls > 0
    return tuple(reached.what), answered


def _judge(
    about: About, allowed: tuple[str, ...], reached: tuple[str, ...], *, answered: bool
) -> AttackResult:
    control = "succeeded" if allowed else "failed"
    if reached:
        result, by, detail = Result.OPEN, "", reached[0]
    elif allowed and answered:
        result, by, detail = Result.STOPPED, "permissions", "not requested by the plugin"
    else:
        result, by, detail = Result.SKIPPED, "", "the machine is too busy: no call arrived"
    return AttackResult(about.name, about.family, result, by, control, detail)
