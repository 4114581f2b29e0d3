"""The names of the controls, and what is said of each: part of READY, so their words are fixed."""

from dataclasses import dataclass
from typing import Literal

Control = Literal[
    "user_namespace",
    "network_namespace",
    "ipc_namespace",
    "pid_namespace",
    "cgroup",
    "first_to_die",
    "low_priority",
    "sealed_pages",
    "mount_namespace",
    "empty_surroundings",
    "descriptors",
    "bounding_set",
    "own_user",
    "capabilities",
    "no_new_privs",
    "not_dumpable",
    "parent_death",
    "landlock",
    "no_writable_code",
    "rlimits",
    "seccomp",
]


@dataclass(frozen=True, slots=True)
class ControlStatus:
    """Whether one control is active in this process, and why not or how far."""

    name: str
    active: bool
    reason: str
