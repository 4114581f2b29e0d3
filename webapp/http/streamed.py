"""Takes in a file of a multipart form in pieces, as it arrives, without holding it in memory.

The framework reads ahead of whoever takes the pieces, however large the body; a ``PacedBody`` does
not: the server reads on only as pieces are taken, and TCP slows the sender down.
"""

from typing import Self

import trio
from quart import request
from quart_trio.wrappers.request import TrioBody
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import (
    Data,
    Epilogue,
    Event,
    Field,
    File,
    MultipartDecoder,
    NeedData,
)

from webapp.errors import BodyInvalid, BodyUnreadable, NotMultipart

AHEAD_BYTES = 256 * 1024
"""Bytes that may wait to be taken."""
PIECE_S = 60.0
"""Time for the next piece to arrive."""
WHOLE_S = 1800.0
"""Time for the whole body."""
_MAX_FIELD_BYTES = 4 * 1024
_MAX_WAITING_BYTES = 1024 * 1024
"""Bytes that the decoder may hold while it looks for a boundary, or for the end of a head."""
_MAX_PARTS = 20
_SHAPE = "multipart/form-data with its boundary, and the file last"


class PacedBody(TrioBody):
    """A request's body that arrives no faster than it is taken."""

    def __init__(self, expected: int | None, most: int | None) -> None:
        super().__init__(expected, most)
        self._taken = trio.Event()
        self._abandoned = False
        self._most = most
        self._arrived = 0

    async def __anext__(self) -> bytes:
        """Return what has arrived, and let more arrive."""
        data = await super().__anext__()
        self._taken.set()
        return data

    def append(self, data: bytes) -> None:
        """Take in what has arrived; all of it counts towards the limit."""
        self._arrived += len(data)
        if self._abandoned:
            return
        super().append(data)
        if self._most is not None and self._arrived > self._most:
            self._must_raise = RequestEntityTooLarge()
            self.set_complete()

    def abandon(self) -> None:
        """Drop whatever still arrives: nobody takes it."""
        self._abandoned = True
        self.clear()
        self._taken.set()

    async def wait_for_room(self) -> None:
        """Return once little waits to be taken."""
        while len(self._data) > AHEAD_BYTES and not self._abandoned:
            self._taken = trio.Event()
            await self._taken.wait()


class Part:
    """The file of a form: its name, the fields that came before it; iterated, its pieces."""

    def __init__(self, name: str, fields: dict[str, str], form: "_Form") -> None:
        self.name = name
        self.fields = fields
        self._form = form
        self._ended = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._ended:
            raise StopAsyncIteration
        event = await self._form.next_event()
        if not isinstance(event, Data):
            raise StopAsyncIteration
        self._ended = not event.more_data
        return bytes(event.data)


async def read_part() -> Part:
    """Read the fields of this request's form up to its file, named ``file``.

    Raises ``NotMultipart``, ``BodyUnreadable``, and ``BodyInvalid`` where there is no file.
    """
    boundary = request.mimetype_params.get("boundary", "")
    if request.mimetype != "multipart/form-data" or not boundary:
        raise NotMultipart
    form = _Form(boundary)
    fields: dict[str, str] = {}
    name = ""
    while (event := await form.next_event()) is not None:
        if isinstance(event, File) and event.name == "file":
            return Part(event.filename or "", fields, form)
        if isinstance(event, Field | File):
            name = event.name or ""
        elif isinstance(event, Data):
            found = fields.get(name, "") + bytes(event.data).decode(errors="replace")
            if len(found) > _MAX_FIELD_BYTES:
                raise BodyInvalid("the form has more text than expected before its file")
            fields[name] = found
    raise BodyInvalid("choose a file: expected a multipart/form-data field named 'file'")


class _Form:
    """The body of this request, taken apart as it arrives."""

    def __init__(self, boundary: str) -> None:
        self._decoder = MultipartDecoder(
            boundary.encode(), _MAX_WAITING_BYTES, max_parts=_MAX_PARTS
        )
        self._ends_at = trio.current_time() + WHOLE_S

    async def next_event(self) -> Event | None:
        """Return what comes next, None at the end. Raises ``BodyUnreadable``."""
        try:
            while isinstance(event := self._decoder.next_event(), NeedData):
                self._decoder.receive_data(await self._more())
        except ValueError as error:
            raise BodyUnreadable(_SHAPE) from error
        return None if isinstance(event, Epilogue) else event

    async def _more(self) -> bytes | None:
        with trio.move_on_at(min(self._ends_at, trio.current_time() + PIECE_S)):
            return await anext(request.body, None)
        raise BodyUnreadable("the whole file within the time allowed; try again")
