"""The server's end of one process that formats texts: starts it, asks it, ends it.

Whoever asks owns the process meanwhile: a question that is given up ends the process with it, for
what it would say next answers nobody.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import trio

import webapp
from webapp.rendering.formatting_worker import ANSWER, LENGTH
from webapp.rendering.markdown import LONGEST_HTML

_MOST_BYTES = 4 * LONGEST_HTML
_BOOT = (
    "import sys; sys.path.insert(0, {root!r}); "
    "from webapp.rendering import formatting_worker; formatting_worker.main()"
)


class FormatterGone(Exception):
    """The process has ended, or said what it never should and was ended."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Result of formatting one text."""

    is_html: bool
    said: str
    """The HTML, else why there is none."""
    seconds: float
    """Processor time that it took."""


class FormattingProcess:
    """A running process. One question at a time."""

    def __init__(self, process: trio.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls) -> Self:
        """Start one, without the server's environment; raises ``OSError``."""
        boot = _BOOT.format(root=str(Path(webapp.__file__).parents[1]))
        process = await trio.lowlevel.open_process(
            [sys.executable, "-I", "-c", boot],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
        )
        return cls(process)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    async def format(self, text: str) -> Answer:
        """Format one text; raises ``FormatterGone``.

        Has no deadline of its own; cancelled, it ends the process.
        """
        question = text.encode()
        try:
            await self._write(LENGTH.pack(len(question)) + question)
            is_html, seconds, size = ANSWER.unpack(await self._read(ANSWER.size))
            return Answer(is_html, (await self._read(size)).decode(), seconds)
        except trio.BrokenResourceError as error:
            await self.end()
            raise FormatterGone(str(error)) from error
        except BaseException:
            await self.end()
            raise

    async def end(self) -> None:
        """Kill and reap it; close both pipes."""
        with trio.CancelScope(shield=True):
            self._process.kill()
            await self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    await stream.aclose()

    async def _write(self, data: bytes) -> None:
        assert self._process.stdin is not None  # noqa: S101 - a pipe was asked for
        await self._process.stdin.send_all(data)

    async def _read(self, size: int) -> bytes:
        assert self._process.stdout is not None  # noqa: S101 - a pipe was asked for
        if size > _MOST_BYTES:
            raise FormatterGone(f"it announced {size} bytes")
        data = bytearray()
        while len(data) < size:
            part = await self._process.stdout.receive_some(size - len(data))
            if not part:
                raise FormatterGone(f"it ended with {await self._process.wait()}")
            data += part
        return bytes(data)
