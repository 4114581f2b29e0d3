"""The cases that each example brings pass, as its README tells a newcomer to run them."""

import shutil
import sys

import pytest
import trio

from tests.guests.build import EXAMPLES, guest_names

NAMES = [name for name in guest_names() if name.startswith("examples/")]


@pytest.mark.parametrize("name", NAMES)
async def test_the_cases_of_an_example_pass(name, guest, tmp_path):
    (tmp_path / "plugin.wasm").write_bytes(guest(name))
    shutil.copytree(EXAMPLES.parent / name / "cases", tmp_path / "cases")
    command = [sys.executable, "-m", "cli.main", "plugin", "test", str(tmp_path)]
    done = await trio.run_process(
        command, cwd=EXAMPLES.parent, capture_stdout=True, capture_stderr=True, check=False
    )
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, said
    assert f"{len(list((tmp_path / 'cases').glob('*.yaml')))} passed" in said


def test_every_example_has_what_a_newcomer_needs():
    assert len(NAMES) == 6
    for name in NAMES:
        folder = EXAMPLES.parent / name
        assert (folder / "README.md").exists()
        makefile = (folder / "Makefile").read_text("utf-8")
        assert "\ntest:" in makefile
        assert "plugin embed" in makefile
