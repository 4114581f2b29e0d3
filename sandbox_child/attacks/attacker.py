"""A child that attacks: prepares, locks down as a plugin's or a compile child does, tries, tells.

To the supervisor: READY as a plugin's child says it, then RESULT with the JSON of what came of the
attack, unless that ended the process. ``answered`` in it says that the refusal is the filter's. Two
names are no attacks of their own: ``idle`` waits to be attacked, ``stay`` outstays its welcome.
``catalogue`` lists the attacks.
"""

import ctypes
import json
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NoReturn

from sandbox_child.attacks.attack import Attack
from sandbox_child.attacks.catalogue import CATALOGUE
from sandbox_child.attacks.kernel import Refused, Unsuited
from sandbox_child.attacks.scene import OWN_BYTES, Scene
from sandbox_child.child import lock_down_or_refuse
from sandbox_child.lockdown.order import LockdownPlan
from sandbox_child.lockdown.policy import PIPE_IN, PIPE_OUT
from sandbox_child.plans import Surroundings, bridge_plan, compiler_plan, plugin_plan, query_plan
from sandbox_child.program import prepare
from sandbox_child.query.files import database_files
from sandbox_child.wire.frames import encode_frame
from sandbox_child.wire.messages import READY, RESULT, OutcomeCode
from sandbox_child.wire.spec import AttackSpec, ProgramSpec

_SEQ = 1
_STAY_S = 30.0
_MEMORY = ctypes.create_string_buffer(b"what an idle child has", 64)


def run_attack(spec: AttackSpec, around: Surroundings, descriptors: Sequence[int]) -> NoReturn:
    """Never returns."""
    if spec.name == "catalogue":
        _tell([attack.about() for attack in CATALOGUE.values()])
        os._exit(0)
    attack = _HELPERS.get(spec.name) or CATALOGUE[spec.name]
    scene = Scene(spec.targets, descriptors)
    try:
        if spec.inside == "query":
            scene.open_databases()
        attack.prepare(scene)
    except (Unsuited, Refused, OSError) as exc:
        os.write(PIPE_OUT, encode_frame((READY, 0), b"[]"))
        _tell({"unsuited": str(exc)})
        os._exit(0)
    second = _SecondThread(attack, scene)
    plan = _plan(spec, around, scene)
    answered = frozenset(rule.syscall for rule in plan.rules(0) if rule.errno is not None)
    controls = lock_down_or_refuse(plan, second.start)
    os.write(PIPE_OUT, encode_frame((READY, 0), controls))
    outcome = second.attempt() if attack.on_thread else _attempt(attack, scene)
    by_filter = outcome.get("call") in answered or outcome.get("errno") == plan.otherwise
    _tell({**outcome, "answered": "errno" in outcome and by_filter})
    os._exit(0)


def _idle(_scene: Scene) -> None:
    _tell({"got": ctypes.addressof(_MEMORY)})
    os.read(PIPE_IN, 1)


def _stay(_scene: Scene) -> None:
    """Go on without a word when the other end of the pipe is gone; not forever."""
    time.sleep(_STAY_S)


_HELPERS = {
    "idle": Attack("idle", _idle, frozenset(), prepare=Scene.make_databases),
    "stay": Attack("stay", _stay, frozenset()),
}


def _plan(spec: AttackSpec, around: Surroundings, scene: Scene) -> LockdownPlan:
    if spec.inside == "native":
        return _program_plan(spec, around)
    if spec.inside == "bridge":
        # The wider of the two: whatever it stops, the other does.
        return bridge_plan(spec.cage, around, listens=True)
    if spec.inside == "query":
        files = database_files(str(spec.targets["helpdesk"]), scene.own_database)
        return query_plan(spec.cage, around, files, max_file_bytes=2 * OWN_BYTES)
    if spec.inside == "compiler":
        return compiler_plan(spec.cage, around, max_artifact_bytes=1 << 20, cpu_seconds=10)
    return plugin_plan(spec.cage, around)


def _program_plan(spec: AttackSpec, around: Surroundings) -> LockdownPlan:
    """Return the lockdown of a native plugin's program, except that no program follows."""
    program = ProgramSpec(
        kind="program",
        cage=spec.cage,
        folder=str(spec.targets["own_folder"]),
        environment={},
        system_libraries=False,
        file_bytes=0,
        open_files=256,
        threads=64,
    )
    keep = (PIPE_IN, PIPE_OUT)
    return replace(prepare(program, around), keep=keep, supervisor_lives=lambda: True)


def _attempt(attack: Attack, scene: Scene) -> dict[str, Any]:
    try:
        got = attack.run(scene)
    except Unsuited as exc:
        return {"unsuited": str(exc)}
    except Refused as exc:
        return {"errno": exc.errno, "call": exc.call}
    except OSError as exc:
        return {"errno": exc.errno or 0, "call": ""}
    except MemoryError:
        return {"errno": 12, "call": "memory"}
    return {"got": "" if got is None else str(got)[:200]}


def _tell(what: object) -> None:
    os.write(
        PIPE_OUT, encode_frame((RESULT, _SEQ, OutcomeCode.OK, 0, 0), json.dumps(what).encode())
    )


class _SecondThread:
    """Stands where a plugin's child has its watchdog; tries the attack when asked."""

    def __init__(self, attack: Attack, scene: Scene) -> None:
        self._attack = attack
        self._scene = scene
        self._go = threading.Lock()
        self._done = threading.Lock()
        self._result: dict[str, Any] = {}
        self._go.acquire()
        self._done.acquire()

    def start(self) -> None:
        if self._attack.on_thread:
            threading.Thread(target=self._run, daemon=True).start()

    def attempt(self) -> dict[str, Any]:
        self._go.release()
        self._done.acquire()
        return self._result

    def _run(self) -> None:
        self._go.acquire()
        self._result = _attempt(self._attack, self._scene)
        self._done.release()
