"""Contents of files on the disk, by their SHA-256, in a folder beside the database.

::

    files/incoming/<random>     what is arriving; what never came whole is removed after a day
    files/<aa>/<sha256>         whole contents, never changed

Pieces are written and read on worker threads, one at a time, so that no file is held in memory. A
content is durable before ``keep`` returns.
"""

import hashlib
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import trio

from helpdesk.errors import LimitReached, NotFound
from helpdesk.files.kinds import LOOKED_AT, kind_of

PIECE_BYTES = 64 * 1024
_INCOMING = "incoming"


@dataclass(frozen=True, slots=True)
class Content:
    """What has arrived whole."""

    sha256: str
    size: int
    """Bytes."""
    kind: str
    """Media type, by its first bytes."""


class FileStore:
    """Writes and reads contents."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def forget_unfinished(self, before: float) -> None:
        """Remove what has been arriving since before that time, in seconds since the epoch."""
        await trio.to_thread.run_sync(_remove_older, self._folder / _INCOMING, before)

    @asynccontextmanager
    async def receive(self, most: int) -> AsyncIterator["Arrival"]:
        """Take in one content of at most ``most`` bytes; without ``keep``, nothing stays."""
        incoming = self._folder / _INCOMING
        path = incoming / secrets.token_hex(16)
        await trio.to_thread.run_sync(_make_folder, incoming)
        file = await trio.to_thread.run_sync(_create, path)
        try:
            yield Arrival(self._folder, path, file, most)
        finally:
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(_drop, file, path)

    async def size(self, sha256: str) -> int:
        """Return how many bytes a content has. Raises ``NotFound``."""
        try:
            return (await trio.to_thread.run_sync(_place(self._folder, sha256).stat)).st_size
        except FileNotFoundError:
            raise NotFound("file content", sha256) from None

    async def forget(self, sha256: str) -> None:
        """Remove a content that nobody speaks of any more."""
        path = _place(self._folder, sha256)
        await trio.to_thread.run_sync(lambda: path.unlink(missing_ok=True))

    def read(self, sha256: str) -> "Reading":
        """Return a content that is to be read, as an asynchronous context manager."""
        return Reading(_place(self._folder, sha256))


class Reading:
    """A content that is read in pieces: a context manager, and then an iterator."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1

    async def __aenter__(self) -> Self:
        """Open it. Raises ``NotFound`` where it is not on the disk."""
        flags = os.O_RDONLY | os.O_CLOEXEC
        try:
            self._file = await trio.to_thread.run_sync(os.open, self._path, flags)
        except FileNotFoundError:
            raise NotFound("file content", self._path.name) from None
        return self

    async def __aexit__(self, *_: object) -> None:
        os.close(self._file)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        piece = await trio.to_thread.run_sync(os.read, self._file, PIECE_BYTES)
        if not piece:
            raise StopAsyncIteration
        return piece


class Arrival:
    """One content that is arriving."""

    def __init__(self, folder: Path, path: Path, file: int, most: int) -> None:
        self._folder = folder
        self._path = path
        self._file = file
        self._most = most
        self._digest = hashlib.sha256()
        self._head = b""
        self._size = 0

    async def write(self, piece: bytes) -> None:
        """Add a piece. Raises ``LimitReached``."""
        self._size += len(piece)
        if self._size > self._most:
            raise LimitReached("this file", self._most, "bytes")
        if len(self._head) < LOOKED_AT:
            self._head += piece[: LOOKED_AT - len(self._head)]
        await trio.to_thread.run_sync(self._write, piece)

    async def keep(self) -> Content:
        """Make it durable under its hash, and return what it is."""
        content = Content(self._digest.hexdigest(), self._size, kind_of(self._head))
        target = _place(self._folder, content.sha256)
        await trio.to_thread.run_sync(_settle, self._file, self._path, target)
        return content

    def _write(self, piece: bytes) -> None:
        self._digest.update(piece)
        left = memoryview(piece)
        while left:
            left = left[os.write(self._file, left) :]


def _place(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / sha256


def _make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _create(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


def _settle(file: int, path: Path, target: Path) -> None:
    os.fsync(file)
    _make_folder(target.parent)
    path.rename(target)
    for folder in (target.parent, target.parent.parent):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _drop(file: int, path: Path) -> None:
    os.close(file)
    path.unlink(missing_ok=True)


def _remove_older(folder: Path, before: float) -> None:
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # it has just come whole
            if path.stat().st_mtime < before:
                path.unlink()
