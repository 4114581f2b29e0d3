"""Every attack, by name."""

from sandbox_child.attacks import (
    calls,
    channels,
    files,
    foreign,
    frames,
    memory,
    powers,
    processes,
    query,
    sockets,
)
from sandbox_child.attacks.attack import Attack

_FAMILIES = (files, sockets, processes, memory, powers, channels, foreign, frames, calls, query)

CATALOGUE: dict[str, Attack] = {
    attack.name: attack for family in _FAMILIES for attack in family.ATTACKS
}
