"""A registration over gRPC, as the JSON that later generations of net/rpc give."""

import json
from collections.abc import Iterable
from typing import Any

from google.protobuf.message import DecodeError, Message

from sandbox_child.goplugin.errors import GoPluginError
from sandbox_child.protos.goatkit_pb2 import GKRegistration

_WHOLE = "manifest_json"


def read_registration(data: bytes) -> bytes:
    """Return the manifest as JSON; raises GoPluginError."""
    try:
        registration = GKRegistration.FromString(data)
    except DecodeError:
        raise GoPluginError("a registration that is no message of goatkit.plugin.v1") from None
    manifest = _object(registration)
    whole = manifest.pop(_WHOLE, b"")
    if whole:
        manifest.update(_parsed(whole))
    return json.dumps(manifest).encode()


def _parsed(whole: bytes) -> dict[str, Any]:
    try:
        found = json.loads(whole)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise GoPluginError(f"a registration whose {_WHOLE} is no JSON object")
    return found


def _object(message: Message) -> dict[str, Any]:
    """Return the fields by their names; what is empty or zero is left out, as in Go's JSON."""
    return {field.name: _value(value) for field, value in message.ListFields()}


def _value(value: object) -> object:
    if isinstance(value, Message):
        return _object(value)
    if isinstance(value, str | bytes | int | float):
        return value
    if isinstance(value, Iterable):
        return [_value(each) for each in value]
    raise GoPluginError("a registration with a value of no known kind")
