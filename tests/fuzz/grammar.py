"""What a hostile child might say: sequences of messages that are nearly right.

Random bytes are refused at the first length. What finds faults are sequences that keep to the rules
for a while and then break one: a wrong number, a turn taken twice, a frame cut short. A writer here
keeps the state that an honest child would have, says honest things, and now and then breaks a rule.
It uses none of the code that it is meant to try, but the packer of msgpack.
"""

import random
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgpack

READY, RESULT, CALL, LOG = 10, 11, 12, 13
REQUEST_BYTES, LOG_BYTES, LOG_LINES, HOST_CALLS = 512, 64, 5, 4
"""The budgets that the sequences play around."""

_pack = msgpack.packb
_REPORT = b'[{"name":"seccomp","active":true,"reason":""}]'
_NUMBERS = (0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 127, 128, 255, 2**16, 2**31, 2**32, 2**63 - 1)
_NOT_NUMBERS = (-1, 2**63, 2**64 - 1, -(2**63), 1.5, float("nan"), None, True, False, "", "11")
_STRANGE_HEADS = (
    b"", b"\x90", b"\xc0", b"\xc1", b"\x80", b"\x81\x01\x02", b"\xa1x", b"\x92\x0d",
    b"\x93\x0c\x01",
    b"\x91\x91\x91\x91\x91\x0b", b"\xdc\xff\xff", b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff",
    b"\xdb\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\xc9\xff\xff\xff\xff\x01", b"\xd4\x01\x00",
    b"\x92\x0d\xd9\x05ab", b"\x92\x0d\xc4\x00", b"\x92\x0d\x80", b"\x92\x0d\x90",
    b"\x92\xcd\x00\x0d\x01", b"\x92\x0d\xcf" + b"\xff" * 8, b"\x92\x0d\xd3" + b"\xff" * 8,
    b"\x92\x0d\x01\x00", b"\x99" + b"\x01" * 9, b"\x92\xcb" + b"\x00" * 8 + b"\x01",
    b"\x95\x0b\x01\x00\x00\x00" + b"\xc1", b"\x90" * 256, b"\x91" * 256,
)  # fmt: skip


def frame(head: tuple[object, ...], blob: bytes = b"") -> bytes:
    """Return a frame, whatever the head holds."""
    packed = _pack(head)
    return struct.pack("<II", len(packed), len(blob)) + packed + blob


def raw_frame(packed: bytes, blob: bytes = b"") -> bytes:
    """Return a frame around bytes that may not be msgpack."""
    return struct.pack("<II", len(packed), len(blob)) + packed + blob


@dataclass
class Step:
    """What the two sides do next: the supervisor asks or answers, then the child speaks."""

    ask: int = 0
    answer: bool = False
    say: bytes = b""


@dataclass
class Writer:
    """Writes one sequence. ``said`` is the state of a child that keeps to the rules."""

    rng: random.Random
    ready: bool = False
    asked: int = 0
    done: int = 0
    calls: int = 0
    open_call: bool = False
    steps: list[Step] = field(default_factory=list)

    def honest(self) -> Step:
        """Say what an honest child might say now."""
        rng = self.rng
        if not self.ready:
            if rng.random() < 0.3:
                return Step(say=frame((LOG, rng.randrange(4)), b"starting"))
            self.ready = True
            return Step(say=frame((READY, 65536), _REPORT))
        if self.asked == self.done:
            asked = rng.randint(1, 3)
            self.asked += asked
            return Step(ask=asked)
        if self.open_call:
            self.open_call = False
            return Step(answer=True)
        choice = rng.random()
        if choice < 0.25:
            return Step(say=frame((LOG, rng.randrange(4)), b"x" * rng.randrange(LOG_BYTES + 1)))
        if choice < 0.5:
            self.calls += 1
            self.open_call = True
            return Step(say=frame((CALL, self.calls, rng.randint(1, 3)), b'{"url":"http://x/"}'))
        self.done += 1
        spent = rng.choice((0, 1000, 10**9, 2**62))
        return Step(say=frame((RESULT, self.done, 0, spent, 65536)))

    def rude(self) -> Sequence[Step]:
        """Break one rule."""
        done = self.rng.choice(_RUDE)(self)
        return [done] if isinstance(done, Step) else done

    def _any_frame(self) -> bytes:
        rng = self.rng
        return rng.choice(
            (
                frame((RESULT, self.done + 1, 0, 5, 65536)),
                frame((LOG, 1), b"a line"),
                frame((CALL, self.calls + 1, 1), b"{}"),
                frame((READY, 65536), _REPORT),
            )
        )

    def _strange_head(self) -> Step:
        return Step(say=raw_frame(self.rng.choice(_STRANGE_HEADS), b"x" * self.rng.randrange(3)))

    def _strange_item(self) -> Step:
        head = list(
            self.rng.choice(
                ((READY, 1), (RESULT, self.done + 1, 0, 5, 1), (CALL, self.calls + 1, 1), (LOG, 1))
            )
        )
        head[self.rng.randrange(len(head))] = self.rng.choice(_NOT_NUMBERS + _NUMBERS)
        return Step(say=frame(tuple(head), b"x"))

    def _strange_count(self) -> Step:
        kind = self.rng.choice((READY, RESULT, CALL, LOG, 1, 2, 3, 0, 99))
        return Step(say=frame((kind, *[1] * self.rng.randrange(12))))

    def _strange_length(self) -> Step:
        head = self.rng.choice((0, 1, 6, 255, 256, 257, 65535, 2**31, 2**32 - 1))
        blob = self.rng.choice((0, 1, 511, 512, 513, 65536, 65537, 2**31, 2**32 - 1))
        return Step(say=struct.pack("<II", head, blob) + b"\x92\x0d\x01" + b"x" * 40)

    def _wrong_seq(self) -> Step:
        seq = self.rng.choice((0, self.done, self.done + 2, self.asked + 1, 2**40))
        return Step(say=frame((RESULT, seq, self.rng.randrange(8), 5, 1), b"no"))

    def _wrong_call(self) -> Step:
        number = self.rng.choice((0, self.calls, self.calls + 2, 2**62))
        return Step(say=frame((CALL, number, self.rng.randrange(6)), b"{}"))

    def _twice(self) -> Step:
        return Step(say=self._any_frame() * self.rng.randint(2, 9))

    def _out_of_turn(self) -> Step:
        return Step(say=self._any_frame())

    def _too_long(self) -> Step:
        head, size = self.rng.choice(
            (
                ((CALL, self.calls + 1, 1), REQUEST_BYTES + 1),
                ((LOG, 1), LOG_BYTES + 1),
                ((RESULT, self.done + 1, 1, 5, 1), 16 * 1024 + 1),
                ((READY, 1), 64 * 1024),
                ((READY, 1), 64 * 1024 + 1),
            )
        )
        return Step(say=frame(head, b"\xff" * size))

    def _flood(self) -> Step:
        return Step(say=frame((LOG, 1), b"again") * (LOG_LINES + self.rng.randint(1, 40)))

    def _call_flood(self) -> Sequence[Step]:
        """Make more calls than one event may, each where it is allowed to."""
        numbers = range(self.calls + 1, self.calls + HOST_CALLS + self.rng.randint(1, 9))
        return [Step(answer=True, say=frame((CALL, n, 2), b"{}")) for n in numbers]

    def _behind_the_end(self) -> Step:
        last = frame((RESULT, self.done + 1, self.rng.randrange(1, 6), 5, 1), b"the end")
        return Step(say=last + self._any_frame())

    def _cut(self) -> Step:
        whole = self._any_frame()
        return Step(say=whole[: self.rng.randrange(1, len(whole))])

    def _flipped(self) -> Step:
        whole = bytearray(self._any_frame())
        whole[self.rng.randrange(len(whole))] ^= 1 << self.rng.randrange(8)
        return Step(say=bytes(whole))

    def _noise(self) -> Step:
        return Step(say=self.rng.randbytes(self.rng.randrange(1, 64)))

    def _not_text(self) -> Step:
        return Step(say=frame((LOG, 1), b"\xff\xfe\xed\xa0\x80" * 9))

    def _strange_report(self) -> Step:
        reports = (
            b"", b"{}", b"[1]", b'[{"name":1}]', b"[" * 9000, b'[{"name":"x"}]', b"\xff",
            b'[{"name":"' + b"x" * 60_000 + b'","active":true,"reason":""}]',
            b"[" + b'{"name":"x","active":true,"reason":""},' * 900 + b"1]",
        )  # fmt: skip
        return Step(say=frame((READY, 1), self.rng.choice(reports)))


_RUDE = (
    Writer._strange_head,
    Writer._strange_item,
    Writer._strange_count,
    Writer._strange_length,
    Writer._wrong_seq,
    Writer._wrong_call,
    Writer._twice,
    Writer._out_of_turn,
    Writer._too_long,
    Writer._flood,
    Writer._call_flood,
    Writer._behind_the_end,
    Writer._cut,
    Writer._flipped,
    Writer._noise,
    Writer._not_text,
    Writer._strange_report,
)


def sequence(rng: random.Random) -> list[Step]:
    """Return one sequence: honest steps, and rude ones among them."""
    writer = Writer(rng)
    steps = [writer.honest() for _ in range(rng.randrange(7))]
    for _ in range(rng.randint(1, 3)):
        steps += writer.rude()
        if rng.random() < 0.5:
            steps.append(writer.honest())
    return steps


def pieces(data: bytes, rng: random.Random) -> list[bytes]:
    """Cut what is said at one time as a pipe might: mostly not at all, now and then anywhere."""
    if len(data) < 2 or rng.random() < 0.8:
        return [data]
    if len(data) < 80 and rng.random() < 0.3:
        return [data[i : i + 1] for i in range(len(data))]
    at = rng.randrange(1, len(data))
    return [data[:at], data[at:]]
