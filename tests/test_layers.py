"""The import direction of the house: which folder may know which."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("sandbox_child", "supervisor", "helpdesk", "webapp", "cli")
MAY_IMPORT = {
    "sandbox_child": {"sandbox_child"},
    "supervisor": {"supervisor", "sandbox_child"},
    "helpdesk": {"helpdesk"},
    "webapp": {"webapp", "supervisor", "helpdesk"},
    "cli": set(FOLDERS),
}
PURE = re.compile(r"sandbox_child$|sandbox_child\.(wire|wasm)(\.|$)")
"""What the supervisor may use of the child's side: the protocol, and the reader of sections."""
NO_ENGINE = ("supervisor", "webapp", "helpdesk", "cli")
IO = {"socket", "subprocess", "trio", "asyncio", "threading", "ctypes", "wasmtime"}


def modules(folder: str) -> list[Path]:
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found, f"{folder} has no modules: has it been renamed?"
    return found


def imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            assert node.module is not None
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def wrong(folder: str, allowed: set[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules(folder)
        for line, name in imports(path)
        if name.partition(".")[0] in FOLDERS and name.partition(".")[0] not in allowed
    ]


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_imports_only_what_it_may(folder):
    assert wrong(folder, MAY_IMPORT[folder]) == []


def test_the_supervisor_uses_only_the_pure_modules_of_the_child():
    found = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules("supervisor")
        for line, name in imports(path)
        if name.startswith("sandbox_child") and not PURE.match(name)
    ]
    assert found == []


@pytest.mark.parametrize("package", ["wire", "wasm"])
def test_the_pure_modules_do_no_input_or_output(package):
    found = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules(f"sandbox_child/{package}")
        for line, name in imports(path)
        if name.partition(".")[0] in IO
    ]
    assert found == []


@pytest.mark.parametrize("folder", NO_ENGINE)
def test_nothing_on_this_side_imports_the_engine(folder):
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in modules(folder)
        for line, name in imports(path)
        if name.partition(".")[0] == "wasmtime"
    ]
    assert found == []


def test_the_whole_server_is_imported_without_the_engine():
    # Imports may be hidden in functions or made by others: ask a process that has them all.
    program = (
        "import importlib, pkgutil, sys\n"
        "for top in ('supervisor', 'webapp', 'helpdesk'):\n"
        "    package = importlib.import_module(top)\n"
        "    for found in pkgutil.walk_packages(package.__path__, top + '.'):\n"
        "        importlib.import_module(found.name)\n"
        "import cli.main\n"
        "sys.exit(any(name.partition('.')[0] == 'wasmtime' for name in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert done.returncode == 0
