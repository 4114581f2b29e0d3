"""Reads request bodies within bounds: their size by route, their form fields by number.

It exists because the framework's limits are one for all routes, spool uploads to disk on the
event loop, and take any number of fields. It knows the paths that differ, and nothing else.
"""

from functools import partial
from io import BytesIO
from typing import IO, Any, Self, cast
from urllib.parse import parse_qsl

import trio
from quart.formparser import FormDataParser, ParserFunc
from quart.wrappers.request import Body
from quart_trio.formparser import TrioFormDataParser
from quart_trio.wrappers import TrioRequest
from werkzeug.datastructures import MultiDict

from webapp.config import KIB, WebConfig

MAX_FIELDS = 2_000
"""Fields of a form; that of a group has one for each member and category."""
PIECE_BYTES = 256 * KIB
_UPLOAD_PATHS = frozenset({"/admin/plugins", "/api/admin/plugins"})
_LOGIN_PATHS = frozenset({"/login", "/api/auth/login", "/setup"})


def body_limit(path: str, config: WebConfig) -> int:
    """Return how many bytes a request to ``path`` may carry."""
    if path in _UPLOAD_PATHS:
        return config.max_upload_bytes
    return config.max_login_body_bytes if path in _LOGIN_PATHS else config.max_body_bytes


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
) -> tuple[MultiDict[str, str], MultiDict[str, Any]]:
    text = (await body).decode()
    pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    return MultiDict(pairs), MultiDict()


async def _parse_in_pieces(
    usual: ParserFunc, parser: FormDataParser, body: Body, *rest: Any
) -> tuple[MultiDict[str, str], MultiDict[str, Any]]:
    return await usual(parser, cast(Body, _Pieces(body)), *rest)


class _Pieces:
    """A body in small pieces, between which others have their turn.

    What has arrived while the visitor was looked up comes as one piece otherwise: a whole plugin,
    which takes a tenth of a second to take apart.
    """

    def __init__(self, body: Body) -> None:
        self._body = body
        self._left = memoryview(b"")

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._left:
            await trio.lowlevel.checkpoint()
        else:
            self._left = memoryview(await anext(self._body))
        piece, self._left = self._left[:PIECE_BYTES], self._left[PIECE_BYTES:]
        return bytes(piece)


class BoundedFormParser(TrioFormDataParser):
    """A form parser with a limit on fields, that never touches the disk."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, stream_factory=_in_memory)

    def get_parse_func(self, mimetype: str, options: dict[str, str]) -> ParserFunc | None:
        """Choose the parser; url-encoded forms get the bounded one, others come in pieces."""
        usual = super().get_parse_func(mimetype, options)
        if usual is None or mimetype.endswith("urlencoded"):
            return usual and _parse_urlencoded
        return partial(_parse_in_pieces, usual)


def request_class(config: WebConfig) -> type[TrioRequest]:
    """Return the request class for an app with these settings."""

    class BoundedRequest(TrioRequest):
        form_data_parser_class = BoundedFormParser

        def __init__(self, method: str, scheme: str, path: str, *rest: Any, **options: Any) -> None:
            options["max_content_length"] = limit = body_limit(path, config)
            super().__init__(method, scheme, path, *rest, **options)
            self.max_content_length = limit
            self.max_form_parts = MAX_FIELDS

    return BoundedRequest
