"""Fixtures that every half's tests share."""

import os
from collections.abc import Callable

import pytest

from tests.guests.build import ToolMissing, build_guest


@pytest.fixture(scope="session")
def guest() -> Callable[[str], bytes]:
    """Return ``guest(name)``: the bytes of a compiled guest plugin, its manifest embedded.

    A guest whose compiler is absent skips the test with the reason; in CI it fails it.
    """

    def load(name: str) -> bytes:
        try:
            return build_guest(name).read_bytes()
        except ToolMissing as missing:
            if os.environ.get("CI") == "true":
                pytest.fail(f"{name}: {missing}")
            pytest.skip(f"{name}: {missing}")

    return load
