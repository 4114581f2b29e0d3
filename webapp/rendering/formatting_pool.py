"""Formats the texts of pages: in a few processes, each person in turn, and what is known once.

Nobody's text delays another's page by more than the little that one text may take: a person has one
text formatted at a time, whatever they open at once, and processes go to whoever waits longest.
Past any limit a text is shown as it was written.
"""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Iterable

import trio
from markupsafe import Markup

from webapp.rendering.formatting_process import Answer, FormatterGone, FormattingProcess
from webapp.rendering.formatting_worker import TEXT_S
from webapp.rendering.markdown import as_written
from webapp.turns import Turns

_log = logging.getLogger(__name__)

PROCESSES = 2
"""At most; each is started when it is first needed, and takes some 25 MB."""
PAGE_S = 2.0
"""Processor time for the new texts of one page. Those behind are shown as they were written."""
WAIT_S = 15.0
"""Time by the clock after which a page is shown as far as it got."""
LONGEST_PAGE = 2 * 1024 * 1024
"""Characters of formatted HTML on one page."""
KEPT_CHARACTERS = 16 * 1024 * 1024
"""HTML that is kept, for whoever opens the same page next."""
_SMALLEST = 500
"""Overhead counted per entry, for its key and its place."""

_ENDED = "it takes too long to format"
_LATER = "the texts above took too long to format; reload the page to format more"
_NO_ROOM = "the texts above already fill the page"
_NOT_NOW = "formatting is unavailable right now"


class FormattingPool:
    """All formatting of one server. Close it."""

    def __init__(self) -> None:
        self._idle: list[FormattingProcess] = []
        self._free = trio.CapacityLimiter(PROCESSES)
        self._turns = Turns()
        self._known: OrderedDict[bytes, Answer] = OrderedDict()
        self._known_characters = 0

    async def page(self, person: str, texts: Iterable[str]) -> list[Markup]:
        """Return the texts of one page as safe HTML, for ``person`` who opens it."""
        wanted = [(_key(text), text) for text in texts]
        found: dict[bytes, Answer] = {}
        otherwise = _LATER
        try:
            with trio.move_on_after(WAIT_S):
                await self._find(person, wanted, found)
        except OSError as error:
            _log.error("cannot start a formatting process: %s", error)
            otherwise = _NOT_NOW
        room, shown = LONGEST_PAGE, []
        for key, text in wanted:
            answer = found.get(key) or Answer(False, otherwise, 0.0)
            room -= len(answer.said)
            shown.append(_shown(text, answer if room >= 0 else Answer(False, _NO_ROOM, 0.0)))
        return shown

    async def aclose(self) -> None:
        """End the processes."""
        while self._idle:
            await self._idle.pop().end()

    async def _find(
        self, person: str, wanted: list[tuple[bytes, str]], found: dict[bytes, Answer]
    ) -> None:
        """Put into ``found`` what is known, and what becomes known within the page's time."""
        for key, _text in wanted:
            if (answer := self._recall(key)) is not None:
                found[key] = answer
        missing = {key: text for key, text in wanted if text and key not in found}
        if not missing:
            return
        left = PAGE_S
        async with self._turns.of(person):
            for key, text in missing.items():
                if left <= 0:
                    return
                async with self._free:
                    # Another page may have asked for the same text meanwhile.
                    answer = self._recall(key)
                    if answer is None:
                        answer = await self._ask(text)
                        self._keep(key, answer)
                        left -= answer.seconds
                found[key] = answer

    async def _ask(self, text: str) -> Answer:
        """Have a process format a text; raises ``OSError`` where none can be started."""
        process = await self._take()
        try:
            answer = await process.format(text)
        except FormatterGone as gone:
            _log.warning("a text of %d characters ended its formatter: %s", len(text), gone)
            return Answer(False, _ENDED, TEXT_S)
        self._idle.append(process)
        return answer

    async def _take(self) -> FormattingProcess:
        while self._idle:
            process = self._idle.pop()
            if process.is_running:
                return process
            await process.end()
        return await FormattingProcess.start()

    def _recall(self, key: bytes) -> Answer | None:
        if key in self._known:
            self._known.move_to_end(key)
        return self._known.get(key)

    def _keep(self, key: bytes, answer: Answer) -> None:
        self._forget(key)
        self._known[key] = answer
        self._known_characters += _SMALLEST + len(answer.said)
        while self._known_characters > KEPT_CHARACTERS:
            self._forget(next(iter(self._known)))

    def _forget(self, key: bytes) -> None:
        if (answer := self._known.pop(key, None)) is not None:
            self._known_characters -= _SMALLEST + len(answer.said)


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _shown(text: str, answer: Answer) -> Markup:
    if not text:
        return Markup()
    # Sanitised by the process that made it.
    return Markup(answer.said) if answer.is_html else as_written(text, answer.said)  # noqa: S704
