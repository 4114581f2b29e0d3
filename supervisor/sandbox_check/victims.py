"""Targets that the check creates: files, sockets, memory, and an idle process.

Everybody on the machine may use most of it while the check runs, so that file permissions are not
what stops an attack. All of it holds nothing, and is gone afterwards.
"""

import ctypes
import importlib.util
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

_CANARY = ctypes.create_string_buffer(secrets.token_bytes(16), 16)
_SCRATCH = ctypes.create_string_buffer(16)
_NAMES = ("readable", "writable", "private", "link", "programs")
_DATABASES = ("helpdesk", "other")
"""Made and held by the idle child."""
_CREATE_FOR_ALL = 0o1666
_REMOVE = 0


@dataclass(frozen=True, slots=True)
class Victims:
    """Targets of attacks."""

    targets: dict[str, str | int]
    """Paths, ports, process ids and addresses; see ``sandbox_child.attacks.scene``."""
    descriptors: tuple[int, ...]
    """An open file and a connected socket, handed to every attacker."""


@contextmanager
def open_victims() -> Iterator[Victims]:
    """Make them; blocks for a moment."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ohd-check-")))
        file = _files(folder)
        stack.callback(os.close, file)
        near, far = socket.socketpair()
        stack.enter_context(near)
        stack.enter_context(far)
        targets: dict[str, str | int] = {
            "supervisor": os.getpid(),
            "supervisor_descriptor": file,
            "canary": ctypes.addressof(_CANARY),
            "scratch": ctypes.addressof(_SCRATCH),
            "program": shutil.which("true") or "/bin/true",
            "shared_key": stack.enter_context(_shared_memory()),
            "folder": str(folder),
            "own_folder": stack.enter_context(
                tempfile.TemporaryDirectory(prefix="ohd-check-", ignore_cleanup_errors=True)
            ),
            **{name: str(folder / name) for name in _NAMES},
            **{name: str(folder / f"{name}.db") for name in _DATABASES},
            "library": _spare_library(folder),
            **_listeners(stack, folder),
        }
        yield Victims(targets, (file, near.fileno()))


def _files(folder: Path) -> int:
    for name, mode in (("readable", 0o644), ("writable", 0o666), ("private", 0o600)):
        (folder / name).write_bytes(b"victim" * 1000)
        (folder / name).chmod(mode)
    (folder / "link").symlink_to("readable")
    (folder / "programs").mkdir()
    (folder / "programs").chmod(0o755)
    # As /tmp, but not to be listed: what others lay there cannot stand for a victim.
    folder.chmod(0o1733)
    return os.open(folder / "readable", os.O_RDONLY | os.O_CLOEXEC)


def _spare_library(folder: Path) -> str:
    """Copy a library that no child has loaded; return its path, empty if there is none."""
    found = importlib.util.find_spec("_lsprof")
    origin = found.origin if found is not None else None
    if not origin or not origin.endswith(".so"):
        return ""
    path = folder / "library.so"
    shutil.copyfile(origin, path)
    path.chmod(0o755)
    return str(path)


def _listeners(stack: ExitStack, folder: Path) -> dict[str, str | int]:
    """Open one socket of each kind that a program on this machine might listen on."""
    tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=64))
    udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    udp.bind(("127.0.0.1", 0))
    names = {
        "unix_socket": str(folder / "socket"),
        "abstract_name": f"ohd-check-{secrets.token_hex(8)}",
        "abstract_datagrams": f"ohd-check-{secrets.token_hex(8)}",
    }
    for name, kind in (
        ("unix_socket", socket.SOCK_STREAM),
        ("abstract_name", socket.SOCK_STREAM),
        ("abstract_datagrams", socket.SOCK_DGRAM),
    ):
        listener = stack.enter_context(socket.socket(socket.AF_UNIX, kind))
        listener.bind(names[name] if name == "unix_socket" else f"\0{names[name]}")
        if kind == socket.SOCK_STREAM:
            listener.listen(1024)
    (folder / "socket").chmod(0o777)
    return {"tcp_port": tcp.getsockname()[1], "udp_port": udp.getsockname()[1], **names}


@contextmanager
def _shared_memory() -> Iterator[int]:
    """Make a System V segment that everybody may read; yields its key, 0 where there is none."""
    libc = ctypes.CDLL(None, use_errno=True)
    key = secrets.randbelow(1 << 30) + 1
    segment = libc.shmget(key, 4096, _CREATE_FOR_ALL)
    try:
        yield key if segment >= 0 else 0
    finally:
        if segment >= 0:
            libc.shmctl(segment, _REMOVE, None)
