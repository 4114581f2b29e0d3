"""A child that is none of ours: a plain program at the end of two pipes that breaks the rules.

    python hostile_child.py HABIT

It reads from descriptor 0 and writes to 1, as a plugin's child does, and knows the frames by hand:
it must not be kept from lying by the code that it lies to.
"""

import os
import signal
import struct
import sys


def frame(head: bytes, blob: bytes = b"") -> bytes:
    return struct.pack("<II", len(head), len(blob)) + head + blob


def small(*items: int) -> bytes:
    """Encode an array of numbers below 128."""
    return bytes([0x90 | len(items), *items])


READY = frame(small(10, 0), b"[]")


def say(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


def hear() -> bytes:
    return os.read(0, 65536)


def result(seq: int, outcome: int = 0) -> bytes:
    return frame(small(11, seq, outcome, 0, 0))


def stay() -> None:
    """Neither read nor write, whatever comes."""
    while True:
        signal.pause()


def flood(data: bytes) -> None:
    while True:
        say(data)


def never_ready() -> None:
    stay()


def exits_at_once() -> None:
    os._exit(7)


def exits_when_asked() -> None:
    say(READY)
    hear()
    os._exit(9)


def kills_itself() -> None:
    say(READY)
    hear()
    os.kill(os.getpid(), signal.SIGSEGV)


def closes_its_pipe() -> None:
    say(READY)
    hear()
    os.close(1)
    stay()


def garbage_at_once() -> None:
    say(bytes(range(255, 0, -1)) * 4)
    stay()


def garbage_when_asked() -> None:
    say(READY)
    hear()
    say(b"\xff" * 100)
    stay()


def half_a_frame() -> None:
    say(READY)
    hear()
    say(result(1)[:-2])
    stay()


def half_a_ready() -> None:
    say(READY[:5])
    stay()


def wrong_seq() -> None:
    say(READY)
    hear()
    say(result(2))
    stay()


def result_twice() -> None:
    say(READY)
    hear()
    say(result(1) + result(1))
    stay()


def unasked_result() -> None:
    say(READY + result(1))
    stay()


def ready_twice() -> None:
    say(READY + READY)
    stay()


def report_that_is_none() -> None:
    say(frame(small(10, 0), b'{"name": 1}'))
    stay()


def report_of_a_million() -> None:
    say(frame(small(10, 0), b"[" + b"[" * 60_000))
    stay()


def floods_with_lines() -> None:
    say(READY)
    hear()
    flood(frame(small(13, 1), b"line") * 1000)


def floods_with_zeros() -> None:
    say(READY)
    flood(bytes(65536))


def floods_while_starting() -> None:
    flood(frame(small(13, 1), b"line") * 1000)


def floods_with_calls() -> None:
    say(READY)
    hear()
    for call in range(1, 120):
        say(frame(small(12, call, 1), b"{}"))
    stay()


def calls_for_ever() -> None:
    say(READY)
    hear()
    for call in range(1, 120):
        say(frame(small(12, call, 1), b"{}"))
        hear()
    stay()


def head_too_large() -> None:
    say(READY)
    hear()
    say(struct.pack("<II", 257, 0) + b"\x91" * 257)
    stay()


def blob_too_large() -> None:
    say(READY)
    hear()
    say(struct.pack("<II", 4, 1 << 31))
    flood(bytes(65536))


def bomb_of_maps() -> None:
    say(READY)
    hear()
    say(frame(b"\xdc\x00\xf0" + b"\x80" * 240))
    stay()


def stops_reading() -> None:
    say(READY)
    stay()


def reads_one_byte() -> None:
    say(READY)
    os.read(0, 1)
    stay()


def ends_its_calls_by_lying() -> None:
    say(READY)
    hear()
    say(frame(small(12, 1, 1), b"{}") + result(1))
    stay()


def ignores_every_signal_it_can() -> None:
    for number in range(1, 32):
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_IGN)
    say(READY)
    stay()


def stops_itself() -> None:
    say(READY)
    hear()
    os.kill(os.getpid(), signal.SIGSTOP)


def says_it_timed_out() -> None:
    say(READY)
    hear()
    say(result(1, 2))
    stay()


def fails_its_start_and_goes_on() -> None:
    say(result(0, 1) + READY)
    stay()


if __name__ == "__main__":
    globals()[sys.argv[1]]()
