"""A compiled module and a fork server: makes a fresh child for each guest call that is tried.

Everything lies in a folder of its own that is gone afterwards. Guest code is compiled, and run,
with the addresses of its source lines where the module has them, which a server does without.
"""

import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from cli.one_event import Candidate, GuestCall, RecordedActions, Trial
from sandbox_child.runtime.settings import settings_fingerprint
from sandbox_child.wire.entry import ModuleReport
from supervisor.cage import Cage
from supervisor.config import SupervisorConfig
from supervisor.hostcalls import Egress, HostCalls
from supervisor.limits import Limits
from supervisor.manifest import Manifest
from supervisor.modules.artifacts import ArtifactStore, module_hash
from supervisor.modules.compiler import Compiler
from supervisor.process.conversation import Work
from supervisor.process.forkserver import open_fork_server
from supervisor.process.spawn import Spawner

_THROWAWAY_KEY = b"compiled code that lives for a command"[:32]


class Bench:
    """One compiled module. Open it with :func:`open_bench`."""

    def __init__(
        self,
        sha256: str,
        manifest: Manifest,
        report: ModuleReport,
        compiler: Compiler,
        spawner: Spawner,
    ) -> None:
        self._sha256 = sha256
        self.manifest = manifest
        self.report = report
        self._compiler = compiler
        self._spawner = spawner

    async def attempt(
        self, candidate: Candidate, work: Work, *, egress: Egress, limits: Limits
    ) -> Trial:
        """Give a fresh child one guest call; raises ProcessError where none can be made."""
        call = GuestCall(candidate, HostCalls(egress, RecordedActions(), limits.http_requests))
        code = await self._compiler.open(self._sha256, self.manifest)
        try:
            session = await self._spawner.spawn(
                self.manifest.id, self.report.entry, limits, code, call.hooks()
            )
            return await call.serve(session, work)
        finally:
            os.close(code)


@asynccontextmanager
async def open_bench(
    settings: SupervisorConfig, module: bytes, manifest: Manifest
) -> AsyncIterator[Bench]:
    """Compile a module as a server would; raises ModuleRefused, CompileFailed, ProcessError."""
    sha256 = module_hash(module)
    cage = Cage(settings.cage)
    with tempfile.TemporaryDirectory(prefix="ohd-run-") as folder:
        artifacts = ArtifactStore(Path(folder), _THROWAWAY_KEY, settings_fingerprint())
        await trio.to_thread.run_sync(artifacts.save_module, sha256, module)
        async with open_fork_server(source_lines=True) as fork_server:
            compiler = Compiler(fork_server, artifacts, cage, settings.limits)
            report = await compiler.compile(sha256, manifest)
            yield Bench(sha256, manifest, report, compiler, Spawner(fork_server, cage))
