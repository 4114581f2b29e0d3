"""Makes small pictures: one process for each, a few at a time, each killed at its deadline.

A process has no file, no network and no second picture. Whatever it does but answer in time, with a
small WebP or a reason, means that there is no small picture of this file.
"""

from collections.abc import AsyncIterable

import structlog
import trio

from sandbox_child.wire.errors import WireError
from sandbox_child.wire.frames import encode_frame
from sandbox_child.wire.messages import READY, RESULT, check_head
from sandbox_child.wire.pictures import (
    KINDS,
    MADE,
    MAKE,
    MAX_EDGE,
    MAX_MADE,
    MAX_SOURCE,
    PIECE,
    PIECE_BYTES,
    check_made,
)
from sandbox_child.wire.spec import PictureSpec
from supervisor.limits import MIB
from supervisor.pictures.errors import NoSmallPicture
from supervisor.process.cage import Cage
from supervisor.process.errors import ProcessError
from supervisor.process.forkserver import ForkServer
from supervisor.process.pipes import FrameReader, PipedChild, open_piped
from supervisor.text import clean_text

PROCESSES = 2
"""At most at one time."""
WAITING = 32
"""That may wait for one; more are sent away, and may come again."""
START_S = 30.0
MAKE_S = 60.0
CPU_S = 10
DATA_BYTES = 512 * MIB
"""Private memory of one process: what the largest picture needs, decoded."""
ADDRESS_BYTES = DATA_BYTES + 5 * 1024 * MIB
_REPORT_BYTES = 64 * 1024

log = structlog.get_logger("supervisor.pictures")


class PictureMaker:
    """All making of small pictures of one server. Its processes end with each picture."""

    def __init__(self, fork_server: ForkServer, cage: Cage) -> None:
        self._fork_server = fork_server
        self._cage = cage
        self._free = trio.CapacityLimiter(PROCESSES)

    async def make(self, source: AsyncIterable[bytes], size: int, kind: str, edge: int) -> bytes:
        """Return a WebP of at most ``MAX_MADE`` bytes, no side longer than ``edge`` pixels.

        ``size`` is the bytes of ``source``, ``kind`` its media type. Raises NoSmallPicture.
        """
        if kind not in KINDS or not 0 < size <= MAX_SOURCE or not 0 < edge <= MAX_EDGE:
            raise NoSmallPicture("it is no picture of a kind that is made small", for_good=True)
        if self._free.statistics().tasks_waiting >= WAITING:
            raise NoSmallPicture("too many pictures are being made; try again", for_good=False)
        async with self._free:
            try:
                return await self._made(source, size, kind, edge)
            except NoSmallPicture as exc:
                log.info("no_small_picture", size=size, kind=kind, reason=str(exc))
                raise

    async def _made(self, source: AsyncIterable[bytes], size: int, kind: str, edge: int) -> bytes:
        cage = self._cage.picture(DATA_BYTES, ADDRESS_BYTES)
        try:
            async with open_piped(self._fork_server, PictureSpec("picture", cage, CPU_S)) as child:
                frames = FrameReader(child, max(MAX_MADE, _REPORT_BYTES))
                await _started(child, frames)
                head = (MAKE, size, edge, KINDS.index(kind))
                return await _answer(child, frames, head, source)
        except ProcessError as exc:
            raise NoSmallPicture(f"no process to make it: {exc}", for_good=False) from None


async def _started(child: PipedChild, frames: FrameReader) -> None:
    try:
        with trio.fail_after(START_S):
            head, blob = await frames.next()
        kind = check_head(head, frozenset({READY, RESULT}))
    except (EOFError, WireError, trio.TooSlowError):
        status = await child.handle.reap()
        raise NoSmallPicture(f"its process did not start: {status}", for_good=False) from None
    if kind == RESULT:
        why = clean_text(blob.decode("utf-8", "replace"), 600)
        raise NoSmallPicture(f"its process could not start: {why}", for_good=False)


async def _answer(
    child: PipedChild,
    frames: FrameReader,
    head: tuple[int, ...],
    source: AsyncIterable[bytes],
) -> bytes:
    try:
        with trio.fail_after(MAKE_S):
            await child.to_child.send_all(encode_frame(head))
            async for data in source:
                for start in range(0, len(data), PIECE_BYTES):
                    piece = data[start : start + PIECE_BYTES]
                    await child.to_child.send_all(encode_frame((PIECE,), piece))
            answer, blob = await frames.next()
            kind = check_made(answer)
    except trio.TooSlowError:
        raise NoSmallPicture(f"it took longer than {MAKE_S:g} s", for_good=True) from None
    except (EOFError, trio.BrokenResourceError, trio.ClosedResourceError):
        status = await child.handle.reap()
        raise NoSmallPicture(f"its process ended: {status}", for_good=True) from None
    except WireError as exc:
        raise NoSmallPicture(f"its process broke the protocol: {exc}", for_good=True) from None
    if kind != MADE:
        raise NoSmallPicture(clean_text(blob.decode("utf-8", "replace"), 200), for_good=True)
    if len(blob) > MAX_MADE or blob[:4] != b"RIFF" or blob[8:12] != b"WEBP":
        raise NoSmallPicture("its process sent something else", for_good=True)
    return blob
