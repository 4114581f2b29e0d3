"""Description of an attack."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sandbox_child.attacks.kernel import Argument, call, room
from sandbox_child.attacks.programs_may import PROGRAMS_MAY
from sandbox_child.attacks.scene import Scene
from sandbox_child.lockdown.status import Control
from sandbox_child.wire.spec import Inside

Try = Callable[[Scene], str | int | None]
"""Does the harm; returns what it got. Raises Refused, or Unsuited."""


@dataclass(frozen=True, slots=True)
class Attack:
    """One thing that a guest gone native would try."""

    name: str
    """``family.what``."""
    run: Try
    by: frozenset[Control]
    """Controls each of which stops it alone, on a kernel that has all of them."""
    perhaps: frozenset[Control] = frozenset()
    """Controls that stop it alone for some users."""
    prepare: Callable[[Scene], None] = lambda _scene: None
    """Preparation before the lockdown: it simulates an accident of the server."""
    base: frozenset[Control] = frozenset()
    """Controls that stay on in the unlocked child, as the attack is about somebody without them."""
    reached: frozenset[int] = frozenset()
    """Error numbers that count as success: the kernel had let it pass, and only then looked at
    arguments that were chosen to be invalid."""
    harmless: str = ""
    """Reason why a success is harmless; empty if it is not."""
    compiler_may: str = ""
    """Reason why a compile child is allowed this; empty if it is not."""
    exits: int | None = None
    """Exit status that tells of success, where the process becomes another program."""
    places: tuple[Inside, ...] = ()
    """Lockdowns in which it is tried; empty: all."""
    on_thread: bool = False
    """Tried by the second thread of the child."""
    talks: bool = False
    """Its harm is what it writes to the supervisor, which answers as it would to a plugin."""

    def about(self) -> dict[str, Any]:
        """Return what the supervisor needs to know of it."""
        return {
            "name": self.name,
            "by": sorted(self.by),
            "perhaps": sorted(self.perhaps),
            "base": sorted(self.base),
            "reached": sorted(self.reached),
            "harmless": self.harmless,
            "may": {
                **({"compiler": self.compiler_may} if self.compiler_may else {}),
                **({"native": PROGRAMS_MAY[self.name]} if self.name in PROGRAMS_MAY else {}),
            },
            "exits": self.exits,
            "places": self.places,
            "talks": self.talks,
        }


Part = Argument | Callable[[Scene], Argument]


@dataclass(frozen=True, slots=True)
class OneCall:
    """An attack that is a single system call; arguments may be looked up in the scene."""

    name: str
    arguments: tuple[Part, ...] = field(default=())

    def __call__(self, scene: Scene) -> int:
        """Make the call."""
        return call(self.name, *(a(scene) if callable(a) else a for a in self.arguments))


def plain(
    name: str, syscall: str, *arguments: Part, by: Iterable[Control], **options: Any
) -> Attack:
    """Return an attack of one system call."""
    return Attack(name, OneCall(syscall, arguments), frozenset(by), **options)


def path(name: str) -> Callable[[Scene], Argument]:
    """Return an argument: a path of the scene."""
    return lambda scene: scene.path(name)


def number(name: str) -> Callable[[Scene], Argument]:
    """Return an argument: a number of the scene."""
    return lambda scene: scene.number(name)


def out(size: int = 4096) -> Callable[[Scene], Argument]:
    """Return an argument: memory that the kernel writes its answer to."""
    return lambda _scene: room(size)


def fresh(scene: Scene) -> Argument:
    """An argument: the file or folder that this attack made for itself."""
    made: bytes = scene.kept["fresh"]
    return made


def new_path(scene: Scene) -> Argument:
    """An argument: a path at which nothing is."""
    return scene.new_path()
