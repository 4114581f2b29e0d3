"""The program's bytes: checked, pinned by their hash, and copied out of everybody's reach.

What is hashed is what runs: the copy lies in memory and is sealed, so that nothing which happens to
the file afterwards, or meanwhile, changes it. Whose the file is and who may run it does not matter
either. See memfd_create(2). Blocks: call it on a thread.
"""

import fcntl
import hashlib
import os
import platform
import stat
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from supervisor.native.elf import HEAD_BYTES, Program, examine
from supervisor.native.errors import NotAProgram, ProgramChanged
from supervisor.native.limits import NativeLimits

_MFD_CLOEXEC, _MFD_ALLOW_SEALING, _MFD_EXEC = 1, 2, 0x10
_CHUNK = 1 << 20
_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


@dataclass(frozen=True, slots=True)
class SealedProgram:
    """A program that can be started; owns its descriptor. Use it as a context manager."""

    descriptor: int
    sha256: str
    size: int
    facts: Program

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.close(self.descriptor)


def seal_program(
    path: Path, sha256: str | None = None, limits: NativeLimits | None = None
) -> SealedProgram:
    """Return the program at ``path``; raises NotAProgram, ProgramChanged.

    ``sha256``: what was pinned when it was installed, in hex; None: nothing was yet.
    """
    most = (limits or NativeLimits()).program_bytes
    try:
        source = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as exc:
        raise NotAProgram(f"{path} cannot be opened: {exc.strerror}") from None
    try:
        check_file(path, os.fstat(source), most)
        return seal_descriptor(source, sha256, most)
    finally:
        os.close(source)


def seal_descriptor(source: int, sha256: str | None, most: int | None = None) -> SealedProgram:
    """Return the program that ``source`` is open on, which stays the caller's.

    Raises NotAProgram, ProgramChanged.
    """
    descriptor = _memory()
    try:
        found, size = _copy(source, descriptor, most or NativeLimits().program_bytes)
        _check_hash(found, sha256)
        facts = examine(os.pread(descriptor, HEAD_BYTES, 0), platform.machine())
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
    except BaseException:
        os.close(descriptor)
        raise
    return SealedProgram(descriptor, found, size, facts)


def check_file(path: Path, status: os.stat_result, most: int) -> None:
    """Raise NotAProgram for a file that is never run, whatever is in it."""
    if not stat.S_ISREG(status.st_mode):
        raise NotAProgram(f"{path} is no regular file")
    if status.st_mode & (stat.S_ISUID | stat.S_ISGID):
        raise NotAProgram(f"{path} is set-user-id or set-group-id; a plugin is neither")
    if status.st_size > most:
        raise NotAProgram(f"{path} has {status.st_size:,} bytes; at most {most:,} are allowed")


def _check_hash(found: str, pinned: str | None) -> None:
    if pinned is not None and found != pinned:
        raise ProgramChanged(pinned, found)


def _memory() -> int:
    """Return an empty file in memory that may be run and sealed."""
    flags = _MFD_CLOEXEC | _MFD_ALLOW_SEALING
    try:
        return os.memfd_create("ohd-program", flags | _MFD_EXEC)
    except OSError:
        return os.memfd_create("ohd-program", flags)  # before Linux 6.3 all may be run


def _copy(source: int, target: int, most: int) -> tuple[str, int]:
    """Copy a file that may grow meanwhile; return the hash and the size of what was copied."""
    digest, size = hashlib.sha256(), 0
    while chunk := os.pread(source, _CHUNK, size):
        size += len(chunk)
        if size > most:
            raise NotAProgram(f"the program has more than {most:,} bytes")
        digest.update(chunk)
        rest = memoryview(chunk)
        while rest:
            rest = rest[os.write(target, rest) :]
    return digest.hexdigest(), size
