"""Real children for the tests of what runs in them."""

from collections.abc import Iterator

import pytest

from tests.children import SharedWorkshop


@pytest.fixture(scope="session")
def children() -> Iterator[SharedWorkshop]:
    """Return a workshop: ``children.run(module, *works)`` runs a guest in a real child."""
    with SharedWorkshop() as workshop:
        yield workshop
