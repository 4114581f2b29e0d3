"""Bounds request bodies: how many bytes each address takes.

It exists because the framework's limit is one for all routes. It knows the paths that differ, and
nothing else; ``form_bodies`` reads the fields of what it lets in.
"""

from typing import Any

from quart_trio.wrappers import TrioRequest

from webapp.config import WebConfig
from webapp.http.form_bodies import BoundedFormParser

_UPLOAD_PATHS = frozenset({"/admin/plugins", "/api/admin/plugins"})
_LOGIN_PATHS = frozenset({"/login", "/api/auth/login", "/setup"})


def body_limit(path: str, config: WebConfig) -> int:
    """Return how many bytes a request to ``path`` may carry."""
    if path in _UPLOAD_PATHS:
        return config.max_upload_bytes
    return config.max_login_body_bytes if path in _LOGIN_PATHS else config.max_body_bytes


def request_class(config: WebConfig) -> type[TrioRequest]:
    """Return the request class for an app with these settings."""

    class BoundedRequest(TrioRequest):
        form_data_parser_class = BoundedFormParser

        def __init__(self, method: str, scheme: str, path: str, *rest: Any, **options: Any) -> None:
            options["max_content_length"] = limit = body_limit(path, config)
            super().__init__(method, scheme, path, *rest, **options)
            self.max_content_length = limit

    return BoundedRequest
