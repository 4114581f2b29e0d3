"""The hooks before a commit and a push: they run what CI runs, by the same targets."""

import re
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]


def targets_of_ci() -> list[str]:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    return re.findall(r"^make ([a-z-]+)", script, re.MULTILINE)


def hooks() -> list[dict[str, object]]:
    config = YAML(typ="safe").load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    (local,) = config["repos"]
    assert local["repo"] == "local"
    return list(local["hooks"])


def test_every_check_of_ci_is_a_hook_and_the_tests_by_their_fast_part():
    expected = [
        f"make {target}".replace("make test", "make test-fast") for target in targets_of_ci()
    ]
    assert [hook["entry"] for hook in hooks()] == expected


def test_a_hook_looks_at_the_whole_tree_and_needs_nothing_installed():
    for hook in hooks():
        assert (hook["language"], hook["pass_filenames"]) == ("system", False)


def test_the_fast_tests_are_there():
    makefile = (ROOT / "Makefile").read_text("utf-8").replace("\\\n", "")
    (folders,) = re.findall(r"^FAST := (.*)$", makefile, re.MULTILINE)
    assert [path for path in folders.split() if not (ROOT / path).exists()] == []
