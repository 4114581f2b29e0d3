"""A real clamd that knows one signature, and servers that answer ``INSTREAM`` as no clamd would."""

import hashlib
import shutil
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import trio

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""What every scanner takes for a virus (eicar.org); in two parts, so that none takes this file."""
NAME = "Eicar-Test-Signature"
PATIENCE_S = 120


def clamd() -> str | None:
    """Return clamd's path, None where it is not installed."""
    return shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin:/usr/bin")


@asynccontextmanager
async def running_clamd(folder: Path) -> AsyncIterator[str]:
    """Run clamd with the test signature; give the path of its socket."""
    program = clamd()
    assert program is not None
    (folder / "db").mkdir(parents=True)
    digest = hashlib.md5(EICAR, usedforsecurity=False).hexdigest()
    (folder / "db" / "test.hdb").write_text(f"{digest}:{len(EICAR)}:{NAME}\n")
    path = folder / "s"
    (folder / "clamd.conf").write_text(
        f"DatabaseDirectory {folder}/db\nLocalSocket {path}\nForeground yes\nLogFile {folder}/log\n"
        f"TemporaryDirectory {folder}\nFixStaleSocket yes\nStreamMaxLength 30M\n"
    )
    async with trio.open_nursery() as nursery:
        command = [program, "--config-file", str(folder / "clamd.conf")]
        quietly = {"check": False, "capture_stdout": True, "capture_stderr": True}
        process = await nursery.start(partial(trio.run_process, command, **quietly))
        with trio.fail_after(PATIENCE_S):
            while not await trio.Path(path).exists():
                assert process.poll() is None, (folder / "log").read_text()
                await trio.sleep(0.05)
        try:
            yield str(path)
        finally:
            process.kill()


Answer = Callable[[trio.SocketStream], Awaitable[None]]


@asynccontextmanager
async def answering(path: Path, answer: Answer) -> AsyncIterator[str]:
    """Serve on a socket; ``answer`` gets each connection, and closes it by returning."""
    socket = trio.socket.socket(trio.socket.AF_UNIX)
    await socket.bind(str(path))
    socket.listen(10)
    listener = trio.SocketListener(socket)

    async def serve(stream: trio.SocketStream) -> None:
        async with stream:
            try:
                await answer(stream)
            except trio.BrokenResourceError:
                return

    async with listener, trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, serve, [listener])
        yield str(path)
        nursery.cancel_scope.cancel()


async def take_all(stream: trio.SocketStream) -> bytes:
    """Read a whole ``INSTREAM`` as the manual page says, and return the content."""
    waiting = b""

    async def take(count: int) -> bytes:
        nonlocal waiting
        while len(waiting) < count:
            data = await stream.receive_some(65_536)
            assert data, "it closed in the middle"
            waiting += data
        taken, waiting = waiting[:count], waiting[count:]
        return taken

    assert await take(10) == b"zINSTREAM\0"
    content = b""
    while size := struct.unpack("!I", await take(4))[0]:
        content += await take(size)
    return content
