"""A manifest that is right, to be made wrong in one place at a time."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from supervisor.manifest import Manifest, parse_manifest

BASE: dict[str, Any] = {
    "id": "com.example.plugin",
    "name": "Example",
    "version": "1.2.0",
    "description": "Does something.",
    "events": ["ticket.created"],
}


@pytest.fixture(scope="session")
def base() -> dict[str, Any]:
    """Return the required keys with right values."""
    return dict(BASE)


@pytest.fixture(scope="session")
def parse() -> Callable[..., Manifest]:
    """Return ``parse(**changes)``: the base with keys changed, parsed; ... takes a key away."""

    def run(**changes: Any) -> Manifest:
        content = {k: v for k, v in (BASE | changes).items() if v is not ...}
        return parse_manifest(json.dumps(content).encode())

    return run
