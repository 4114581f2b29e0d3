r"""Asks ClamAV's daemon whether a content is infected: ``INSTREAM``, as clamd(8) describes it.

::

    z I N S T R E A M \0   <length, 4 bytes, network order> <that many bytes> …   0 0 0 0
    answer, to its NUL:    stream: OK   |   stream: NAME FOUND   |   … ERROR

One connection for each content. It is read and sent in pieces, and never held in memory. The answer
is as untrusted as any: bounded in size and time, and its words are only ever shown.
"""

import struct
from collections.abc import AsyncIterable

import trio

from helpdesk import checks
from helpdesk.settings import SCANNER_EXPECTED, clamd_address

SCAN_S = 60.0
"""For everything: connecting, sending, and the answer."""
CONNECT_S = 5.0
PIECE_BYTES = 64 * 1024
ANSWER_BYTES = 4 * 1024
LONGEST_NAME = 200


class ScannerAway(Exception):
    """The scanner gave no verdict; it may be asked again."""


async def scan(address: str, content: AsyncIterable[bytes], *, seconds: float = SCAN_S) -> str:
    """Return the name of what was found in a content; empty where nothing was.

    Raises ``ScannerAway``.
    """
    try:
        with trio.fail_after(seconds):
            stream = await _connect(address)
            async with stream:
                await _send(stream, content)
                return _verdict(await _answer(stream))
    except trio.TooSlowError:
        raise ScannerAway(f"it did not answer within {seconds:g} s") from None


async def _connect(address: str) -> trio.SocketStream:
    place = clamd_address(address)
    if place is None:
        expected = SCANNER_EXPECTED
        raise ScannerAway(f"its address is wrong; expected {expected}")
    try:
        with trio.fail_after(CONNECT_S):
            if isinstance(place, str):
                return await trio.open_unix_socket(place)
            return await trio.open_tcp_stream(*place)
    except (OSError, ValueError) as exc:
        raise ScannerAway(f"no connection: {exc}") from None


async def _send(stream: trio.SocketStream, content: AsyncIterable[bytes]) -> None:
    """Send all of it, or until the other end has had enough: it says why in its answer."""
    try:
        await stream.send_all(b"zINSTREAM\0")
        async for data in content:
            for start in range(0, len(data), PIECE_BYTES):
                piece = data[start : start + PIECE_BYTES]
                await stream.send_all(struct.pack("!I", len(piece)) + piece)
        await stream.send_all(struct.pack("!I", 0))
    except trio.BrokenResourceError:
        return


async def _answer(stream: trio.SocketStream) -> str:
    answer = b""
    try:
        while b"\0" not in answer and len(answer) <= ANSWER_BYTES:
            data = await stream.receive_some(ANSWER_BYTES)
            if not data:
                break
            answer += data
    except trio.BrokenResourceError:
        pass
    whole, end, _ = answer.partition(b"\0")
    if not end:
        raise ScannerAway("its answer does not end" if answer else "it closed without an answer")
    return checks.cleaned(whole.decode("utf-8", "replace")).strip()


def _verdict(answer: str) -> str:
    if answer == "stream: OK":
        return ""
    name, found, rest = answer.removeprefix("stream: ").rpartition(" FOUND")
    if answer.startswith("stream: ") and found and not rest and name:
        return "".join(char for char in name if char.isprintable())[:LONGEST_NAME] or "unnamed"
    said = repr(answer[:LONGEST_NAME])
    raise ScannerAway(f"it answered {said}")
