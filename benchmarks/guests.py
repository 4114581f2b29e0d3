"""Guests of ``tests/guests`` under ids of their own, so that one help desk can have many of one."""

import trio

from sandbox_child.wasm.caps import MANIFEST_SECTION
from sandbox_child.wasm.sections import manifest_section, replace_custom_section
from tests.guests.build import build_guest


def renamed(module: bytes, number: int) -> bytes:
    """Return a module whose plugin id begins with ``n<number>``."""
    manifest = bytes(manifest_section(module)).decode()
    manifest = manifest.replace('"id": "', f'"id": "n{number}.')
    return replace_custom_section(module, MANIFEST_SECTION, manifest.encode())


async def numbered(guest: str, number: int) -> list[bytes]:
    """Return so many modules of one guest, each with an id of its own."""
    path = await trio.to_thread.run_sync(build_guest, guest)
    module = await trio.Path(path).read_bytes()
    return [renamed(module, each) for each in range(number)]
