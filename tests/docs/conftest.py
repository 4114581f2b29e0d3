"""Gives tests of the manual a reader of its pages."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.docs.pages import Page
from tests.docs.reader import Reader, sit_down
from tests.guests.toolchains import TOOLCHAINS, ToolMissing, ToolUnobtainable

_NEEDS = {
    "docs/authors/languages/assemblyscript.md": "assemblyscript",
    "docs/authors/languages/rust.md": "rust",
}
"""Compilers that do not come with the Python packages of the tests."""


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Callable[[Page], Reader]]:
    """Return ``reader(page)``; a page whose compiler is absent is skipped, in CI it fails."""
    with ExitStack() as stack:

        def come(page: Page) -> Reader:
            try:
                if page.name in _NEEDS:
                    TOOLCHAINS[_NEEDS[page.name]].version()
            except ToolMissing as missing:
                if os.environ.get("CI") == "true" and not isinstance(missing, ToolUnobtainable):
                    pytest.fail(f"{page.name}: {missing}")
                pytest.skip(f"{page.name}: {missing}")
            return stack.enter_context(sit_down(page, tmp_path))

        yield come
