"""Requests of named host calls as the delivery log shows them: what they are about. Pure.

Never what is stored, sent or written: bodies, values, files and the values that statements are
given stay out, as does everything of a function that is not listed.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

LOOKED_AT = 64 * 1024
"""Arguments with more bytes are not shown."""
_LONGEST = 500

SHOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "db_query": ("query",),
    "db_exec": ("query",),
    "cache_get": ("key",),
    "cache_set": ("key", "ttl"),
    "cache_delete": ("key",),
    "http_request": ("method", "url"),
    "send_email": ("to", "subject"),
    "send_notice": ("user_id", "title"),
    "config_get": ("key",),
    "secure_config_get": ("key",),
    "secure_config_set": ("key",),
    "translate": ("key",),
    "plugin_call": ("plugin", "function"),
    "publish_event": ("channel", "event_type"),
    "store_file": ("key",),
    "get_file": ("key",),
    "delete_file": ("key",),
    "list_files": ("prefix",),
    "custom_fields_get": ("entity_type", "object_id", "fields"),
    "custom_fields_set": ("entity_type", "object_id"),
    "custom_fields_query": ("entity_type",),
    "create_article": ("ticket_id", "subject", "visible_to_customer"),
    "create_article_attachment": ("article_id", "filename"),
    "list_article_attachments": ("article_id",),
    "delete_article_attachment": ("article_id", "attachment_id"),
    "records_get": ("collection", "key"),
    "records_list": ("collection", "prefix", "tag"),
    "records_count": ("collection",),
    "change_ticket": ("ticket_id", "state"),
    "change_ticket_status": ("ticket_id", "state_id"),
}
"""Arguments that are shown, by function."""


def shown_call(name: str, arguments: bytes, redact: Callable[[str], str]) -> dict[str, Any]:
    """Return what is shown of a call's arguments."""
    names = SHOWN.get(name, ())
    if not names or len(arguments) > LOOKED_AT:
        return {}
    try:
        found = msgspec.json.decode(arguments)
    except (msgspec.DecodeError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {key: _short(found[key], redact) for key in names if key in found}


def _short(value: Any, redact: Callable[[str], str]) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    text = redact(text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
