"""Every JSON Schema that is published: the manifest, the eight events, the host calls.

Each is made from the types that the thing itself is checked by. Served under ``/api/schemas`` and
shipped as files in ``docs/schemas``, which a test compares with what is made here.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from helpdesk.event_shapes import PAYLOADS
from supervisor.calls.shapes import host_call_schemas
from supervisor.manifest import manifest_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_CONFIG = {
    "type": "object",
    "additionalProperties": {"type": ["string", "integer", "boolean"]},
    "description": "the plugin's configuration: every field of its config_schema with a value",
}


def schemas() -> Mapping[str, dict[str, Any]]:
    """Return every schema by its name."""
    bare = {
        "manifest": manifest_schema(),
        **{event: _with_config(msgspec.json.schema(kind)) for event, kind in PAYLOADS.items()},
        **host_call_schemas(),
    }
    every = {name: titled(name, schema) for name, schema in bare.items()}
    # As JSON has it: a default in Python may be a tuple.
    return msgspec.json.decode(msgspec.json.encode(every), type=dict[str, dict[str, Any]])


def titled(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema that says what it is, and in which dialect it is written."""
    return {"$schema": DIALECT, "title": f"Open Help Desk: {name}", **schema}


def _with_config(schema: dict[str, Any]) -> dict[str, Any]:
    """Add the member that the help desk does not know of: it differs from plugin to plugin."""
    payload = schema["$defs"][schema["$ref"].rpartition("/")[2]]
    payload["properties"]["config"] = _CONFIG
    payload["required"].append("config")
    return schema
