"""Checks of ``ohd doctor``: the machine and the data directory, one finding each.

Every look is harmless: nothing is written but a file that is deleted again. Blocking; ``doctor``
runs it in a thread. The sandbox has a module of its own, because only a real child can tell.
"""

import enum
import importlib.metadata
import os
import platform
import resource
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cli.compose import DATABASE_FILE, known_migrations
from cli.config import Config
from cli.data.archive import MODULES
from sandbox_child.lockdown import landlock
from sandbox_child.lockdown.errors import Unavailable
from sandbox_child.lockdown.syscalls import this_architecture
from supervisor.plugins.artifacts import module_hash
from supervisor.secrets.box import KeyUnusable, SecretBox, keys_come_from_environment, load_keys
from supervisor.store.sealed import SealedSecret, sealed_secrets

_GIB = 1 << 30
_LOW_DISK, _NO_DISK = 2 * _GIB, 256 << 20
_FEW_FILES = 1024
_LIBRARIES = ("wasmtime", "trio", "quart", "hypercorn", "cryptography", "httpcore", "msgspec")


class Status(enum.StrEnum):
    """Status of a finding."""

    OK = "ok"
    WARNING = "warning"
    """It works, and something is lost."""
    PROBLEM = "problem"
    """Something does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    status: Status
    found: str
    cost: str = ""
    """Consequence and remedy; empty without a problem."""


def machine(config: Config) -> Iterator[Finding]:
    """Look at the kernel and at what this process may use."""
    yield Finding("kernel", Status.OK, f"Linux {platform.release()} on {platform.machine()}")
    try:
        this_architecture()
    except Unavailable as exc:
        cost = "plugins can't run: no system call filter exists for this processor"
        yield Finding("processor", Status.PROBLEM, str(exc), cost)
    yield _landlock(config)
    yield _seccomp(config)
    if os.geteuid() == 0:
        first = config.supervisor.cage.first_uid
        found = f"root: each plugin gets its own user, starting at {first}"
        yield Finding("user", Status.OK, found)
    else:
        cost = "plugins run as the server's own user; only seccomp and Landlock isolate them"
        yield Finding("user", Status.WARNING, f"uid {os.geteuid()}, not root", cost)
    yield _open_files()


def _landlock(config: Config) -> Finding:
    required = "landlock" in config.supervisor.cage.require
    try:
        version = landlock.abi_version()
    except Unavailable as exc:
        return Finding("landlock", _lack(required=required), str(exc), _lack_costs(required))
    if version < 4:
        cost = "only seccomp keeps plugins from TCP; Linux 6.7 or later has both"
        return Finding("landlock", Status.WARNING, f"ABI {version}", cost)
    return Finding("landlock", Status.OK, f"ABI {version}")


def _seccomp(config: Config) -> Finding:
    required = "seccomp" in config.supervisor.cage.require
    actions = Path("/proc/sys/kernel/seccomp/actions_avail")
    try:
        available = actions.read_text(encoding="ascii").split()
    except OSError:
        available = []
    if "kill_process" not in available:
        found = "the kernel has no seccomp filters that kill a process"
        return Finding("seccomp", _lack(required=required), found, _lack_costs(required))
    return Finding("seccomp", Status.OK, "filters can kill a process")


def _lack(*, required: bool) -> Status:
    return Status.PROBLEM if required else Status.WARNING


def _lack_costs(required: bool) -> str:
    if required:
        return "no plugin runs: [sandbox] require in config.toml requires it"
    return "plugins run with one layer of protection less"


def _open_files() -> Finding:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < _FEW_FILES:
        cost = "many connections, or many plugins, exhaust it; raise it with ulimit -n"
        return Finding("open files", Status.WARNING, f"{soft} of at most {hard}", cost)
    return Finding("open files", Status.OK, f"{soft}")


def versions() -> Iterator[Finding]:
    """Name the versions of everything that matters."""
    ours = importlib.metadata.version("open-help-desk")
    python = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    yield Finding("version", Status.OK, f"Open Help Desk {ours}, {python}")
    libraries = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES)
    yield Finding("libraries", Status.OK, libraries)


def data_directory(config: Config) -> Iterator[Finding]:
    """Look at the data directory, what lies in it, and the disk below it."""
    data = config.data
    if not data.is_dir():
        cost = "the first start creates it"
        yield Finding("data directory", Status.WARNING, f"{data} does not exist", cost)
        return
    yield _permissions(data)
    yield from _disk(data)
    database = data / DATABASE_FILE
    if not database.is_file():
        yield Finding("database", Status.WARNING, "none", "the first start creates it")
        return
    yield from _database(database, config)


def _permissions(data: Path) -> Finding:
    facts = data.stat()
    mode = facts.st_mode & 0o777
    found = f"{data}, mode {mode:o}, uid {facts.st_uid}"
    try:
        with tempfile.TemporaryFile(dir=data):
            pass
    except OSError as exc:
        cost = "nothing can be saved; make the server's user its owner"
        return Finding("data directory", Status.PROBLEM, f"{found}: {exc.strerror}", cost)
    if mode & 0o077:
        cost = f"other users of this machine can read it; run: chmod 700 {data}"
        return Finding("data directory", Status.WARNING, found, cost)
    return Finding("data directory", Status.OK, found)


def _disk(data: Path) -> Iterator[Finding]:
    facts = os.statvfs(data)
    free = facts.f_bavail * facts.f_frsize
    found = f"{free / _GIB:.1f} GiB free"
    if free < _NO_DISK:
        yield Finding("disk", Status.PROBLEM, found, "changes will soon fail; free some space")
    elif free < _LOW_DISK:
        yield Finding("disk", Status.WARNING, found, "it may soon be full; free some space")
    else:
        yield Finding("disk", Status.OK, found)
    if facts.f_flag & os.ST_NOEXEC:
        cost = "compiled plugins cannot be mapped, so no plugin starts; mount it without noexec"
        yield Finding("mount", Status.PROBLEM, "mounted noexec", cost)


def _database(path: Path, config: Config) -> Iterator[Finding]:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            cost = "stop the server, and restore a backup"
            yield Finding("database", Status.PROBLEM, str(verdict), cost)
            return
        size = path.stat().st_size / (1 << 20)
        yield Finding("database", Status.OK, f"{size:.1f} MiB, intact")
        if _pending(connection):
            cost = "the next start applies it; make a backup first"
            yield Finding("database version", Status.WARNING, "upgrade pending", cost)
            return
        yield from _modules(connection, config.data / MODULES)
        yield from _secrets(connection, config)
    except sqlite3.Error as exc:
        cost = "stop the server, and restore a backup"
        yield Finding("database", Status.PROBLEM, str(exc), cost)
    finally:
        connection.close()


def _pending(connection: sqlite3.Connection) -> bool:
    try:
        found = connection.execute("SELECT migration_set, name FROM _sqlite_migrations")
        return bool(known_migrations() - set(found.fetchall()))
    except sqlite3.OperationalError:
        return True


def _modules(connection: sqlite3.Connection, folder: Path) -> Iterator[Finding]:
    found = connection.execute("SELECT id, sha256, 1 FROM plugins ORDER BY id").fetchall()
    others = connection.execute("SELECT plugin_id, sha256, 0 FROM plugin_versions").fetchall()
    for plugin_id, sha256, is_active in [*found, *others]:
        path = folder / f"{sha256}.wasm"
        cost = f"{plugin_id} cannot start; install it again, or restore a backup"
        if not is_active:
            cost = f"{plugin_id} cannot change to that version; discard it, or restore a backup"
        try:
            if module_hash(path.read_bytes()) != sha256:
                yield Finding("module", Status.PROBLEM, f"{path.name} was changed", cost)
        except OSError as exc:
            yield Finding("module", Status.PROBLEM, f"{path.name}: {exc.strerror}", cost)
    yield Finding("plugins", Status.OK, f"{len(found)} installed")


def _secrets(connection: sqlite3.Connection, config: Config) -> Iterator[Finding]:
    sealed = sealed_secrets(connection)
    path = config.supervisor.key_file
    if not path.exists() and not keys_come_from_environment():
        status = Status.PROBLEM if sealed else Status.WARNING
        cost = f"{len(sealed)} secrets cannot be read: restore the key, or enter them again"
        yield Finding(
            "key", status, f"there is no {path}", cost if sealed else "the next start creates one"
        )
        return
    try:
        first, *older = load_keys(path)
    except (KeyUnusable, OSError) as exc:
        yield Finding("key", Status.PROBLEM, str(exc), "plugins with secrets can't start")
        return
    box = SecretBox(first, older)
    where = "the environment" if keys_come_from_environment() else str(path)
    closed = [str(secret) for secret in sealed if not _opens(box, secret)]
    if closed:
        cost = "restore the key they were encrypted with, or enter them again"
        yield Finding("key", Status.PROBLEM, f"it does not open {', '.join(closed)}", cost)
    elif older:
        cost = "a key rotation is unfinished; run: ohd key rotate"
        yield Finding("key", Status.WARNING, f"{1 + len(older)} keys in {where}", cost)
    else:
        yield Finding("key", Status.OK, f"{where} opens all {len(sealed)} secrets")


def _opens(box: SecretBox, secret: SealedSecret) -> bool:
    try:
        box.open(secret.sealed, secret.plugin_id, secret.field)
    except KeyUnusable:
        return False
    return True
