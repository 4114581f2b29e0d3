"""The reader that is plugged in, and what it says of one message.

Contents of files go into the store of files as they come, one after another; nothing is held in
memory. What an attempt took counts only where the attempt ended well.
"""

from collections.abc import AsyncIterable, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from helpdesk.files.store import Arrival, Content, FileStore
from helpdesk.inbound.document import Document, decode

MAX_FILE_BYTES = 25 * 1024 * 1024


class Unreadable(Exception):
    """Nobody can read the message; trying again would not help."""


class ReaderAway(Exception):
    """The message cannot be read now; it may be tried again."""


class Taker(Protocol):
    """Takes what was read, as it comes."""

    async def document(self, packed: bytes) -> None:
        """Take the document, JSON."""
        ...

    async def piece(self, index: int, data: bytes) -> None:
        """Take a piece of a file."""
        ...


OpenMessage = Callable[[], AbstractAsyncContextManager[AsyncIterable[bytes]]]
Attempts = Callable[[], AbstractAsyncContextManager[Taker]]


class Reader(Protocol):
    """Reads messages, in processes that can do no harm."""

    async def read(self, message: OpenMessage, size: int, attempts: Attempts, /) -> None:
        """Read one message of ``size`` bytes; raises ``Unreadable``, ``ReaderAway``."""
        ...


@dataclass(frozen=True, slots=True)
class Parsed:
    """A message that was read, its files kept."""

    document: Document
    contents: tuple[Content | None, ...]
    """One for each of the document's files; None where nothing came."""


@dataclass
class _Taking:
    store: FileStore
    stack: AsyncExitStack
    found: Document | None = None
    contents: dict[int, Content] = field(default_factory=dict)
    at: int = -1
    arrival: Arrival | None = None

    async def document(self, packed: bytes) -> None:
        self.found = decode(packed)

    async def piece(self, index: int, data: bytes) -> None:
        if index != self.at:
            await self.finish()
            self.at = index
            self.arrival = await self.stack.enter_async_context(
                self.store.receive(MAX_FILE_BYTES + 1)
            )
        assert self.arrival is not None  # noqa: S101 - made in the lines above
        await self.arrival.write(data)

    async def finish(self) -> None:
        if self.arrival is not None:
            self.contents[self.at] = await self.arrival.keep()
            self.arrival = None
            await self.stack.aclose()


async def parse(reader: Reader, message: OpenMessage, size: int, store: FileStore) -> Parsed:
    """Have a message read; raises ``Unreadable``, ``ReaderAway``."""
    results: list[_Taking] = []

    @asynccontextmanager
    async def attempt() -> AsyncIterator[Taker]:
        async with AsyncExitStack() as stack:
            taking = _Taking(store, stack)
            yield taking
            await taking.finish()
            results.append(taking)

    try:
        await reader.read(message, size, attempt)
    except ValueError as exc:
        raise Unreadable(str(exc)) from None
    result = results[-1]
    if result.found is None:
        raise Unreadable("the reader sent no document")
    files = result.found.files
    return Parsed(result.found, tuple(result.contents.get(at) for at in range(len(files))))
