"""Programs of a native plugin among the entries of an archive: the one for this machine.

A package may hold one for each kind of processor: beside ``binary: kanban`` also files such as
``kanban-linux-arm64``. What a program is built for is read from itself, never from its name.
"""

import platform
import re
from collections.abc import Iterable, Mapping

from sandbox_child.packages.errors import PackageError, quoted
from sandbox_child.packages.manifest import PackageManifest

MAGIC = b"\x7fELF"
HEAD_BYTES = 20
"""What :func:`built_for` reads."""
_PLATFORM = re.compile(r"[-_.]linux[-_.](amd64|x86[-_]64|arm64|aarch64)")
_MACHINES = {62: "x86_64", 183: "aarch64"}


def candidates(names: Iterable[str], folder: str, manifest: PackageManifest) -> list[str]:
    """Return the entries that may be the plugin's program; raises PackageError for none."""
    wanted = manifest.word("binary").removeprefix("./")
    if not wanted:
        raise PackageError('is a native plugin; expected "binary" in plugin.yaml, with its program')
    whole = f"{folder}{wanted}"
    found = [
        name
        for name in sorted(names)
        if name == whole or (name.startswith(whole) and _PLATFORM.fullmatch(name[len(whole) :]))
    ]
    if not found:
        raise PackageError(f"has no program {quoted(wanted)}, which its manifest names")
    return found


def choose(heads: Mapping[str, bytes], machine: str = "") -> str:
    """Return which program is for this machine; raises PackageError.

    ``heads``: each candidate's first HEAD_BYTES.
    """
    machine = machine or platform.machine()
    kinds = {name: built_for(name, head) for name, head in heads.items()}
    fitting = [name for name, kind in kinds.items() if kind == machine]
    if not fitting:
        built = ", ".join(sorted(set(kinds.values())))
        raise PackageError(f"has no program for {machine}, which this machine is; it has {built}")
    if len(fitting) > 1:
        both = " and ".join(map(quoted, fitting[:2]))
        raise PackageError(f"has two programs for {machine}, {both}; expected one")
    return fitting[0]


def built_for(name: str, head: bytes) -> str:
    """Return the processor that a program is built for; raises PackageError for no program."""
    if not head.startswith(MAGIC) or len(head) < HEAD_BYTES:
        raise PackageError("is no ELF program; expected one that was compiled for Linux", name)
    number = int.from_bytes(head[18:20], "little")
    return _MACHINES.get(number, f"machine {number}")
