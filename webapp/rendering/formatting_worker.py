"""Formatting process: formats one text after another, each in bounded time and memory.

It is killable, and the interpreter that it holds is its own. A text that takes longer than
``TEXT_S`` of processor time is interrupted by a signal, which Python code notices; what does not,
such as a pattern on a long text, is ended by the kernel. Counted is processor time, so that texts
come out the same on a busy machine.

A request is ``LENGTH`` and as many bytes of UTF-8. An answer is ``ANSWER`` and as many bytes:
the HTML, or the reason why there is none. The process ends with its standard input.
"""

import os
import resource
import signal
import struct
import sys
import time
from typing import BinaryIO

from webapp.rendering.markdown import NotFormatted, to_html

TEXT_S = 1.0
"""Processor time for one text, in seconds."""
HARD_S = 2.0
"""Processor time after which the kernel ends a process that has not noticed."""
MEMORY_BYTES = 512 * 1024 * 1024
"""Address space; the interpreter and what it loads take about 70 MB of that."""
NICER = 5
"""Whoever waits for a page matters more than what stands on it."""
LENGTH = struct.Struct("<I")
ANSWER = struct.Struct("<BfI")
"""Whether it is HTML, the processor time that it took in seconds, and the number of bytes."""


class _OutOfTime(BaseException):
    """No ``Exception``: the parser passes over those in places."""


def main() -> None:
    """Serve standard input until its end."""
    _limit()
    to_html("The *first* text compiles rules.")
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while head := _exactly(requests, LENGTH.size):
        text = _exactly(requests, LENGTH.unpack(head)[0]).decode()
        began = time.process_time()
        is_html, said = _answer(text)
        answer = said.encode()
        answers.write(ANSWER.pack(is_html, time.process_time() - began, len(answer)) + answer)
        answers.flush()


def _limit() -> None:
    os.nice(NICER)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # The terminal's Ctrl-C is for the server, which ends this process in its own time.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, _out_of_time)


def _out_of_time(*_: object) -> None:
    raise _OutOfTime


def _answer(text: str) -> tuple[bool, str]:
    signal.setitimer(signal.ITIMER_VIRTUAL, HARD_S)
    try:
        try:
            signal.setitimer(signal.ITIMER_PROF, TEXT_S)
            return True, to_html(text)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    except NotFormatted as refusal:
        return False, refusal.reason
    except _OutOfTime:
        return False, "it takes too long to format"
    except MemoryError:
        return False, "it takes too much memory to format"
    except Exception as error:
        # A fault in the parser costs one text its looks, and nobody the page.
        return False, f"the formatter failed on it ({type(error).__name__})"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _exactly(source: BinaryIO, size: int) -> bytes:
    """Read ``size`` bytes; nothing at the end of the input."""
    data = source.read(size)
    if len(data) < size:
        raise SystemExit(0)
    return data
