"""One real child, to learn what of the sandbox is in force on this machine.

It runs an empty module of our own through everything that a plugin goes through: compiling,
the fork server, the lockdown.
"""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import trio

from cli.checkup import Finding, Status
from cli.config import Config
from sandbox_child.lockdown.status import Control
from sandbox_child.runtime.settings import settings_fingerprint
from supervisor.cage import Cage
from supervisor.errors import SupervisorError
from supervisor.manifest import parse_manifest
from supervisor.modules.artifacts import ArtifactStore, module_hash
from supervisor.modules.compiler import Compiler
from supervisor.process.conversation import Called, Ready
from supervisor.process.forkserver import open_fork_server
from supervisor.process.session import Session, SessionHooks
from supervisor.process.spawn import Spawner

_PATIENCE_S = 60.0
# A memory of one page, exported as "memory", and nothing else.
_MODULE = bytes.fromhex("0061736d01000000 0503010001 070a01066d656d6f7279 0200")
_MANIFEST = {
    "id": "org.open-help-desk.doctor",
    "name": "Doctor",
    "version": "1.0.0",
    "description": "Does nothing.",
    "events": [],
}
_COSTS = {
    "user_namespace": "without it, only root can give plugins a network namespace",
    "network_namespace": "an escaped plugin would see this machine's network interfaces",
    "ipc_namespace": "an escaped plugin would share this machine's System V IPC",
    "cgroup": "memory and processes of plugins are limited by rlimits alone, not by the kernel's "
    "control groups",
    "own_user": "plugins share the server's user",
    "bounding_set": "nothing more: without privileges there is nothing to give away",
    "landlock": "files and TCP are kept from plugins by seccomp alone",
    "seccomp": "an escaped plugin could make any system call",
    "no_writable_code": "an escaped plugin could make memory executable; seccomp refuses it too",
}


async def sandbox(config: Config) -> list[Finding]:
    """Start a child and say which controls it has."""
    try:
        with trio.fail_after(_PATIENCE_S):
            active = await _controls_of_a_child(config)
    except (SupervisorError, OSError, trio.TooSlowError) as exc:
        why = str(exc) or "no child became ready in time"
        return [Finding("sandbox", Status.PROBLEM, why, "no plugin can run on this machine")]
    return list(_findings(active))


def _findings(active: tuple[str, ...]) -> Iterator[Finding]:
    every: tuple[str, ...] = get_args(Control)
    found = f"{len(active)} of {len(every)} controls are in force"
    yield Finding("sandbox", Status.OK, f"{found}: {', '.join(active)}")
    # Root makes the other namespaces without it.
    unneeded = {"user_namespace"} if "network_namespace" in active else set()
    for name in every:
        if name not in active and name not in unneeded:
            cost = _COSTS.get(name, "plugins run with one wall less")
            yield Finding(f"sandbox: {name}", Status.WARNING, "not in force", cost)


async def _controls_of_a_child(config: Config) -> tuple[str, ...]:
    settings, manifest = config.supervisor, parse_manifest(json.dumps(_MANIFEST).encode())
    sha256 = module_hash(_MODULE)
    with tempfile.TemporaryDirectory(prefix="ohd-doctor-") as folder:
        artifacts = ArtifactStore(Path(folder), b"d" * 32, settings_fingerprint())
        artifacts.save_module(sha256, _MODULE)
        cage = Cage(settings.cage)
        async with open_fork_server() as fork_server:
            compiler = Compiler(fork_server, artifacts, cage, settings.limits)
            report = await compiler.compile(sha256, manifest)
            code = await compiler.open(sha256, manifest)
            look = _Look()
            with open(code, "rb", buffering=0):  # noqa: PTH123, ASYNC230 - owns the descriptor
                session = await Spawner(fork_server, cage).spawn(
                    manifest.id, report.entry, settings.limits, code, look.hooks()
                )
                return await look.run(session)


class _Look:
    """Waits for a child to be ready, and lets it go again."""

    def __init__(self) -> None:
        self._ready = trio.Event()
        self._controls: tuple[str, ...] = ()

    def hooks(self) -> SessionHooks:
        return SessionHooks(
            ready=self._on_ready,
            finished=lambda _results: None,
            logged=lambda _said: None,
            answer=_refuse,
        )

    async def run(self, session: Session) -> tuple[str, ...]:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._end, session)
            ended = await session.run()
            nursery.cancel_scope.cancel()
        if not self._ready.is_set():
            raise SupervisorError(ended.error)
        return self._controls

    async def _end(self, session: Session) -> None:
        await self._ready.wait()
        session.stop()

    def _on_ready(self, _ready: Ready, controls: tuple[str, ...]) -> None:
        self._controls = controls
        self._ready.set()


async def _refuse(_called: Called) -> tuple[int, bytes]:
    return 0, b""
