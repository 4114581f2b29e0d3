"""The lockdown of children: the controls required, and the user each one becomes."""

import os
from collections.abc import Collection
from dataclasses import dataclass, replace

from sandbox_child.wire.spec import CageSpec
from supervisor.limits import Limits
from supervisor.process.errors import SpawnRefused

ALWAYS_REQUIRED = frozenset(
    {
        "sealed_pages",
        "empty_surroundings",
        "descriptors",
        "capabilities",
        "no_new_privs",
        "not_dumpable",
        "parent_death",
        "rlimits",
    }
)
"""Controls that every supported kernel gives to every user: their lack is a fault."""

RANGE = 1_000
"""Users in a row from ``first_uid``; nothing else on the machine should use them."""

DEFAULT_REQUIRED = frozenset({"seccomp", "landlock"})
"""Controls that a kernel may lack; ``[sandbox] require`` in config.toml sets these."""

ALL_CONTROLS = (
    ALWAYS_REQUIRED
    | DEFAULT_REQUIRED
    | {
        "user_namespace",
        "network_namespace",
        "ipc_namespace",
        "cgroup",
        "first_to_die",
        "low_priority",
        "bounding_set",
        "own_user",
        "no_writable_code",
    }
)
"""Every step of the lockdown; ``sandbox_child.lockdown.status`` has the same names."""

_PROGRAM_ADDRESSES = 64 << 30
"""Runtimes reserve far more than they use."""

OF_PROGRAMS = frozenset({"pid_namespace", "mount_namespace"})
"""Steps that only a native plugin's program takes besides."""

NOT_FOR_PROGRAMS = frozenset({"not_dumpable", "sealed_pages"})
"""They end as the child becomes another program."""

NOT_FOR_COMPILERS = frozenset({"no_writable_code"})
"""A compiler makes the code that it wrote executable."""


@dataclass(frozen=True, slots=True)
class CageSettings:
    """``[sandbox]`` of config.toml."""

    require: frozenset[str] = DEFAULT_REQUIRED
    first_uid: int = 64_000
    """Where the supervisor is root, children become users from here on, so that no two running
    plugins share one. Nothing else on the machine should use this range of 1,000."""
    control_groups: bool = True
    """Whether children get control groups where these can be had."""


class Cage:
    """Makes the lockdown's part of every request to the fork server."""

    def __init__(self, settings: CageSettings, switched_off: Collection[str] = ()) -> None:
        """``switched_off``: see ``CageSpec``; for ``ohd sandbox check`` alone."""
        self._settings = settings
        self._switched_off = tuple(sorted(switched_off))
        self._root = os.geteuid() == 0

    def plugin(self, limits: Limits) -> CageSpec:
        """Return the lockdown of a plugin's child."""
        return self._spec(limits.child_data_bytes, limits.child_address_bytes, frozenset())

    def compiler(self, limits: Limits) -> CageSpec:
        """Return the lockdown of a compile child."""
        memory = limits.compile_memory_bytes
        return self._spec(memory, memory + limits.child_address_bytes, NOT_FOR_COMPILERS)

    def query(self, data_bytes: int, address_space_bytes: int) -> CageSpec:
        """Return the lockdown of a query process."""
        return self._spec(data_bytes, address_space_bytes, frozenset())

    def mail(self, data_bytes: int, address_space_bytes: int) -> CageSpec:
        """Return the lockdown of a mail process."""
        return self._spec(data_bytes, address_space_bytes, frozenset())

    def picture(self, data_bytes: int, address_space_bytes: int) -> CageSpec:
        """Return the lockdown of a picture process."""
        return self._spec(data_bytes, address_space_bytes, frozenset())

    def program(self, memory_bytes: int, threads: int) -> CageSpec:
        """Return the wider lockdown of a native plugin's program."""
        spec = self._spec(memory_bytes, _PROGRAM_ADDRESSES, NOT_FOR_PROGRAMS)
        return replace(spec, tasks=threads)

    def _spec(self, data: int, addresses: int, impossible: frozenset[str]) -> CageSpec:
        required = (ALWAYS_REQUIRED | self._settings.require) - impossible
        if self._root:
            # Root gives each child a user of its own, which is more than a user namespace does.
            required = (required | {"own_user", "bounding_set"}) - {"user_namespace"}
        return CageSpec(
            supervisor_pid=os.getpid(),
            uid=self._settings.first_uid if self._root else None,
            required=tuple(sorted(required)),
            data_bytes=data,
            address_space_bytes=addresses,
            switched_off=self._switched_off,
        )


class Uids:
    """Users of one fork server's children. The longest unused comes first."""

    def __init__(self) -> None:
        self._taken: set[int] = set()
        self._next = 0

    def take(self, first: int) -> int:
        """Return a user that no living child has; raises SpawnRefused where all have one."""
        for step in range(RANGE):
            uid = first + (self._next + step) % RANGE
            if uid not in self._taken:
                self._next = (self._next + step + 1) % RANGE
                self._taken.add(uid)
                return uid
        raise SpawnRefused(f"all {RANGE:,} users from {first} on have a living process")

    def give_back(self, uid: int) -> None:
        """The child that had it has ended and was reaped."""
        self._taken.discard(uid)
