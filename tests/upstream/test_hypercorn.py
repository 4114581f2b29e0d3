"""The pinned Hypercorn has the faults that we work around.

A test that fails here says that a workaround can go: see ``docs/upstream/hypercorn.md``.
"""

import json
import subprocess
import sys
from importlib.metadata import version

import pytest

from tests.docs.pages import ROOT
from tests.upstream.hypercorn_leaks import CASES, CLIENTS


@pytest.mark.parametrize("case", CASES)
def test_a_workaround_is_needed_still(case: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.upstream.hypercorn_leaks", case],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
        timeout=120,
    )
    found = json.loads(done.stdout)
    if CASES[case].stays:
        assert found["stop_s"] is None
    else:
        assert 0 < found["held"] <= CLIENTS


def test_the_page_is_about_the_version_that_is_installed() -> None:
    page = (ROOT / "docs/upstream/hypercorn.md").read_text()
    assert f"Hypercorn {version('hypercorn')}" in page
