"""The program's process: its folder, its start, its handshake, its socket, and what it prints.

Nothing that it says is believed: its line is bounded before it is read, the socket must be a socket
in its folder, reached without following a link, and served by that very process.
"""

import os
import shutil
import socket
import stat
import struct
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import trio

from sandbox_child.wire.frames import PREFIX, PREFIX_LENGTH, decode_head
from sandbox_child.wire.messages import MAX_REPORT, READY, RESULT, check_head
from sandbox_child.wire.spec import BridgeSpec, ProgramSpec
from supervisor.native.door import Door, make_door
from supervisor.native.errors import StartFailed, plain_errors
from supervisor.native.handshake import MAX_LINE, Handshake, environment, read_handshake
from supervisor.native.limits import NativeLimits
from supervisor.native.printed import Printed
from supervisor.native.sealed import SealedProgram
from supervisor.process.cage import Cage
from supervisor.process.forkserver import ForkServer
from supervisor.process.handle import ChildHandle
from supervisor.process.report import active_controls

_PEER = struct.Struct("iII")
_PREFIX = "ohd-plugin-"
_LONGEST_BASE = 60
"""A socket's address holds 107 bytes: this, the folder's own name, and the name of the socket."""
_ABANDONED_S = 600.0
_LAST_WORDS_S = 3.0


@dataclass
class Program:
    """A running program that has said where it listens. Open it with :func:`open_program`."""

    handle: ChildHandle
    connection: int
    """The connected socket; the caller's to close."""
    handshake: Handshake
    """Its handshake line."""
    door: Door
    controls: tuple[str, ...]
    """What is active of the wider cage."""
    folder: str
    """Its private folder."""
    printed: Printed

    def spoken_to_by(self, spec: BridgeSpec) -> tuple[BridgeSpec, list[int]]:
        """Return the bridge's spec with what this program speaks, and the sockets that it gets."""
        said, identity = self.handshake, self.door.identity
        speaking = replace(
            spec,
            protocol=said.protocol,
            address=self.door.address,
            program=self.handle.pid,
            certificate=said.certificate,
            identity=identity.both if said.certificate and identity else "",
        )
        own = [self.door.listener.fileno()] if said.protocol == "grpc" else []
        return speaking, [self.connection, *own]

    async def why_it_ended(self) -> str:
        """Return how the process ended, with its last lines; empty while it runs."""
        # Its connection and its output end as it does, and the kernel takes a moment to say so.
        with trio.move_on_after(_LAST_WORDS_S):
            status = await self.handle.wait()
            await self.printed.wait_ended()
            last = self.printed.last()
            return f"the program has ended: {status}" + (f"; it printed: {last}" if last else "")
        return ""


@asynccontextmanager
async def open_program(
    fork_server: ForkServer,
    cage: Cage,
    sealed: SealedProgram,
    limits: NativeLimits,
    tell: Callable[[str], None],
    *,
    offer_tls: bool = True,
    give_up: trio.Event | None = None,
) -> AsyncIterator[Program]:
    """Start the program and connect to it; it is killed with the block, and its folder removed.

    ``tell`` hears what it prints; ``give_up`` ends the wait for its start. Raises StartFailed, or
    ProcessError.
    """
    folder = await trio.to_thread.run_sync(_make_folder)
    try:
        door = await trio.to_thread.run_sync(lambda: make_door(folder, offer_tls=offer_tls))
        with plain_errors(), door:
            handle, stdout, stderr = await _spawn(fork_server, cage, sealed, limits, door)
            async with stdout, stderr, trio.open_nursery() as nursery:
                printed = Printed(limits, tell)
                try:
                    nursery.start_soon(printed.drain, stderr)
                    start = _Start(stdout, folder, limits, door)
                    program = await _unless(give_up, lambda: start.run(handle, printed))
                    nursery.start_soon(printed.drain, stdout)
                    yield program
                finally:
                    await handle.reap()
                    await printed.finish()
    finally:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(lambda: shutil.rmtree(folder, ignore_errors=True))


async def _spawn(
    fork_server: ForkServer,
    cage: Cage,
    sealed: SealedProgram,
    limits: NativeLimits,
    door: Door,
) -> tuple[ChildHandle, trio.lowlevel.FdStream, trio.lowlevel.FdStream]:
    spec = ProgramSpec(
        kind="program",
        cage=cage.program(limits.memory_bytes, limits.threads),
        folder=door.folder,
        environment=environment(door.folder, door.certificate),
        system_libraries=sealed.facts.system_libraries,
        file_bytes=limits.file_bytes,
        open_files=limits.open_files,
        threads=limits.threads,
    )
    with ExitStack() as theirs, ExitStack() as ours:
        nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        theirs.callback(os.close, nothing)
        out_read, out_write = os.pipe()
        theirs.callback(os.close, out_write)
        ours.callback(os.close, out_read)
        error_read, error_write = os.pipe()
        theirs.callback(os.close, error_write)
        ours.callback(os.close, error_read)
        handle = await fork_server.spawn(spec, [nothing, out_write, error_write, sealed.descriptor])
        ours.pop_all()
    return handle, trio.lowlevel.FdStream(out_read), trio.lowlevel.FdStream(error_read)


async def _unless(give_up: trio.Event | None, start: Callable[[], Awaitable[Program]]) -> Program:
    """Return the started program; raises StartFailed once ``give_up`` is set."""
    if give_up is None:
        return await start()
    async with trio.open_nursery() as nursery:

        async def watch() -> None:
            await give_up.wait()
            nursery.cancel_scope.cancel()

        nursery.start_soon(watch)
        program = await start()
        nursery.cancel_scope.cancel()
        return program
    raise StartFailed("the program was stopped before it had started")


class _Start:
    """The program from its first byte to the connection."""

    def __init__(
        self, stdout: trio.lowlevel.FdStream, folder: str, limits: NativeLimits, door: Door
    ) -> None:
        self._door = door
        self._stdout = stdout
        self._folder = folder
        self._limits = limits
        self._read = bytearray()

    async def run(self, handle: ChildHandle, printed: Printed) -> Program:
        """Return the connected program; raises StartFailed."""
        with trio.move_on_after(self._limits.start_s):
            controls = await self._locked_down()
            line = await self._line()
            if line is None:
                status = await handle.wait()
                await printed.wait_ended()
                raise StartFailed(f"the program ended at its start: {status}", printed.last())
            try:
                said = read_handshake(line, self._folder, offered_tls=bool(self._door.identity))
                connection = await trio.to_thread.run_sync(
                    _connect, self._folder, said.socket_name, handle.pid
                )
            except StartFailed as exc:
                raise StartFailed(str(exc), printed.last()) from None
            return Program(handle, connection, said, self._door, controls, self._folder, printed)
        raise StartFailed(
            f"the program did not say within {self._limits.start_s:g} s where it listens",
            printed.last(),
        )

    async def _locked_down(self) -> tuple[str, ...]:
        """Read what the child says before it becomes the program: it is our own until then."""
        head_bytes, blob_bytes = PREFIX.unpack(await self._exactly(PREFIX_LENGTH))
        if blob_bytes > MAX_REPORT:
            raise StartFailed("the sandbox said too much")
        head = decode_head(await self._exactly(head_bytes))
        kind = check_head(head, frozenset({READY, RESULT}))
        blob = await self._exactly(blob_bytes)
        if kind == RESULT:
            raise StartFailed(blob.decode("utf-8", "replace"))
        return active_controls(blob)

    async def _exactly(self, count: int) -> bytes:
        while len(self._read) < count:
            await self._more("the sandbox ended before the program began")
        data = bytes(self._read[:count])
        del self._read[:count]
        return data

    async def _more(self, at_the_end: str) -> None:
        data = await self._stdout.receive_some(MAX_LINE)
        if not data:
            raise StartFailed(at_the_end)
        self._read += data

    async def _line(self) -> bytes | None:
        """Return the first line; None where the program closed its stdout before its end."""
        while b"\n" not in self._read:
            if len(self._read) >= MAX_LINE:
                raise StartFailed(
                    f"the program's first line has more than {MAX_LINE:,} bytes; expected "
                    "go-plugin's"
                )
            data = await self._stdout.receive_some(MAX_LINE)
            if not data:
                return None
            self._read += data
        return bytes(self._read).partition(b"\n")[0]


def _make_folder() -> str:
    """Make the private folder; its path is short, as the address of a socket has room for 108.

    Folders that a killed server left behind go at this opportunity.
    """
    base = Path(tempfile.gettempdir()).resolve()
    if len(os.fsencode(base)) > _LONGEST_BASE:
        raise StartFailed(
            f"the temporary folder {base} has too long a path for a socket in it; set TMPDIR to "
            f"one of at most {_LONGEST_BASE} bytes"
        )
    for old in base.glob(f"{_PREFIX}*"):
        if _is_abandoned(old):
            shutil.rmtree(old, ignore_errors=True)
    return tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=base)


def _is_abandoned(folder: Path) -> bool:
    pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
    try:
        age = time.time() - folder.lstat().st_mtime
    except OSError:
        return False
    # Where containers share the folder, a number says nothing: what is new may be another's.
    return pid.isdecimal() and not Path(f"/proc/{pid}").exists() and age > _ABANDONED_S


def _connect(folder: str, name: str, pid: int) -> int:
    """Connect to a socket of the folder that this very process serves; blocks for a moment.

    The program might have put a link in its place to somebody else's socket, so the name is
    resolved once, without following one, and what was found is connected to.
    """
    with ExitStack() as undo:
        place = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        undo.callback(os.close, place)
        try:
            found = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place)
        except OSError as exc:
            raise StartFailed(f"the socket that it named is not there: {exc.strerror}") from None
        undo.callback(os.close, found)
        if not stat.S_ISSOCK(os.fstat(found).st_mode):
            raise StartFailed("the program named something that is no socket")
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.setblocking(False)
        try:
            connection.connect(f"/proc/self/fd/{found}")
            peer, _, _ = _PEER.unpack(
                connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
            )
        except OSError as exc:
            connection.close()
            raise StartFailed(f"it does not answer on its socket: {exc.strerror}") from None
        if peer != pid:
            connection.close()
            raise StartFailed("the socket that it named is served by another process")
        return connection.detach()
