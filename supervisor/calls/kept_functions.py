"""Host functions for what a plugin keeps: secrets, sealed, and files, up to a quota."""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from mimetypes import guess_type
from typing import Final, Protocol

from supervisor.calls.named_call import DONE, Handler, NamedCall
from supervisor.errors import OutOfRoom
from supervisor.limits import MIB
from supervisor.registration.grants import FunctionRefused
from supervisor.secrets.box import KeyUnusable
from supervisor.views import StoredFile

MOST_FILE_BYTES = 64 * MIB
"""Of all files of one plugin; it may ask for less (``max_file_storage_bytes``)."""
MOST_FILES = 2_000
MOST_SECRET = 8_000
"""Characters of one secret."""
_MOST_KEY = 512
_MOST_METADATA, _MOST_METADATA_CHARS = 20, 4_000
_KEY = re.compile(r"[^\x00-\x1f\x7f\\]+")
NAMES: Final = (
    *("secure_config_get", "secure_config_set"),
    *("store_file", "get_file", "delete_file", "list_files"),
)


class Kept(Protocol):
    """Where files and secrets lie, by plugin and key."""

    async def secret(self, plugin_id: str, key: str) -> str | None:
        """Return a secret, None where there is none; raises KeyUnusable."""
        ...

    async def set_secret(self, plugin_id: str, key: str, value: str) -> None:
        """Keep a secret; raises OutOfRoom."""
        ...

    async def store(
        self,
        plugin_id: str,
        key: str,
        content: bytes,
        metadata: Mapping[str, str],
        *,
        most_bytes: int,
        most_files: int,
    ) -> None:
        """Keep a file in the place of one of the same key; raises OutOfRoom."""
        ...

    async def file(self, plugin_id: str, key: str) -> tuple[bytes, Mapping[str, str]] | None:
        """Return a file's content and metadata, None where there is none."""
        ...

    async def delete(self, plugin_id: str, key: str) -> bool:
        """Delete a file; return whether there was one."""
        ...

    async def files(self, plugin_id: str, prefix: str) -> Sequence[StoredFile]:
        """Return the files whose keys begin so, by key."""
        ...


class KeptFunctions:
    """See the module."""

    def __init__(self, store: Kept) -> None:
        self._store = store

    @property
    def table(self) -> Mapping[str, Handler]:
        """The functions by name."""
        return {name: getattr(self, name) for name in NAMES}

    async def secure_config_get(self, call: NamedCall) -> object:
        """Return a secret that the plugin stored; refused where there is none."""
        call.grants.require("secure_config", "read")
        key = _key(call)
        try:
            found = await self._store.secret(call.plugin_id, key)
        except KeyUnusable as exc:
            raise FunctionRefused(str(exc)) from None
        if found is None:
            raise FunctionRefused(f"no secret is stored under {key[:80]!r}")
        call.caller.hide(found)
        return {"value": found}

    async def secure_config_set(self, call: NamedCall) -> object:
        """Store a secret, encrypted."""
        call.grants.require("secure_config", "write")
        key, value = _key(call), call.text("value", MOST_SECRET)
        _note(call, len(value))
        call.caller.hide(value)
        try:
            await self._store.set_secret(call.plugin_id, key, value)
        except OutOfRoom as exc:
            raise FunctionRefused(str(exc)) from None
        return DONE

    async def store_file(self, call: NamedCall) -> object:
        """Store a file in the place of one of the same key."""
        call.grants.require("file", "write")
        key, content = _key(call), call.blob("data")
        metadata = _metadata(call)
        _note(call, len(content))
        asked = call.grants.registration.resources.file_storage_bytes
        try:
            await self._store.store(
                call.plugin_id,
                key,
                content,
                metadata,
                most_bytes=min(asked or MOST_FILE_BYTES, MOST_FILE_BYTES),
                most_files=MOST_FILES,
            )
        except OutOfRoom as exc:
            raise FunctionRefused(str(exc)) from None
        return DONE

    async def get_file(self, call: NamedCall) -> object:
        """Return a file with its metadata."""
        call.grants.require("file", "read")
        key = _key(call)
        found = await self._store.file(call.plugin_id, key)
        if found is None:
            raise FunctionRefused(f"no file is stored under {key[:80]!r}")
        content, metadata = found
        return {"data": b64encode(content).decode(), "metadata": metadata}

    async def delete_file(self, call: NamedCall) -> object:
        """Delete a file; refused where there is none."""
        call.grants.require("file", "write")
        key = _key(call)
        _note(call, len(key))
        if not await self._store.delete(call.plugin_id, key):
            raise FunctionRefused(f"no file is stored under {key[:80]!r}")
        return DONE

    async def list_files(self, call: NamedCall) -> object:
        """List the files whose keys begin with ``prefix``."""
        call.grants.require("file", "read")
        prefix = call.arguments.get("prefix") or ""
        if not isinstance(prefix, str):
            raise FunctionRefused("prefix: expected text")
        return [
            {
                "key": file.key,
                "size": file.size,
                "content_type": _content_type(file.key, file.metadata),
                "metadata": file.metadata,
                "modified_at": file.modified_at,
            }
            for file in await self._store.files(call.plugin_id, prefix)
        ]


def _note(call: NamedCall, size: int) -> None:
    """Count what is written: it is the plugin's own, so that also a page may store it."""
    if (problem := call.caller.change(size, call.work)) is not None:
        raise FunctionRefused(problem)


def _key(call: NamedCall) -> str:
    key = call.text("key", _MOST_KEY)
    plain = _KEY.fullmatch(key) and not key.startswith("/")
    if not plain or any(part in {"", ".", ".."} for part in key.split("/")):
        raise FunctionRefused('key: expected a name such as "reports/2024.csv"')
    try:
        key.encode()
    except UnicodeEncodeError:
        raise FunctionRefused("key: expected text in UTF-8") from None
    return key


def _metadata(call: NamedCall) -> Mapping[str, str]:
    found = call.arguments.get("metadata") or {}
    if not isinstance(found, dict) or len(found) > _MOST_METADATA:
        raise FunctionRefused(f"metadata: expected an object of at most {_MOST_METADATA} texts")
    if any(not isinstance(value, str) for value in found.values()):
        raise FunctionRefused("metadata: expected an object of texts")
    if sum(len(name) + len(value) for name, value in found.items()) > _MOST_METADATA_CHARS:
        raise FunctionRefused(f"metadata: at most {_MOST_METADATA_CHARS:,} characters are taken")
    return found


def _content_type(key: str, metadata: Mapping[str, str]) -> str:
    for name, value in metadata.items():
        if name.lower().replace("-", "_") in {"content_type", "contenttype"}:
            return value
    return guess_type(key)[0] or "application/octet-stream"
