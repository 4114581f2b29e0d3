"""Which folder may import which, down to the rooms; and that each room's map tells the truth.

A map is the literal block in the docstring of a package: a row for each module and each room in it,
highest first. A row begins with its names, separated by commas; two spaces, or a new line, follow.
"""

import ast
import itertools
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
ROOMS: dict[str, dict[str, set[str]]] = {
    "supervisor": {
        "administration": {
            *("plugins", "delivery", "store", "contracts", "registration"),
            *("manifest", "egress", "secrets", "views"),
        },
        "watching": {"plugins", "delivery", "store", "manifest", "process", "secrets", "views"},
        "sandbox_check": {
            *("plugins", "process", "calls", "egress"),
            *("manifest", "secrets", "views"),
        },
        "delivery": {
            *("plugins", "calls", "store", "native", "process", "contracts", "registration"),
            *("manifest", "egress", "secrets", "views"),
        },
        "plugins": {"store", "native", "process", "manifest", "secrets", "views"},
        "calls": {
            *("process", "manifest", "registration", "query"),
            *("egress", "secrets", "views"),
        },
        "query": {"process"},
        "mail": {"process"},
        "pictures": {"process"},
        "native": {"process"},
        "store": {"contracts", "manifest", "secrets", "views"},
        "contracts": {"manifest", "registration", "views"},
        "registration": {"manifest", "views"},
        "manifest": {"views"},
        "process": {"views"},
        "egress": set(),
        "secrets": set(),
        "views": set(),
    },
    "webapp": {
        "api": {"http", "visitors", "rendering"},
        "pages": {"http", "visitors", "live", "rendering", "security"},
        "monitoring": {"visitors"},
        "processes": {"admission"},
        "admission": {"security"},
        "http": {"visitors", "live", "rendering", "security"},
        "visitors": {"admission", "rendering", "security"},
        "live": {"rendering"},
        "rendering": set(),
        "security": set(),
    },
    "cli": {
        "checks": {"control", "data", "plugins"},
        "data": {"control", "plugins"},
        "mail": {"control", "plugins"},
        "kit": {"control", "serving", "trial"},
        "plugins": {"control", "trial"},
        "serving": {"control"},
        "trial": set(),
        "control": set(),
    },
    "helpdesk": {
        "inbound": {"mail", "files", "tickets", "storage"},
        "files": {"tickets", "storage"},
        "factors": {"storage"},
        "requesters": {"mail", "storage"},
        "tickets": {"mail", "storage"},
        "mail": {"storage"},
        "storage": set(),
    },
    "sandbox_child": {
        "attacks": {"query", "lockdown", "wire"},
        "abi": {"runtime", "wasm", "wire"},
        "query": {"lockdown", "wire"},
        "mail": {"lockdown", "wire"},
        "pictures": {"lockdown", "wire"},
        "runtime": {"wasm"},
        "bridge": {"goplugin", "gob", "yamux", "grpc", "lockdown", "wire"},
        "goplugin": {"gob", "yamux", "grpc", "protos", "wire"},
        "gob": set(),
        "grpc": set(),
        "protos": set(),
        "yamux": set(),
        "lockdown": set(),
        "packages": set(),
        "wire": set(),
        "wasm": set(),
    },
}
"""Which room may import which other room of its package: this table is the only place to allow it.

Modules outside a room are few: those that put rooms together, and those that every room may use.
The maps say which of them stand above the rooms and which below.
"""
OUTSIDE = {
    "supervisor": {"assembly", "config", "errors", "limits", "ports", "service", "states", "text"},
    "webapp": {
        *("app", "config", "connections", "context", "errors"),
        *("http1", "lobby", "page_process", "plugin_documents", "routes", "server", "turns"),
    },
    "cli": {
        *("compose", "config", "config_file", "errors", "logs", "main", "plugin_desk", "tables"),
        "values",
    },
    "sandbox_child": {"child", "compiler", "forkserver", "plans", "program", "serve"},
}
"""The modules outside a room. ``helpdesk`` is flat: each of its modules is a part of the domain."""
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


@pytest.mark.parametrize(
    "package", ["wire", "wasm", "packages", "yamux", "gob", "grpc", "protos", "goplugin"]
)
def test_the_pure_modules_do_no_input_or_output(package):
    found = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules(f"sandbox_child/{package}")
        for line, name in imports(path)
        if name.partition(".")[0] in IO
    ]
    assert found == []


def test_only_the_store_of_the_supervisor_sees_sql():
    allowed = {ROOT / "supervisor/ports.py"}
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in modules("supervisor")
        if "store" not in path.relative_to(ROOT).parts and path not in allowed
        for line, name in imports(path)
        if name.partition(".")[0] in {"sqlite3", "sqlite_utils"}
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


def packages() -> list[str]:
    return [
        ".".join(path.parent.relative_to(ROOT).parts)
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("__init__.py"))
    ]


MAPPED = packages()


def directory(package: str) -> Path:
    return ROOT / package.replace(".", "/")


def rows_of_map(package: str) -> list[list[str]]:
    """Return the names in each row; nothing for a package without a map."""
    docstring = ast.get_docstring(ast.parse((directory(package) / "__init__.py").read_text()))
    block = (docstring or "").partition("::\n\n")[2]
    rows = itertools.takewhile(lambda line: not line[:1].strip(), block.splitlines())
    return [row.strip().partition("  ")[0].split(", ") for row in rows if row[4:5].strip()]


def children(package: str) -> set[str]:
    here = directory(package)
    modules_here = {path.stem for path in here.glob("*.py")} - {"__init__"}
    return modules_here | {path.parent.name for path in here.glob("*/__init__.py")}


def arrows(package: str) -> Iterator[tuple[str, str, str]]:
    """Yield what imports what inside a package, below its name, and where."""
    for path in modules(package.replace(".", "/")):
        inside = path.relative_to(directory(package)).with_suffix("").as_posix().replace("/", ".")
        for line, name in imports(path):
            if name.startswith(f"{package}."):
                where = f"{path.relative_to(ROOT)}:{line}"
                yield inside, name.removeprefix(f"{package}."), where


@pytest.mark.parametrize("package", MAPPED)
def test_a_map_names_what_is_in_its_folder_and_nothing_else(package):
    named = [name for row in rows_of_map(package) for name in row if "." not in name]
    assert sorted(named) == sorted(children(package)), (
        f"{package}/__init__.py: its map and its folder differ; give each module a row"
    )


@pytest.mark.parametrize("package", MAPPED)
def test_each_row_of_a_map_imports_only_from_its_own_and_those_below(package):
    depth = {name: row for row, names in enumerate(rows_of_map(package)) for name in names}

    def place(name: str) -> int | None:
        first, _, rest = name.partition(".")
        return depth.get(f"{first}.{rest.partition('.')[0]}", depth.get(first))

    upwards = [
        f"{where} imports {target}, which is above it in {package}/__init__.py"
        for source, target, where in arrows(package)
        if (at := place(source)) is not None and (to := place(target)) is not None and to < at
    ]
    assert upwards == []


@pytest.mark.parametrize("package", FOLDERS)
def test_a_room_imports_only_the_rooms_it_may(package):
    rooms = ROOMS[package]
    assert set(rooms) == {path.parent.name for path in directory(package).glob("*/__init__.py")}, (
        f"{package}: ROOMS and the folders differ"
    )
    forbidden = [
        f"{where}: {source} imports {target}; if that is right, allow it in ROOMS"
        for source, target, where in arrows(package)
        if (room := source.partition(".")[0]) in rooms
        and (other := target.partition(".")[0]) in rooms
        and other not in rooms[room] | {room}
    ]
    assert forbidden == []


@pytest.mark.parametrize("package", sorted(OUTSIDE))
def test_no_module_stands_outside_a_room_except_these(package):
    outside = {path.stem for path in directory(package).glob("*.py")} - {"__init__"}
    assert outside == OUTSIDE[package], "put it into a room; OUTSIDE names the few exceptions"
