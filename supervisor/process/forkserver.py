"""The supervisor's end of the fork server: starts it, asks it for children, replaces a dead one.

The fork server is started from the thread that runs Trio, not from a worker thread: the kernel ties
the children's parent-death signal to the thread that started their common ancestor, and a worker
thread ends when it has been idle for some seconds. Starting it takes about a millisecond there.
"""

# How it works, and why
#
#     supervisor ── SOCK_SEQPACKET ──▶ fork server ── clone(CLONE_PARENT) ──▶ child
#         ▲                                                                    │
#         └──────────────── its pidfd comes back; it is OUR child ◀────────────┘
#
# Why a process of its own that forks: forking the supervisor would copy its memory (secrets, other
# plugins' events, the database) into a process that runs a stranger's code, and would fork beside
# threads, which Python cannot do safely. Starting a fresh interpreter for each child is clean too,
# and takes a tenth of a second. The fork server is fresh once, and forks in a few milliseconds.
#
# Why CLONE_PARENT: the child becomes a child of the supervisor, not of the fork server. So the
# supervisor can wait for it and reap it, its parent-death signal is tied to the supervisor, and the
# fork server can die without taking anybody along.
#
# Why a pidfd: process ids are reused. A pidfd is this child and no other for as long as it is open.
#
# One request at a time (``_lock``), and shielded: between the fork and the answer the child exists
# and nobody holds it. A cancel there would make an orphan, so the cancel waits some milliseconds.
#
# If the fork server dies, the next request starts another. What is in doubt then is ``asked``:
#
# - Not asked: the request did not reach it. The same descriptors can go to the new one.
# - Asked: a child may have been made, with copies of these pipes, and may even have run. It is
#   found by its process group and killed (``orphans``), but its words may be in the pipes already.
#   Whoever asked has to come again with fresh pipes; hence the error and no silent retry.
#
# What a child holds of the machine (a user id as root, a control group) is lent for its life: taken
# before the request, given back when the handle is reaped, or at once where no child was made.

import array
import importlib.util
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgpack
import structlog
import trio

import sandbox_child
from sandbox_child.wire.spec import ChildSpec, pack_spec
from supervisor.limits import DEFAULT_LIMITS
from supervisor.process.cage import Uids
from supervisor.process.cgroups import GroupPool
from supervisor.process.errors import ForkServerGone, SpawnRefused
from supervisor.process.handle import ChildHandle
from supervisor.process.orphans import end_orphan, end_orphans

_HELLO_S = 30.0
_ANSWER_S = 5.0
_MAX_ANSWER = 4096
_BOOT = (
    "import sys; sys.path[:0] = {paths!r}; "
    "from sandbox_child{package} import forkserver; "
    "forkserver.main({descriptor}, stack_bytes={stack_bytes}, switched_off={switched_off!r}, "
    "folders={folders!r})"
)
_SOURCE_LINES = {"WASMTIME_BACKTRACE_DETAILS": "1"}
"""Read by wasmtime when it creates an engine; its C API has no other switch for this."""
_NEEDED = ("wasmtime", "msgpack", "sqlglot")

log = structlog.get_logger("supervisor.forkserver")


class ForkServer:
    """Makes children. Open it with :func:`open_fork_server`."""

    def __init__(
        self,
        nursery: trio.Nursery,
        switched_off: Collection[str] = (),
        *,
        groups: GroupPool | None = None,
        attacks: bool = False,
        source_lines: bool = False,
        stack_bytes: int = DEFAULT_LIMITS.wasm_stack_bytes,
    ) -> None:
        """``groups``: where children get control groups from. ``stack_bytes``: see ``Limits``.

        ``source_lines``: whether backtraces name them where a module has debug information. Reading
        that is more work on a stranger's bytes, so it is for authors, on their own plugins.
        ``switched_off`` (see ``CageSpec``) and ``attacks`` are for ``ohd sandbox check`` alone.
        """
        self._groups = groups
        self._nursery = nursery
        self._switched_off = tuple(switched_off)
        self._package = ".attacks" if attacks else ""
        self._source_lines = source_lines
        self._stack_bytes = stack_bytes
        self._lock = trio.Lock()
        self._control: trio.socket.SocketType | None = None
        self._process: ChildHandle | None = None
        self._children: list[ChildHandle] = []
        self._uids = Uids()
        self.starts = 0
        """Number of fork server starts."""

    @property
    def pid(self) -> int | None:
        """Process id of the running fork server."""
        return self._process.pid if self._process else None

    async def spawn(self, spec: ChildSpec, descriptors: Sequence[int]) -> ChildHandle:
        """Make a child that gets copies of ``descriptors``; raises ProcessError.

        One request at a time. A fork server that has ended is replaced, and asked once more. One
        that ends in the middle of a request is ForkServerGone with ``asked``: ask again, with
        other descriptors.
        """
        if spec.cage.uid is None:
            return await self._spawn_in_group(spec, descriptors)
        uid = self._uids.take(spec.cage.uid)
        try:
            child = await self._spawn_in_group(
                replace(spec, cage=replace(spec.cage, uid=uid)), descriptors
            )
        except BaseException:
            self._uids.give_back(uid)
            raise
        child.when_ended(partial(self._uids.give_back, uid))
        return child

    async def _spawn_in_group(self, spec: ChildSpec, descriptors: Sequence[int]) -> ChildHandle:
        groups = self._groups
        group = await groups.take(spec.cage.data_bytes, spec.cage.tasks) if groups else None
        if groups is None or group is None:
            return await self._spawn(spec, descriptors)
        spec = replace(spec, cage=replace(spec.cage, groups=len(group.doors)))
        try:
            child = await self._spawn(spec, [*descriptors, *group.doors])
        except BaseException:
            groups.give_back(group)
            raise
        child.folders = group.folders
        child.when_ended(partial(groups.give_back, group))
        return child

    async def _spawn(self, spec: ChildSpec, descriptors: Sequence[int]) -> ChildHandle:
        packed = pack_spec(spec)
        async with self._lock:
            # Shielded: a child that was made and whose handle was lost would be an orphan.
            with trio.CancelScope(shield=True):
                try:
                    child = await self._ask_or_discard(packed, descriptors)
                except ForkServerGone as exc:
                    log.warning("fork_server_replaced", reason=str(exc))
                    if exc.asked:
                        raise
                    child = await self._ask_or_discard(packed, descriptors)
            self._children = [known for known in self._children if not known.ended]
            self._children.append(child)
        return child

    async def ensure(self) -> None:
        """Start it again where it has ended unnoticed; raises ForkServerGone where that fails."""
        async with self._lock:
            if self._process is None or self._process.has_ended():
                with trio.CancelScope(shield=True):
                    await self._discard()
                    await self._start()

    async def _ask_or_discard(self, packed: bytes, descriptors: Sequence[int]) -> ChildHandle:
        control = self._control or await self._start()
        try:
            return await self._ask(control, packed, descriptors)
        except ForkServerGone:
            await self._discard()
            raise

    async def _ask(
        self, control: trio.socket.SocketType, packed: bytes, descriptors: Sequence[int]
    ) -> ChildHandle:
        passed = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        asked = False
        try:
            with trio.fail_after(_ANSWER_S):
                await control.sendmsg([packed], passed)
                asked = True
                answer, ancillary, _, _ = await control.recvmsg(
                    _MAX_ANSWER, socket.CMSG_SPACE(array.array("i").itemsize)
                )
        except (OSError, trio.TooSlowError) as exc:
            raise ForkServerGone(f"{type(exc).__name__}", asked=asked) from None
        if not answer:
            raise ForkServerGone("it closed its socket", asked=True)
        reply = msgpack.unpackb(answer)
        if reply[0] == 0:
            raise SpawnRefused(str(reply[1]))
        received = array.array("i")
        for _, _, data in ancillary:
            received.frombytes(data[: received.itemsize])
        if not received:
            await end_orphan(reply[0])
            raise SpawnRefused("this process has no descriptor left to hold it by")
        return ChildHandle(reply[0], received[0])

    async def _start(self) -> trio.socket.SocketType:
        try:
            control = self._boot()
        except OSError as exc:
            raise ForkServerGone(f"it could not be started: {exc.strerror}") from exc
        with trio.move_on_after(_HELLO_S), suppress(OSError):
            hello = await control.recv(_MAX_ANSWER)
            if hello:
                _, threads = msgpack.unpackb(hello)
                log.info("fork_server_started", pid=self.pid, threads=threads)
                return control
        await self._discard()
        raise ForkServerGone("it did not start")

    def _boot(self) -> trio.socket.SocketType:
        with ExitStack() as undo:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            undo.callback(ours.close)
            with theirs:
                errors_in, errors_out = os.pipe()
                undo.callback(os.close, errors_in)
                try:
                    process = self._popen(theirs.fileno(), errors_out)
                finally:
                    os.close(errors_out)
            # Where this fails, the closed socket ends the process.
            handle = ChildHandle(process.pid, os.pidfd_open(process.pid))
            process.returncode = 0  # the pidfd reaps it; Popen must not try to
            undo.pop_all()
        self._process = handle
        self._control = trio.socket.from_stdlib_socket(ours)
        self.starts += 1
        self._nursery.start_soon(_log_errors, errors_in)
        return self._control

    def _popen(self, control: int, errors: int) -> subprocess.Popen[bytes]:
        boot = _BOOT.format(
            paths=_import_paths(),
            package=self._package,
            descriptor=control,
            stack_bytes=self._stack_bytes,
            switched_off=self._switched_off,
            folders=[str(home) for home in self._groups.homes] if self._groups else [],
        )
        return subprocess.Popen(  # noqa: S603 - our own words only
            [sys.executable, "-I", "-S", "-c", boot],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            pass_fds=[control],
            env=_SOURCE_LINES if self._source_lines else {},
            process_group=0,
        )

    async def _discard(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            group = self._process.pid
            await self._process.reap()
            self._process = None
            owned = {child.pid for child in self._children if not child.ended}
            for pid in await end_orphans(group, owned):
                log.warning("orphan_ended", pid=pid)

    async def aclose(self) -> None:
        """End the fork server; the children that it made have owners of their own."""
        with trio.CancelScope(shield=True):
            await self._discard()


@asynccontextmanager
async def open_fork_server(
    switched_off: Collection[str] = (),
    *,
    groups: GroupPool | None = None,
    attacks: bool = False,
    source_lines: bool = False,
    stack_bytes: int = DEFAULT_LIMITS.wasm_stack_bytes,
) -> AsyncIterator[ForkServer]:
    """Start a fork server, and end it with the block."""
    async with trio.open_nursery() as nursery:
        server = ForkServer(
            nursery,
            switched_off,
            groups=groups,
            attacks=attacks,
            source_lines=source_lines,
            stack_bytes=stack_bytes,
        )
        try:
            async with server._lock:  # noqa: SLF001 - its own constructor in all but name
                await server._start()  # noqa: SLF001
            yield server
        finally:
            await server.aclose()
            nursery.cancel_scope.cancel()


def _import_paths() -> list[str]:
    """Return the folders that the fork server imports from: ours, and those of three libraries."""
    found = [str(Path(sandbox_child.__file__).resolve().parent.parent)]
    for name in _NEEDED:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            folder = str(Path(spec.origin).resolve().parent.parent)
            if folder not in found:
                found.append(folder)
    return found


async def _log_errors(descriptor: int) -> None:
    """Log what the fork server writes to stderr; it writes only when something is broken."""
    async with trio.lowlevel.FdStream(descriptor) as stream:
        with suppress(trio.BrokenResourceError):
            while chunk := await stream.receive_some(4096):
                log.error("fork_server_stderr", text=chunk.decode("utf-8", "replace"))
