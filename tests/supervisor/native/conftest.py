"""Real programs, in their cage, with their bridge."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trio

from supervisor.limits import Limits
from supervisor.native.limits import NativeLimits
from supervisor.native.plugin import HostRefused, NativePlugin, NativeSettings, open_native
from supervisor.native.sealed import seal_program
from supervisor.process.cage import Cage, CageSettings
from supervisor.process.cgroups import open_groups
from supervisor.process.forkserver import ForkServer, open_fork_server
from tests.guests.build import ToolMissing
from tests.native.build import build_native

Open = Callable[..., AbstractAsyncContextManager[NativePlugin]]


@dataclass
class Stage:
    """What a test sees of the host's side."""

    fork_server: ForkServer
    lines: list[str] = field(default_factory=list)
    calls: list[tuple[str, bytes]] = field(default_factory=list)

    async def serve(self, name: str, arguments: bytes) -> bytes:
        self.calls.append((name, arguments))
        if name == "db_query":
            return b'[{"n":1}]'
        if name == "time_now":
            await trio.lowlevel.checkpoint()
            return b'{"now":"2026-01-01T00:00:00Z"}'
        raise HostRefused(f"{name} was not granted")

    @asynccontextmanager
    async def open(
        self,
        program: Path,
        *,
        limits: Limits | None = None,
        native: NativeLimits | None = None,
        cage: CageSettings | None = None,
        offer_tls: bool = True,
    ) -> AsyncIterator[NativePlugin]:
        settings = NativeSettings(
            self.fork_server,
            Cage(cage or CageSettings()),
            self.serve,
            self.lines.append,
            limits or Limits(deadline_s=20.0),
            native or NativeLimits(),
            offer_tls=offer_tls,
        )
        with seal_program(program) as sealed:
            async with open_native(settings, sealed) as plugin:
                yield plugin


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with open_groups() as groups, open_fork_server(groups=groups) as fork_server:
        yield Stage(fork_server)


@pytest.fixture(scope="session")
def program() -> Callable[..., Path]:
    """Return ``program(name, mode)``: a program of ``tests/native/go``."""

    def build(name: str, mode: str = "") -> Path:
        try:
            return build_native(name, mode)
        except ToolMissing as missing:
            if os.environ.get("CI") == "true":
                pytest.fail(str(missing))
            pytest.skip(str(missing))

    return build
