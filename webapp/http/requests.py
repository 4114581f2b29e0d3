"""Bounds request bodies: how many bytes each address takes.

It exists because the framework's limit is one for all routes. Which route takes more or less is
said where the route is (``webapp.routes``); ``form_bodies`` reads the fields of what it lets in.
"""

from collections.abc import Callable, Mapping
from typing import Any

from quart_trio.wrappers import TrioRequest

from webapp.config import WebConfig
from webapp.http.form_bodies import BoundedFormParser
from webapp.http.streamed import PacedBody
from webapp.routes import Body

_CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def request_class(
    config: WebConfig, limits: Mapping[str, Body], of_plugins: Callable[[str], int] = lambda _: 0
) -> type[TrioRequest]:
    """Return the request class for an app with these settings; ``limits`` by address.

    ``of_plugins``: how much a path takes that is no address of ours, 0 for the usual.
    """

    class BoundedRequest(TrioRequest):
        form_data_parser_class = BoundedFormParser

        def __init__(self, method: str, scheme: str, path: str, *rest: Any, **options: Any) -> None:
            limit: int = getattr(config, limits.get(path, Body.USUAL).value)
            if limits.get(path) is None and method in _CHANGES:
                limit = max(limit, of_plugins(path))
            options["max_content_length"] = limit
            super().__init__(method, scheme, path, *rest, **options)
            self.max_content_length = limit
            if limits.get(path) is Body.FILE:
                self.body = PacedBody(self.content_length, limit)

    return BoundedRequest
