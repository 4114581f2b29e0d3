"""Attacks by guests, against time, memory and the supervisor's patience.

The control of each is the same guest in a child without a lockdown and with wider limits: it must
do the harm there, which shows that the limit is what stops it.
"""

import secrets
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import trio

from supervisor.limits import MIB, Limits
from supervisor.manifest import Manifest, parse_manifest
from supervisor.plugins.artifacts import ArtifactStore, module_hash
from supervisor.plugins.compiler import Compiler
from supervisor.process.cage import Cage
from supervisor.process.session import Ended
from supervisor.process.spawn import Spawner
from supervisor.sandbox_check import guest_code
from supervisor.sandbox_check.native import Arena
from supervisor.sandbox_check.report import AttackResult, Result
from supervisor.sandbox_check.watched import Watched
from supervisor.text import counted

FAMILY = "guests"
_TIGHT = Limits(
    deadline_s=0.5, memory_bytes=4 * MIB, table_elements=10_000, log_lines=100, host_calls=200
)
_WIDE = replace(
    _TIGHT,
    deadline_s=2.0,
    memory_bytes=64 * MIB,
    table_elements=100_000,
    log_lines=1_000,
    host_calls=1_000,
)
_TOO_LONG_S = 1.25
"""Between the two deadlines, far from both."""
_MANIFEST = msgspec.json.encode(
    {
        "id": "check.sandbox.guest",
        "name": "Guest of the sandbox check",
        "version": "1.0.0",
        "description": "Made by the sandbox check, and gone with it.",
        "events": ["ticket.created"],
    }
)


@dataclass(frozen=True, slots=True)
class GuestAttack:
    """A guest, and how one tells that it did harm."""

    name: str
    by: str
    harm: Callable[[Watched], bool]
    on_event: bytes = b""
    initialize: bytes = b""
    answered: bool = True


def _takes_too_long(watched: Watched) -> bool:
    return watched.seconds > _TOO_LONG_S


def _got_through(watched: Watched) -> bool:
    return watched.lines > 0


ATTACKS = (
    GuestAttack("guests.spin", "deadline", _takes_too_long, guest_code.SPIN),
    GuestAttack("guests.fill_memory_for_ever", "deadline", _takes_too_long, guest_code.FILL),
    GuestAttack("guests.spin_at_the_start", "deadline", _takes_too_long,
                initialize=guest_code.SPIN),
    GuestAttack("guests.stall_in_a_host_call", "deadline", _takes_too_long, guest_code.CALL,
                answered=False),
    GuestAttack("guests.grow_memory", "memory limit", _got_through, guest_code.GROW_MEMORY),
    GuestAttack("guests.grow_table", "table limit", _got_through, guest_code.GROW_TABLE),
    GuestAttack("guests.flood_the_log", "log budget",
                lambda watched: watched.lines > _TIGHT.log_lines, guest_code.FLOOD_LOG),
    GuestAttack("guests.flood_the_host", "call budget",
                lambda watched: watched.calls > _TIGHT.host_calls, guest_code.FLOOD_CALLS),
)  # fmt: skip


async def attack_by_guests(
    arena: Arena, only: Callable[[str], bool], tell: Callable[[AttackResult], None]
) -> None:
    """Run each guest, two at a time; hands each result to ``tell``."""
    limiter = trio.CapacityLimiter(2)
    manifest = parse_manifest(_MANIFEST)

    async def one(attack: GuestAttack, folder: Path) -> None:
        async with limiter:
            _, free = await _run(arena, attack, manifest, folder, locked=False)
            ended, watched = await _run(arena, attack, manifest, folder, locked=True)
            tell(_judge(attack, ended, watched, free))

    with tempfile.TemporaryDirectory(prefix="ohd-check-") as name:
        async with trio.open_nursery() as nursery:
            for attack in ATTACKS:
                if only(attack.name):
                    nursery.start_soon(one, attack, Path(name))


async def _run(
    arena: Arena, attack: GuestAttack, manifest: Manifest, folder: Path, *, locked: bool
) -> tuple[Ended[None], Watched]:
    module = guest_code.module(on_event=attack.on_event, initialize=attack.initialize)
    sha256 = module_hash(module)
    artifacts = ArtifactStore(folder / attack.name, secrets.token_bytes(32), "sandbox check")
    artifacts.save_module(sha256, module)
    fork_server = arena.locked if locked else arena.bare
    off = arena.switched_off if locked else frozenset(arena.all_controls)
    cage = Cage(arena.settings, switched_off=off)
    compiler = Compiler(fork_server, artifacts, cage, arena.limits)
    report = await compiler.compile(sha256, manifest)
    code = await compiler.open(sha256, manifest)
    watched = Watched(answers=attack.answered)
    limits = _TIGHT if locked else _WIDE
    with open(code, "rb", buffering=0):  # noqa: PTH123, ASYNC230 - owns the descriptor
        spawner = Spawner(fork_server, cage)
        session = await spawner.spawn(manifest.id, report.entry, limits, code, watched.hooks())
        return await watched.run(session), watched


def _judge(
    attack: GuestAttack, ended: Ended[None], watched: Watched, free: Watched
) -> AttackResult:
    worked = attack.harm(free)
    detail = ended.error.partition("\n")[0] or ", ".join(
        (counted(watched.lines, "line"), counted(watched.calls, "call"))
    )
    result, by = Result.STOPPED, attack.by
    if attack.harm(watched):
        result, by = Result.OPEN, ""
    elif not worked:
        result, by, detail = Result.SKIPPED, "", "does no harm with wider limits either"
    control = "succeeded" if worked else "failed"
    return AttackResult(attack.name, FAMILY, result, by, control, detail)
