"""A compiled module and a fork server: makes a new child for each guest call that is tried.

Guest code is compiled, and run, with the lines of its source where the module has them, which a
server does without: reading debug information is more work on a stranger's bytes.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from cli.trial.code_cache import open_kept
from cli.trial.guest_call import Answers, Candidate, GuestCall, RecordedActions, Trial
from cli.trial.module import Inspection
from supervisor.calls.host_calls import Egress, HostCalls
from supervisor.config import SupervisorConfig
from supervisor.errors import ModuleRefused
from supervisor.limits import Limits
from supervisor.manifest import Manifest
from supervisor.plugins.artifacts import ArtifactStore, module_hash
from supervisor.plugins.compiler import Compiler
from supervisor.process.cage import Cage
from supervisor.process.conversation import Work
from supervisor.process.forkserver import open_fork_server
from supervisor.process.spawn import Spawner

_GRACE_S = 1.0
"""A guest is interrupted at its deadline as on a server; only its last words may take longer."""


class Workbench:
    """One compiled module. Open it with :func:`open_workbench`."""

    def __init__(
        self,
        sha256: str,
        found: Inspection,
        compiler: Compiler,
        spawner: Spawner,
    ) -> None:
        self._sha256 = sha256
        self.manifest = found.manifest
        self._entry = found.report.entry
        self._compiler = compiler
        self._spawner = spawner

    async def attempt(
        self, candidate: Candidate, work: Work[None], *, egress: Egress, limits: Limits
    ) -> Trial:
        """Give a new child one guest call; raises ProcessError where none can be made."""
        answers = HostCalls(egress, RecordedActions())
        return await self.call(candidate, work, answers=answers, limits=limits)

    async def call(
        self, candidate: Candidate, work: Work[None], *, answers: Answers, limits: Limits
    ) -> Trial:
        """Give a new child one guest call whose host calls are answered by ``answers``."""
        call = GuestCall(candidate, answers, limits)
        code = await self._compiler.open(self._sha256, self.manifest)
        try:
            session = await self._spawner.spawn(
                self.manifest.id, self._entry, limits, code, call.hooks()
            )
            return await call.serve(session, work)
        finally:
            os.close(code)


@asynccontextmanager
async def open_workbench(
    settings: SupervisorConfig, module: bytes, found: Inspection
) -> AsyncIterator[Workbench]:
    """Compile a module as a server would, unless it was before.

    Raises ModuleRefused, CompileFailed, ProcessError.
    """
    sha256, cage = module_hash(module), Cage(settings.cage)
    artifacts = await trio.to_thread.run_sync(open_kept, sha256, module)
    try:
        async with open_fork_server(
            source_lines=True, stack_bytes=settings.limits.wasm_stack_bytes
        ) as fork_server:
            compiler = Compiler(fork_server, artifacts, cage, settings.limits)
            await _compile(compiler, artifacts, sha256, found.manifest)
            yield Workbench(sha256, found, compiler, Spawner(fork_server, cage, _GRACE_S))
    finally:
        artifacts.close()


async def _compile(
    compiler: Compiler, artifacts: ArtifactStore, sha256: str, manifest: Manifest
) -> None:
    try:
        os.close(await compiler.open(sha256, manifest))
    except ModuleRefused:
        await trio.to_thread.run_sync(artifacts.delete, sha256)
        raise
