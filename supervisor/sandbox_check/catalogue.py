"""The attacks, as the attacking side describes them."""

import msgspec

from sandbox_child.wire.spec import AttackSpec, CageSpec, Inside
from supervisor.process.forkserver import ForkServer
from supervisor.sandbox_check.attempt import attempt


class About(msgspec.Struct, frozen=True):
    """See ``sandbox_child.attacks.attack.Attack``, whose fields these are."""

    name: str
    by: frozenset[str]
    perhaps: frozenset[str]
    base: frozenset[str]
    reached: frozenset[int]
    harmless: str
    may: dict[str, str]
    """Why a lockdown allows this, by its name."""
    exits: int | None
    places: tuple[Inside, ...]
    """Lockdowns in which it is tried; empty: all."""
    talks: bool

    @property
    def family(self) -> str:
        """The part of the name before the dot."""
        return self.name.partition(".")[0]


async def read_catalogue(fork_server: ForkServer, cage: CageSpec) -> list[About]:
    """Ask a child which attacks there are."""
    spec = AttackSpec("attack", cage, "catalogue", inside="plugin", targets={})
    ending = await attempt(fork_server, spec)
    return msgspec.convert(ending.said, list[About])
