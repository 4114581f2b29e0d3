"""Bounds request bodies: how many bytes each address takes.

It exists because the framework's limit is one for all routes. Which route takes more or less is
said where the route is (``webapp.routes``); ``form_bodies`` reads the fields of what it lets in.
"""

from collections.abc import Mapping
from typing import Any

from quart_trio.wrappers import TrioRequest

from webapp.config import WebConfig
from webapp.http.form_bodies import BoundedFormParser
from webapp.http.streamed import PacedBody
from webapp.routes import Body


def request_class(config: WebConfig, limits: Mapping[str, Body]) -> type[TrioRequest]:
    """Return the request class for an app with these settings; ``limits`` by address."""

    class BoundedRequest(TrioRequest):
        form_data_parser_class = BoundedFormParser

        def __init__(self, method: str, scheme: str, path: str, *rest: Any, **options: Any) -> None:
            limit: int = getattr(config, limits.get(path, Body.USUAL).value)
            options["max_content_length"] = limit
            super().__init__(method, scheme, path, *rest, **options)
            self.max_content_length = limit
            if limits.get(path) is Body.FILE:
                self.body = PacedBody(self.content_length, limit)

    return BoundedRequest
