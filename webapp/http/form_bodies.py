"""Reads the fields of form bodies, and says what is wrong with a form that it does not read.

It exists because the framework answers a form that it cannot read, or that has too many fields, as
if it had been empty, which ends in "the page was out of date"; and because it spools uploads to
disk on the event loop. How long a body may be is the caller's.
"""

from functools import partial
from io import BytesIO
from typing import IO, Any, Self, cast
from urllib.parse import parse_qsl

import trio
from quart.formparser import FormDataParser, ParserFunc
from quart.wrappers.request import Body
from quart_trio.formparser import TrioFormDataParser
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from webapp.config import KIB, MIB
from webapp.errors import BodyUnreadable, FormTooLarge

MAX_FIELDS = 30_000
"""Fields of a form; that of a group has one for each member and category. As many ids as a body of
1 MiB has room for."""
MAX_TEXT_BYTES = 1 * MIB
"""Longest text of one field of a multipart form."""
PIECE_BYTES = 64 * KIB
_READABLE = (
    "a form in UTF-8, as application/x-www-form-urlencoded or as multipart/form-data with its "
    "boundary"
)

Fields = MultiDict[str, str]
Files = MultiDict[str, Any]


class BoundedFormParser(TrioFormDataParser):
    """A form parser with bounds that says what is wrong, and never touches the disk.

    Raises ``FormTooLarge`` and ``BodyUnreadable``; what the body itself raises passes through.
    """

    def __init__(self, **options: Any) -> None:
        options |= {
            "silent": False,
            "stream_factory": _in_memory,
            "max_form_parts": MAX_FIELDS,
            "max_form_memory_size": MAX_TEXT_BYTES,
            # Bounds what waits to be taken apart, and so the head of one field.
            "max_content_length": 2 * PIECE_BYTES,
        }
        super().__init__(**options)

    async def parse(
        self,
        body: Body,
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> tuple[Fields, Files]:
        """Return the fields and files of ``body``; none of another type of body."""
        try:
            return await super().parse(body, mimetype, content_length, options)
        except ValueError as error:
            raise BodyUnreadable(_READABLE) from error

    def get_parse_func(self, mimetype: str, options: dict[str, str]) -> ParserFunc | None:
        """Choose the parser for a type of body."""
        usual = super().get_parse_func(mimetype, options)
        if usual is None or mimetype.endswith("urlencoded"):
            return usual and _parse_urlencoded
        return partial(_parse_in_pieces, usual)


def _in_memory(
    total: int | None, content_type: str | None, filename: str | None, length: int | None
) -> IO[bytes]:
    """Keep an upload in memory: the body's limit bounds it, and disk would block the loop."""
    del total, content_type, filename, length
    return BytesIO()


async def _parse_urlencoded(
    _parser: FormDataParser,
    body: Body,
    _mimetype: str,
    _length: int | None,
    _options: dict[str, str],
) -> tuple[Fields, Files]:
    content = await body
    if (found := content.count(b"&") + 1) > MAX_FIELDS:
        raise FormTooLarge(f"{found:,} fields", f"{MAX_FIELDS:,}")
    if len(content) <= PIECE_BYTES:
        return _pairs(content), MultiDict()
    # Up to a quarter of a second for the largest body.
    return await trio.to_thread.run_sync(_pairs, content), MultiDict()


def _pairs(content: bytes) -> Fields:
    return MultiDict(parse_qsl(content.decode(), keep_blank_values=True))


async def _parse_in_pieces(
    usual: ParserFunc, parser: FormDataParser, body: Body, *rest: Any
) -> tuple[Fields, Files]:
    pieces = _Pieces(body)
    try:
        return await usual(parser, cast(Body, pieces), *rest)
    except RequestEntityTooLarge as error:
        if pieces.broke:
            raise
        most = f"{MAX_FIELDS:,} fields of {MAX_TEXT_BYTES // KIB:,} KiB each"
        raise FormTooLarge("more or longer fields than are read", most) from error


class _Pieces:
    """A body in small pieces, between which others have their turn, and then None, once.

    What has arrived while the visitor was looked up comes as one piece otherwise: a whole plugin,
    which takes a tenth of a second to take apart. None is what tells the decoder that there is no
    more, so that it refuses half a form; Quart 0.22 leaves it out.
    """

    def __init__(self, body: Body) -> None:
        self.broke = False
        """Whether the body itself ended in an error."""
        self._body = body
        self._left = memoryview(b"")
        self._ended = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes | None:
        if self._ended:
            raise StopAsyncIteration
        if self._left:
            await trio.lowlevel.checkpoint()
        else:
            try:
                self._left = memoryview(await anext(self._body))
            except StopAsyncIteration:
                self._ended = True
                return None
            except RequestEntityTooLarge:
                self.broke = True
                raise
        piece, self._left = self._left[:PIECE_BYTES], self._left[PIECE_BYTES:]
        return bytes(piece)
