"""The page on security against the code that it speaks of."""

import importlib.util
from pathlib import Path

import pytest

from supervisor.process.cage import ALL_CONTROLS

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("security_tool", DOCS / "tools/security.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def test_the_table_of_controls_is_that_of_the_code(tool):
    page = (DOCS / "security.md").read_text(encoding="utf-8")
    fresh = tool.replace_part(page, "controls", tool.table(await tool.read_attacks()))
    assert page == fresh, "run: python docs/tools/security.py --table"


def test_every_control_is_described(tool):
    assert tool._CONTROLS.keys() == ALL_CONTROLS


@pytest.mark.parametrize("who", ["root", "user"])
async def test_the_results_that_are_shown_are_of_the_attacks_of_today(tool, who):
    listing = (DOCS / f"sandbox-check-{who}.txt").read_text(encoding="utf-8").splitlines()
    shown = {line.split()[1] for line in listing[:-2]}
    native = {about.name for about in await tool.read_attacks()}
    assert native <= shown, "run: make security"
    for kind in ("compiler.", "bridge.", "native."):
        of_kind = {name.removeprefix(kind) for name in shown if name.startswith(kind)}
        assert of_kind, f"no attack of {kind[:-1]}; run: make security"
        assert of_kind <= native
    assert not [line for line in listing if line.startswith("open ")]
    assert "the sandbox holds" in listing[-1]
