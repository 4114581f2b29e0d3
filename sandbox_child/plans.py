"""The lockdown of each kind of child, made from what the supervisor asks for.

In one place, so that ``ohd sandbox check`` attacks exactly what plugins and compilers run in.
"""

import errno
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sandbox_child.lockdown import landlock
from sandbox_child.lockdown.limits import ResourceLimits
from sandbox_child.lockdown.order import LockdownPlan
from sandbox_child.lockdown.policy import (
    ACCEPTED,
    ARTIFACT_OUT,
    LISTENER,
    MODULE_IN,
    PIPE_IN,
    PIPE_OUT,
    PLUGIN_SOCKET,
    REPORT_OUT,
    DatabaseFiles,
    bridge_rules,
    compiler_rules,
    listening_bridge_rules,
    plugin_rules,
    query_rules,
)
from sandbox_child.lockdown.program_policy import PROGRAM, SUPERVISOR, program_rules
from sandbox_child.lockdown.status import ControlStatus
from sandbox_child.lockdown.view import SYSTEM_LIBRARIES
from sandbox_child.wire.spec import CageSpec, ProgramSpec

PRIVATE_FOLDER = (
    landlock.READ_FILE
    | landlock.WRITE_FILE
    | landlock.READ_DIR
    | landlock.REMOVE_FILE
    | landlock.MAKE_REG
    | landlock.MAKE_SOCK
    | landlock.TRUNCATE
)
"""What a program may do in its folder: no links, no folders, nothing to run."""
READ_ONLY = landlock.READ_FILE | landlock.READ_DIR | landlock.EXECUTE


@dataclass(frozen=True, slots=True)
class Isolation:
    """How far a fork has left the machine: with mounts and process numbers of its own, or not."""

    refused: str = ""
    """Why it has none; empty where it has."""
    user: tuple[int, int] | None = None
    """User and group, where it is in a user namespace of its own and must say first who it is."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a child finds around it when it is forked."""

    outside: tuple[ControlStatus, ...]
    """Steps that the fork server took for all of its children."""
    groups: tuple[int, ...]
    """Descriptors of the control groups to join."""
    isolation: Isolation = field(default_factory=lambda: Isolation("not asked for"))
    """How far the fork has left the machine."""


def plugin_plan(cage: CageSpec, around: Surroundings) -> LockdownPlan:
    """Return the lockdown of a plugin's child."""
    return LockdownPlan(
        keep=(PIPE_IN, PIPE_OUT),
        rules=plugin_rules,
        limits=ResourceLimits(cage.data_bytes, cage.address_space_bytes),
        supervisor_pid=cage.supervisor_pid,
        uid=cage.uid,
        required=frozenset(cage.required),
        switched_off=frozenset(cage.switched_off),
        outside=around.outside,
        groups=around.groups,
    )


def bridge_plan(cage: CageSpec, around: Surroundings, *, listens: bool = False) -> LockdownPlan:
    """Return the lockdown of a native plugin's bridge.

    poll(2) waits for no more descriptors than may be open. Both numbers below two are taken, so
    that it can open none for that. One that ``listens``, as gRPC needs it, has room for a few
    connections of the program.
    """
    own = (LISTENER,) if listens else ()
    return replace(
        plugin_plan(cage, around),
        keep=(PIPE_IN, PIPE_OUT, PLUGIN_SOCKET, *own),
        rules=listening_bridge_rules if listens else bridge_rules,
        limits=ResourceLimits(
            cage.data_bytes,
            cage.address_space_bytes,
            open_files=max(ACCEPTED) + 1 if listens else 2,
        ),
    )


def program_plan(
    spec: ProgramSpec, around: Surroundings, lives: Callable[[], bool]
) -> LockdownPlan:
    """Return the wider lockdown of a native plugin's program.

    ``lives`` tells whether the supervisor does.
    """
    grants = [landlock.Grant(spec.folder, PRIVATE_FOLDER)]
    if spec.system_libraries:
        grants += [landlock.Grant(folder, READ_ONLY) for folder in SYSTEM_LIBRARIES]
    return replace(
        plugin_plan(spec.cage, around),
        keep=(0, 1, 2, PROGRAM, SUPERVISOR),
        rules=program_rules,
        otherwise=errno.ENOSYS,
        limits=ResourceLimits(
            spec.cage.data_bytes,
            spec.cage.address_space_bytes,
            file_size=spec.file_bytes,
            open_files=spec.open_files,
            processes=spec.threads,
        ),
        grants=tuple(grants),
        file_mode_mask=0o077,
        supervisor_lives=lives,
    )


def compiler_plan(
    cage: CageSpec, around: Surroundings, *, max_artifact_bytes: int, cpu_seconds: int
) -> LockdownPlan:
    """Return the lockdown of a compile child, which writes one file and has little time."""
    return replace(
        plugin_plan(cage, around),
        keep=(MODULE_IN, REPORT_OUT, ARTIFACT_OUT),
        rules=compiler_rules,
        limits=ResourceLimits(
            cage.data_bytes,
            cage.address_space_bytes,
            file_size=max_artifact_bytes,
            cpu_seconds=cpu_seconds,
        ),
        writable_code_refused=False,
    )


def mail_plan(cage: CageSpec, around: Surroundings) -> LockdownPlan:
    """Return the lockdown of a mail process: a plugin's, which has no file and no network."""
    return plugin_plan(cage, around)


def picture_plan(cage: CageSpec, around: Surroundings, *, cpu_seconds: int) -> LockdownPlan:
    """Return the lockdown of a picture process: a plugin's, with little time besides."""
    limits = ResourceLimits(cage.data_bytes, cage.address_space_bytes, cpu_seconds=cpu_seconds)
    return replace(plugin_plan(cage, around), limits=limits)


def query_plan(
    cage: CageSpec, around: Surroundings, files: DatabaseFiles, *, max_file_bytes: int
) -> LockdownPlan:
    """Return the lockdown of a query process, which reads one database and writes another."""
    return replace(
        plugin_plan(cage, around),
        keep=(PIPE_IN, PIPE_OUT, *files.every),
        rules=query_rules(files),
        limits=ResourceLimits(cage.data_bytes, cage.address_space_bytes, file_size=max_file_bytes),
    )
