"""Compiling untrusted modules: each in a child of its own, which is discarded.

The supervisor reads no more of a module than its bytes. What the child reports is bounded and
checked against a strict schema like everything a child says.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import msgspec
import trio

from sandbox_child.wire.entry import ModuleReport
from sandbox_child.wire.errors import WireError
from sandbox_child.wire.frames import FrameDecoder
from sandbox_child.wire.messages import READY, RESULT, check_head
from sandbox_child.wire.spec import CompileSpec
from supervisor.errors import ModuleRefused, SupervisorError
from supervisor.limits import MIB, Limits
from supervisor.manifest import Manifest
from supervisor.plugins.artifacts import ArtifactStore
from supervisor.process.cage import Cage
from supervisor.process.errors import ForkServerGone
from supervisor.process.forkserver import ForkServer
from supervisor.process.handle import ExitStatus
from supervisor.text import clean_text

_MAX_REPORT = 4 * MIB
_MAX_REFUSAL = 4_000
_EXPECTED = frozenset({READY, RESULT})


class CompileFailed(SupervisorError):
    """The compile child broke down in a way that says nothing about the module."""


class KeptCode(Protocol):
    """Code that was compiled before, elsewhere, by whoever runs this. Both methods block."""

    def fetch(self, sha256: str, target: Path) -> ModuleReport | None:
        """Write a module's code to ``target`` and return its report; None where it is not kept."""
        ...

    def keep(self, sha256: str, module: Path, code: Path) -> None:
        """Keep what was compiled now."""
        ...


class Compiler:
    """Compiles modules into the artifact store, one at a time."""

    def __init__(
        self,
        fork_server: ForkServer,
        artifacts: ArtifactStore,
        cage: Cage,
        limits: Limits,
        kept: KeptCode | None = None,
    ) -> None:
        """``kept``: looked at first, for modules that describe themselves when they run."""
        self._kept = kept
        self._fork_server = fork_server
        self._artifacts = artifacts
        self._cage = cage
        self.limits = limits
        self._one_at_a_time = trio.Lock()

    async def compile(self, sha256: str, manifest: Manifest | None) -> ModuleReport:
        """Compile a saved module; raises ModuleRefused with the reason, or CompileFailed.

        ``manifest``: the module's own, None where it has none.
        """
        async with self._one_at_a_time:
            try:
                return await self._compile(sha256, manifest)
            except OSError as exc:
                raise CompileFailed(f"the module could not be compiled: {exc.strerror}") from exc

    async def _compile(self, sha256: str, manifest: Manifest | None) -> ModuleReport:
        try:
            return await self._compile_once(sha256, manifest)
        except ForkServerGone as exc:
            if not exc.asked:
                raise
        return await self._compile_once(sha256, manifest)

    async def _compile_once(self, sha256: str, manifest: Manifest | None) -> ModuleReport:
        part = await trio.to_thread.run_sync(self._artifacts.new_artifact, sha256)
        try:
            if (known := await self._fetched(sha256, manifest, part)) is not None:
                return known
            report, size = await self._run(sha256, manifest, part)
            if self._kept is not None and manifest is None and report.program is None:
                module = self._artifacts.module_path(sha256)
                await trio.to_thread.run_sync(self._kept.keep, sha256, module, part)
            await trio.to_thread.run_sync(self._adopt, sha256, part, size)
        finally:
            part.unlink(missing_ok=True)
        return report

    async def _fetched(
        self, sha256: str, manifest: Manifest | None, part: Path
    ) -> ModuleReport | None:
        """Take code that is kept elsewhere."""
        if self._kept is None or manifest is not None:
            return None
        report: ModuleReport | None = await trio.to_thread.run_sync(self._kept.fetch, sha256, part)
        if report is not None:
            await trio.to_thread.run_sync(self._artifacts.adopt, sha256, part)
        return report

    async def open(self, sha256: str, manifest: Manifest | None) -> int:
        """Return a descriptor of a module's compiled code, which is compiled if need be."""
        descriptor = await trio.to_thread.run_sync(self._artifacts.open_artifact, sha256)
        if descriptor is None:
            await self.compile(sha256, manifest)
            descriptor = await trio.to_thread.run_sync(self._artifacts.open_artifact, sha256)
        if descriptor is None:
            raise CompileFailed(
                "the compiled module disappeared; "
                "is something deleting files in the data directory?"
            )
        return descriptor

    def _adopt(self, sha256: str, part: Path, size: int) -> None:
        if part.stat().st_size != size:
            raise CompileFailed("the compiled module does not have the size its compiler reported")
        self._artifacts.adopt(sha256, part)

    async def _run(
        self, sha256: str, manifest: Manifest | None, part: Path
    ) -> tuple[ModuleReport, int]:
        read_end, write_end = os.pipe()
        async with trio.lowlevel.FdStream(read_end) as report_stream:
            with (
                _closing(write_end),
                _opened(self._artifacts.module_path(sha256), os.O_RDONLY) as module,
                _opened(part, os.O_WRONLY) as artifact,
            ):
                handle = await self._fork_server.spawn(
                    self._spec(manifest), [module, write_end, artifact]
                )
            try:
                with trio.move_on_after(self.limits.compile_wall_s) as scope:
                    said = await _read_bounded(report_stream)
                    status = await handle.wait()
            finally:
                await handle.reap()
        if scope.cancelled_caught:
            raise ModuleRefused(
                f"the module did not compile within {self.limits.compile_wall_s:g} s"
            )
        return _understand(said, status)

    def _spec(self, manifest: Manifest | None) -> CompileSpec:
        limits = self.limits
        return CompileSpec(
            kind="compile",
            cage=self._cage.compiler(limits),
            needs_events=bool(manifest and manifest.events),
            needs_panel=bool(manifest and manifest.ui_panel),
            has_manifest=manifest is not None,
            max_module_bytes=limits.module_bytes,
            max_artifact_bytes=limits.artifact_bytes,
            cpu_seconds=limits.compile_cpu_s,
        )


async def _read_bounded(stream: trio.lowlevel.FdStream) -> bytes:
    said = bytearray()
    while chunk := await stream.receive_some(64 * 1024):
        said += chunk
        if len(said) > _MAX_REPORT + 1024:
            raise CompileFailed("the compile process sent too much data")
    return bytes(said)


def _understand(said: bytes, status: ExitStatus) -> tuple[ModuleReport, int]:
    if not said:
        raise ModuleRefused(
            "the module could not be compiled within its limits of time and memory "
            f"(the compile process ended with {status})"
        )
    try:
        ((head, blob),) = FrameDecoder(_MAX_REPORT).feed(said)
        kind = check_head(head, _EXPECTED)
        if kind == RESULT:
            raise ModuleRefused(clean_text(blob.decode("utf-8", "replace"), _MAX_REFUSAL))
        return msgspec.json.decode(blob, type=ModuleReport), head[1]
    except (WireError, ValueError, msgspec.MsgspecError) as exc:
        raise CompileFailed(
            f"the compile process sent invalid data: {type(exc).__name__}"
        ) from None


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    with _closing(descriptor):
        yield descriptor


@contextmanager
def _closing(descriptor: int) -> Iterator[None]:
    try:
        yield
    finally:
        os.close(descriptor)
