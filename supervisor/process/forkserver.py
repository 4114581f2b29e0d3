"""The supervisor's end of the fork server: starts it, asks it for children, replaces a dead one.

The fork server is started from the thread that runs Trio, not from a worker thread: the kernel ties
the children's parent-death signal to the thread that started their common ancestor, and a worker
thread ends when it has been idle for some seconds. Starting it takes about a millisecond there.
"""

import array
import importlib.util
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgpack
import structlog
import trio

import sandbox_child
from sandbox_child.wire.spec import ChildSpec, pack_spec
from supervisor.process.errors import ForkServerGone, SpawnRefused
from supervisor.process.handle import ChildHandle

_HELLO_S = 30.0
_ANSWER_S = 5.0
_MAX_ANSWER = 4096
_BOOT = (
    "import sys; sys.path[:0] = {paths!r}; "
    "from sandbox_child{package} import forkserver; "
    "forkserver.main({descriptor}, switched_off={switched_off!r})"
)
_NEEDED = ("wasmtime", "msgpack")

log = structlog.get_logger("supervisor.forkserver")


class ForkServer:
    """Makes children. Open it with :func:`open_fork_server`."""

    def __init__(
        self, nursery: trio.Nursery, switched_off: Collection[str] = (), *, attacks: bool = False
    ) -> None:
        """``switched_off`` (see ``CageSpec``), ``attacks``: for ``ohd sandbox check`` alone."""
        self._nursery = nursery
        self._switched_off = tuple(switched_off)
        self._package = ".attacks" if attacks else ""
        self._lock = trio.Lock()
        self._control: trio.socket.SocketType | None = None
        self._process: ChildHandle | None = None
        self.starts = 0
        """How often a fork server has been started."""

    @property
    def pid(self) -> int | None:
        """Process id of the running fork server."""
        return self._process.pid if self._process else None

    async def spawn(self, spec: ChildSpec, descriptors: Sequence[int]) -> ChildHandle:
        """Make a child that gets copies of ``descriptors``; raises ProcessError.

        One request at a time. A fork server that fails to answer is replaced, and asked once more.
        """
        packed = pack_spec(spec)
        async with self._lock:
            # Shielded: a child that was made and whose handle was lost would be an orphan.
            with trio.CancelScope(shield=True):
                try:
                    child = await self._ask(packed, descriptors)
                except ForkServerGone as exc:
                    log.warning("fork_server_replaced", reason=str(exc))
                    await self._discard()
                    child = await self._ask(packed, descriptors)
        return child

    async def _ask(self, packed: bytes, descriptors: Sequence[int]) -> ChildHandle:
        control = self._control or await self._start()
        passed = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        try:
            with trio.fail_after(_ANSWER_S):
                await control.sendmsg([packed], passed)
                answer, ancillary, _, _ = await control.recvmsg(
                    _MAX_ANSWER, socket.CMSG_SPACE(array.array("i").itemsize)
                )
        except (OSError, trio.TooSlowError) as exc:
            raise ForkServerGone(f"{type(exc).__name__}") from None
        if not answer:
            raise ForkServerGone("it closed its socket")
        reply = msgpack.unpackb(answer)
        if reply[0] == 0:
            raise SpawnRefused(str(reply[1]))
        received = array.array("i")
        for _, _, data in ancillary:
            received.frombytes(data[: received.itemsize])
        return ChildHandle(reply[0], received[0])

    async def _start(self) -> trio.socket.SocketType:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        errors_in, errors_out = os.pipe()
        with theirs:
            boot = _BOOT.format(
                paths=_import_paths(),
                package=self._package,
                descriptor=theirs.fileno(),
                switched_off=self._switched_off,
            )
            process = subprocess.Popen(  # noqa: ASYNC220, S603 - see the module; our own words only
                [sys.executable, "-I", "-S", "-c", boot],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors_out,
                pass_fds=[theirs.fileno()],
                env={},
                process_group=0,
            )
        os.close(errors_out)
        process.returncode = 0  # the pidfd reaps it; Popen must not try to
        self._process = ChildHandle(process.pid, os.pidfd_open(process.pid))
        self._control = trio.socket.from_stdlib_socket(ours)
        self.starts += 1
        self._nursery.start_soon(_log_errors, errors_in)
        with trio.move_on_after(_HELLO_S):
            hello = await self._control.recv(_MAX_ANSWER)
            if hello:
                _, threads = msgpack.unpackb(hello)
                log.info("fork_server_started", pid=process.pid, threads=threads)
                return self._control
        await self._discard()
        raise ForkServerGone("it did not start")

    async def _discard(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            await self._process.reap()
            self._process = None

    async def aclose(self) -> None:
        """End the fork server; the children that it made have owners of their own."""
        with trio.CancelScope(shield=True):
            await self._discard()


@asynccontextmanager
async def open_fork_server(
    switched_off: Collection[str] = (), *, attacks: bool = False
) -> AsyncIterator[ForkServer]:
    """Start a fork server, and end it with the block."""
    async with trio.open_nursery() as nursery:
        server = ForkServer(nursery, switched_off, attacks=attacks)
        try:
            async with server._lock:  # noqa: SLF001 - its own constructor in all but name
                await server._start()  # noqa: SLF001
            yield server
        finally:
            await server.aclose()
            nursery.cancel_scope.cancel()


def _import_paths() -> list[str]:
    """Return the folders that the fork server imports from: ours, and those of two libraries."""
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
