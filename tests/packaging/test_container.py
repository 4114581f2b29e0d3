"""The Dockerfile: what it copies is enough to install from, and all that is sent to the build."""

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cli.main import main
from cli.serving.serve import serve

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "packaging" / "Dockerfile"


def instructions() -> Iterator[list[str]]:
    """Yield the words of each instruction."""
    text = DOCKERFILE.read_text("utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.split()


def copied() -> list[tuple[str, str]]:
    """Return what is copied out of the source tree, and to where."""
    return [
        (source, target)
        for word, *rest in instructions()
        if word == "COPY" and not rest[0].startswith("--from")
        for *sources, target in [rest]
        for source in sources
    ]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    """Return the package, built of nothing but what the Dockerfile copies."""
    folder = tmp_path_factory.mktemp("container")
    source_tree = folder / "src"
    for source, target in copied():
        here = ROOT / source
        there = source_tree / target / (here.name if target == "./" else "")
        there.parent.mkdir(parents=True, exist_ok=True)
        if here.is_dir():
            shutil.copytree(here, there, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(here, there)
    program = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(program, cwd=source_tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_what_is_copied_is_enough_to_install_from(wheel):
    names = set(wheel.namelist())
    assert "cli/bundled/digest.wasm" in names
    boxed = [path for path in (ROOT / "plugins").glob("*/*") if path.suffix in {".zip", ".json"}]
    assert boxed
    there = {f"cli/box/{path.parent.name}/{path.name}" for path in boxed}
    assert there == {name for name in names if name.startswith("cli/box/")}
    assert not any(name.startswith("plugins/") for name in names)
    for needed in ("webapp/static", "webapp/templates"):
        files = [path for path in (ROOT / needed).rglob("*") if path.is_file()]
        here = {str(path.relative_to(ROOT)) for path in files if "__pycache__" not in path.parts}
        assert here <= names


def test_the_wheel_says_that_it_is_typed(wheel):
    packages = {name.partition("/")[0] for name in wheel.namelist() if name.endswith(".py")}
    assert packages == {"sandbox_child", "supervisor", "helpdesk", "webapp", "cli"}
    assert {f"{package}/py.typed" for package in packages} <= set(wheel.namelist())


def test_what_is_copied_is_sent_to_the_build_and_nothing_else():
    lines = (DOCKERFILE.with_name("Dockerfile.dockerignore")).read_text("utf-8").splitlines()
    rules = [line for line in lines if not line.startswith("#")]
    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == {name for name, _ in copied()}


def test_the_container_starts_a_command_that_there_is():
    found = {name: words for name, *words in instructions()}
    assert found["USER"] != ["root"]
    assert found["STOPSIGNAL"] == ["SIGTERM"]
    command, *options = json.loads(" ".join(found["CMD"]))
    assert main.get_command(click.Context(main), command) is serve
    context = serve.make_context("serve", options)
    assert [str(context.params["data"])] == found["VOLUME"]
