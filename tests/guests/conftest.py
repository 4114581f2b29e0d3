"""The bare host, for tests of the guests themselves."""

from collections.abc import Callable

import pytest

from tests.guests.small_host import SmallHost


@pytest.fixture
def host(guest: Callable[[str], bytes]) -> Callable[..., SmallHost]:
    """Return ``host(name)``: a running instance of the guest ``name``."""

    def start(name: str, **options: object) -> SmallHost:
        return SmallHost(guest(name), **options)  # type: ignore[arg-type]

    return start
