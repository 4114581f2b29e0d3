"""Hand-made modules, for faults that no assembler would write."""

from collections.abc import Callable

import pytest

from tests.guests.bombs import HEADER, section


@pytest.fixture(scope="session")
def module() -> Callable[..., bytes]:
    """Return ``module(*sections)``; a section is (id, body) or bytes as they are."""

    def make(*sections: tuple[int, bytes] | bytes) -> bytes:
        pieces = [part if isinstance(part, bytes) else section(*part) for part in sections]
        return HEADER + b"".join(pieces)

    return make
