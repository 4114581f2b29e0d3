"""Programs of other languages than Go in the cage: what their runtimes need is allowed."""

import os

import pytest

from supervisor.native.errors import StartFailed
from tests.guests.build import ToolMissing
from tests.native.build import build_runtime

SAYS = {
    "c": "8 threads, in time",
    "c-static": "8 threads, in time",
    "rust": "80000 items, panicked: true, in time: true",
}


@pytest.mark.parametrize("language", SAYS)
async def test_the_runtime_of_a_language_works_in_the_cage(stage, language):
    try:
        program = build_runtime(language)
    except ToolMissing as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    with pytest.raises(StartFailed, match="exit status 42"):
        async with stage.open(program):
            pytest.fail("it is no plugin")
    assert SAYS[language] in stage.lines
