"""What each language's program did, tried once in a test run."""

from collections.abc import Callable

import pytest
import trio

from tests.guests.projects import languages
from tests.guests.toolchains import CACHE
from tests.languages.trials import Tried, try_all


@pytest.fixture(scope="session")
def tried(guest: Callable[[str], bytes]) -> Callable[[str], Tried]:
    """Return ``tried(language)``: everything is tried once in a test run."""
    kept: dict[str, Tried] = {}

    def once(language: str) -> Tried:
        if language not in kept:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("XDG_CACHE_HOME", str(CACHE / "author"))
                kept[language] = trio.run(try_all, guest(f"languages/{language}"))
        return kept[language]

    return once


@pytest.fixture(params=[name for name in languages() if name != "tinygo"])
def program(request: pytest.FixtureRequest, tried: Callable[[str], Tried]) -> Tried:
    """Return what the program of each language did; TinyGo's is Go's, and has one test."""
    return tried(request.param)
