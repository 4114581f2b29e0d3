"""Packages of native plugins, as an author makes them: a ZIP of ``plugin.yaml`` and programs."""

import os
from pathlib import Path

import pytest

from sandbox_child.packages import write_package
from tests.guests.build import ToolMissing
from tests.native.build import build_native


def built(name: str = "desk", mode: str = "") -> Path:
    """Return a program that Go built; skips the test where it cannot be built, but not in CI."""
    try:
        return build_native(name, mode)
    except ToolMissing as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


def native_program(name: str = "desk", mode: str = "") -> bytes:
    """Return the bytes of such a program."""
    return built(name, mode).read_bytes()


def native_package(name: str = "desk", mode: str = "", **files: bytes) -> bytes:
    """Return a package of such a program; ``files``: further ones by name."""
    manifest = f"name: {name}\nruntime: grpc\nbinary: {name}\n".encode()
    return write_package({"plugin.yaml": manifest, name: native_program(name, mode), **files})[0]
