"""What ``ohd plugin init`` writes: it builds, passes its own test, and says what is missing."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.guests import makefiles, toolchains
from tests.guests.projects import greeter, kept_project, languages, program, write
from tests.guests.toolchains import BuildFailed, ToolMissing, ToolUnobtainable


def with_tools(use: Callable[[], Path]) -> Path:
    """Return what ``use`` does; skip where its compiler is absent, and fail in CI."""
    try:
        return use()
    except ToolMissing as missing:
        if os.environ.get("CI") == "true" and not isinstance(missing, ToolUnobtainable):
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.mark.parametrize("language", languages())
def test_a_new_project_builds_with_one_command_and_passes_its_own_test(language: str) -> None:
    folder = with_tools(lambda: kept_project(language))
    assert makefiles.make(language, folder, "test").name == "plugin.wasm"


def test_a_new_project_fails_its_own_test_when_the_program_is_wrong(tmp_path: Path) -> None:
    files = greeter("c")
    files["main.c"] = files["main.c"].replace("We have", "We lost")
    write(files, tmp_path)
    with pytest.raises(BuildFailed, match="We lost"):
        with_tools(lambda: makefiles.make("c", tmp_path, "test"))


MISSING = {
    "go": ("GO", "Go is missing; install 1.24"),
    "tinygo": ("TINYGO", "TinyGo is missing"),
    "zig": ("ZIG", "Zig is missing; install 0.17"),
    "rust": ("RUSTC", "rustup target add wasm32-unknown-unknown"),
    "c": ("ZIG", "Zig, for its C compiler, is missing"),
    "assemblyscript": ("ASC", "AssemblyScript is missing"),
}
OLD = {
    "go": ("GO", "go version go1.23.4 linux/amd64", "Go 1.24 or later is needed"),
    "tinygo": ("TINYGO", "tinygo version 0.31.0 linux/amd64", "TinyGo 0.35 or later is needed"),
    "zig": ("ZIG", "0.13.0", "Zig 0.17 or later is needed, this is 0.13.0"),
    "c": ("ZIG", "0.9.1", "Zig 0.11 or later is needed, this is 0.9.1"),
    "assemblyscript": ("ASC", "Version 0.19.3", "AssemblyScript 0.27 or later is needed"),
}


@pytest.mark.parametrize("language", languages())
def test_a_missing_compiler_is_named_with_the_way_to_get_it(tmp_path: Path, language: str) -> None:
    variable, message = MISSING[language]
    assert message in refusal(language, tmp_path, variable, str(tmp_path / "nothing"))


@pytest.mark.parametrize("language", OLD)
def test_an_old_compiler_is_named_with_the_version_that_is_needed(
    tmp_path: Path, language: str
) -> None:
    variable, version, message = OLD[language]
    old = script(tmp_path / "old", f"echo '{version}'")
    assert message in refusal(language, tmp_path, variable, old)


def test_an_old_rust_that_has_the_target_is_named(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libcore-0.rlib").touch()
    says = f'case $1 in --print) echo "{tmp_path}/lib";; *) echo "rustc 1.60.0 (7737e0b5c)";; esac'
    message = refusal("rust", tmp_path, "RUSTC", script(tmp_path / "old", says))
    assert "Rust 1.63 or later is needed, this is rustc 1.60.0" in message


def refusal(language: str, folder: Path, variable: str, tool: str) -> str:
    """Return what make says where a compiler is not what it must be."""
    write(greeter(language), folder / "project")
    done = subprocess.run(
        ["make", f"{variable}={tool}", "OHD=false"],
        cwd=folder / "project",
        env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 2, done.stdout
    assert not list(folder.rglob("*.wasm*"))
    return done.stderr


def script(path: Path, line: str) -> str:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("files", [greeter, program])
def test_the_code_is_formatted_as_its_language_has_it(
    tmp_path: Path, files: Callable[[str], dict[str, str]]
) -> None:
    for language, ending, command in (
        ("go", ".go", [str(goroot() / "bin" / "gofmt"), "-d"]),
        ("zig", ".zig", [sys.executable, "-m", "ziglang", "fmt", "--check"]),
        ("rust", ".rs", [shutil.which("rustfmt") or "", "--edition", "2021", "--check"]),
    ):
        if not Path(command[0]).is_file():
            pytest.skip(f"no formatter for {language}: {command[0] or 'rustfmt'}")
        write(files(language), tmp_path / language)
        sources = [str(path) for path in (tmp_path / language).rglob(f"*{ending}")]
        done = subprocess.run([*command, *sources], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def goroot() -> Path:
    done = subprocess.run(
        [toolchains._go(), "env", "GOROOT"], capture_output=True, text=True, check=True
    )
    return Path(done.stdout.strip())
