"""The lockdown of each kind of child, made from what the supervisor asks for.

In one place, so that ``ohd sandbox check`` attacks exactly what plugins and compilers run in.
"""

from dataclasses import dataclass, replace

from sandbox_child.lockdown.limits import ResourceLimits
from sandbox_child.lockdown.order import LockdownPlan
from sandbox_child.lockdown.policy import (
    ARTIFACT_OUT,
    MODULE_IN,
    PIPE_IN,
    PIPE_OUT,
    REPORT_OUT,
    DatabaseFiles,
    compiler_rules,
    plugin_rules,
    query_rules,
)
from sandbox_child.lockdown.status import ControlStatus
from sandbox_child.wire.spec import CageSpec


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a child finds around it when it is forked."""

    outside: tuple[ControlStatus, ...]
    """What the fork server has done for all of its children."""
    groups: tuple[int, ...]
    """Descriptors of the control groups to join."""


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
