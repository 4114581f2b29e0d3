"""A workshop of a test's own, for tests that do something to its fork server."""

from collections.abc import AsyncIterator

import psutil
import pytest

from supervisor.process.forkserver import open_fork_server
from tests.children import Workshop
from tests.guests.toolchains import CACHE


@pytest.fixture
async def workshop() -> AsyncIterator[Workshop]:
    """Return a workshop; checks in the end that no process of it is left, not even a zombie."""
    before = set(psutil.Process().children())
    async with open_fork_server() as fork_server:
        yield Workshop(fork_server, CACHE / "compiled")
    assert set(psutil.Process().children()) <= before
