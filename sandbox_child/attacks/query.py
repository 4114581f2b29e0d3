"""The databases of a query child, and everything that SQLite itself could be asked to open."""

import ctypes
import errno
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing

from sandbox_child.attacks.attack import Attack
from sandbox_child.attacks.kernel import AT_FDCWD, Refused, Unsuited, call, room
from sandbox_child.attacks.scene import Scene
from sandbox_child.lockdown.status import Control
from sandbox_child.query.files import database_files
from sandbox_child.wire.spec import Inside

_HERE: tuple[Inside, ...] = ("query",)
_OPENING: frozenset[Control] = frozenset(("seccomp", "landlock", "rlimits"))
_MAKING: frozenset[Control] = frozenset(("own_user", "empty_surroundings"))
"""SQLite looks at the permissions of a file that it has just made."""
_EMPTY_PATH = 0x1000
_FAR = 1 << 40


def _connection(scene: Scene, name: str) -> sqlite3.Connection:
    found: sqlite3.Connection = scene.kept[name]
    return found


def _asking(ask: Callable[[Scene], str]) -> Callable[[Scene], str]:
    """Return the attack with SQLite's refusal as the system's: it only says that it cannot."""

    def attempt(scene: Scene) -> str:
        try:
            return ask(scene)
        except sqlite3.Error as exc:
            raise Refused(errno.EACCES, "openat") from exc

    return attempt


def _text(scene: Scene, name: str) -> str:
    return os.fsdecode(scene.path(name)[:-1])


def _open_other(scene: Scene) -> str:
    with closing(sqlite3.connect(_text(scene, "other"))) as connection:
        return str(connection.execute("SELECT secret FROM victim").fetchone()[0])


def _attach_other(scene: Scene) -> str:
    connection = _connection(scene, "helpdesk")
    connection.execute("ATTACH DATABASE ? AS other", (_text(scene, "other"),))
    return str(connection.execute("SELECT secret FROM other.victim").fetchone()[0])


def _write_helpdesk(scene: Scene) -> int:
    descriptor = call("openat", AT_FDCWD, scene.path("helpdesk"), os.O_RDWR, 0)
    return call("ftruncate", descriptor, os.fstat(scene.kept["read"]).st_size)


def _make_database(scene: Scene) -> str:
    with closing(sqlite3.connect(os.fsdecode(scene.new_path()[:-1]))) as connection:
        connection.execute("CREATE TABLE made (a)")
        return "a new database"


def _copy_away(scene: Scene) -> str:
    path = os.fsdecode(scene.new_path()[:-1])
    _connection(scene, "helpdesk").execute("VACUUM INTO ?", (path,))
    return "a copy of the database"


def _load_extension(scene: Scene) -> str:
    library = _text(scene, "library")
    connection = _connection(scene, "helpdesk")
    if not library:
        raise Unsuited("this Python has no library of its own that is not loaded yet")
    if not hasattr(connection, "enable_load_extension"):
        return _load(library)  # as SQLite would
    connection.enable_load_extension(True)
    try:
        connection.load_extension(library)
    except sqlite3.OperationalError as exc:
        # Only a library that was loaded can lack the function that is called next.
        if "undefined symbol" not in str(exc):
            raise
    return "the library was loaded"


def _load(library: str) -> str:
    try:
        ctypes.CDLL(library)
    except OSError as exc:
        raise Refused(errno.EACCES, "openat") from exc
    return "the library was loaded"


def _remember_files(scene: Scene) -> None:
    files = database_files(_text(scene, "helpdesk"), scene.own_database)
    scene.kept["read"], scene.kept["write"] = files.read[0], files.write[0]


def _grow_own(scene: Scene) -> int:
    return call("pwrite64", scene.kept["write"], b"x", 1, _FAR)


def _stat_a_path(scene: Scene) -> int:
    return call("newfstatat", scene.kept["read"], scene.path("readable"), room(256), _EMPTY_PATH)


def _attack(
    name: str, ask: Callable[[Scene], str], perhaps: frozenset[Control] = frozenset()
) -> Attack:
    return Attack(f"query.{name}", _asking(ask), _OPENING, perhaps, places=_HERE)


ATTACKS = (
    _attack("open_another_database", _open_other),
    _attack("attach_another_database", _attach_other),
    Attack("query.write_the_help_desks_database", _write_helpdesk, _OPENING, places=_HERE,
           prepare=_remember_files),
    _attack("make_a_database", _make_database, _MAKING),
    _attack("copy_the_database_to_a_file", _copy_away, _MAKING),
    _attack("load_an_extension", _load_extension),
    Attack("query.grow_past_the_quota", _grow_own, frozenset(("rlimits",)), places=_HERE,
           prepare=_remember_files),
    Attack("query.learn_of_a_path", _stat_a_path, frozenset(), places=_HERE,
           prepare=_remember_files,
           harmless="the C library asks for the size of an open file this way; it tells whether a"
           " file exists, its size and its times"),
)  # fmt: skip
