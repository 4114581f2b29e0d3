"""Packages in the box: each is what its sources build, and registers what the box says of it."""

import re
import shutil
import zipfile
from pathlib import Path

import pytest

from supervisor.registration import parse_registration
from tests.guests import makefiles
from tests.guests.toolchains import ROOT, ToolMissing, _go_version, rustc, version_of

BOX = ROOT / "plugins"
NAMES = sorted(path.stem for path in BOX.glob("*/*.zip"))


def language(name: str) -> str:
    return "go" if (BOX / name / "go.mod").exists() else "rust"


def contents(path: Path) -> dict[str, bytes]:
    """Return the files of a package; how they are compressed is zlib's affair."""
    with zipfile.ZipFile(path) as package:
        return {name: package.read(name) for name in package.namelist()}


def compiler_of(module: bytes, language: str) -> str:
    """Return the version of the compiler that a module was built by, which it says itself."""
    said = {"rust": rb"\x05rustc.(\d+\.\d+\.\d+)", "go": rb"cmd/compile.go(\d+\.\d+(?:\.\d+)?)"}
    found = re.search(said[language], module, re.DOTALL)
    return found[1].decode() if found else ""


def compiler_here(language: str) -> str:
    """Return the version of the compiler that there is; raises ToolMissing."""
    return version_of(rustc()) if language == "rust" else _go_version().split()[-1]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_package_is_what_its_sources_build(name: str, tmp_path: Path) -> None:
    if (BOX / name / "Cargo.lock").exists():
        pytest.skip("its crates would be fetched; `make package` builds the same bytes")
    committed = contents(BOX / name / f"{name}.zip")
    try:
        here = compiler_here(language(name))
    except ToolMissing as missing:
        pytest.skip(str(missing))
    if here != (built := compiler_of(committed["plugin.wasm"], language(name))):
        pytest.skip(f"it was built by {language(name)} {built}; here is {here}")
    left = shutil.ignore_patterns("*.wasm", "*.tmp", "*.zip", "build", "target", ".ohd-dev")
    shutil.copytree(BOX / name, tmp_path / name, ignore=left)
    makefiles.make(language(name), tmp_path / name, "package")
    assert contents(tmp_path / name / f"{name}.zip") == committed


@pytest.mark.parametrize("name", NAMES)
def test_a_boxed_plugin_says_what_it_is_and_asks_for(name: str) -> None:
    registration = parse_registration((BOX / name / "registration.json").read_bytes())
    assert [*registration.warnings, *registration.unsupported] == []
    assert registration.id == f"goatkit.{name}"
    assert registration.description
    assert (BOX / name / "README.md").exists()
