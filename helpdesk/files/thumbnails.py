"""``Thumbnails``: small pictures of files, made when one is first asked for, and once.

::

    thumbnails/<aa>/<sha256>    a small picture, or ``NONE``: there is none, for good

The folder lies beside the files, and may be emptied at any time: what is missing is made once more.
Whoever asks has looked whether the visitor may read the file.
"""

import os
import secrets
from collections.abc import AsyncIterable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import trio

from helpdesk.errors import Conflict, NotAllowed, NotFound
from helpdesk.files.service import Files, TicketFile

EDGE = 320
"""Longest side, in pixels; shown at half of that, it is sharp on dense screens."""
NONE = b"none"


class NoThumbnail(Exception):
    """A maker made none; ``for_good``: because of the file itself."""

    def __init__(self, sentence: str, *, for_good: bool) -> None:
        super().__init__(sentence)
        self.for_good = for_good


class Maker(Protocol):
    """Makes small pictures, away from this process."""

    async def make(self, source: AsyncIterable[bytes], size: int, kind: str, edge: int, /) -> bytes:
        """Return a WebP of a few kilobytes. Raises ``NoThumbnail``."""
        ...


class Thumbnails:
    """Keeps and returns small pictures."""

    def __init__(self, files: Files, folder: Path) -> None:
        self._files = files
        self._folder = folder
        self._being_made: dict[str, trio.Event] = {}
        self.maker: Maker | None = None
        """Given by whoever can make processes; without it only those are shown that there are."""

    async def of(self, file: TicketFile) -> bytes | None:
        """Return the small picture of a file, WebP; None where there is none, or not yet."""
        if not file.is_picture:
            return None
        path = self._folder / file.sha256[:2] / file.sha256
        while (before := self._being_made.get(file.sha256)) is not None:
            await before.wait()
        made = self._being_made[file.sha256] = trio.Event()
        try:
            kept = await trio.to_thread.run_sync(_kept, path) or await self._made(file, path)
        finally:
            del self._being_made[file.sha256]
            made.set()
        return None if kept in {b"", NONE} else kept

    async def _made(self, file: TicketFile, path: Path) -> bytes:
        if self.maker is None:
            return b""
        try:
            async with self._files.read(file) as source:
                small = await self.maker.make(source, file.size, file.kind, EDGE)
        except NoThumbnail as exc:
            if not exc.for_good:
                return b""
            small = NONE
        except (Conflict, NotAllowed, NotFound):
            return b""  # it has gone from the disk, or is not given out
        with suppress(OSError):  # a full disk: the next visitor has it made
            await trio.to_thread.run_sync(_keep, path, small)
        return small


def _kept(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _keep(path: Path, data: bytes) -> None:
    """Write it under its name only when it is whole; a half one would be shown forever."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            os.write(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        new.rename(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
