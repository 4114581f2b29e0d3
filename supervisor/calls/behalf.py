"""For whom a function is called: what it may see and change, in which language, and why.

Comes with every call of a function, and goes on with what the call causes.
"""

from dataclasses import dataclass, field

from supervisor.query import Audience


@dataclass(frozen=True, slots=True)
class Behalf:
    """See the module."""

    audience: Audience = field(default_factory=Audience.everything)
    """Whose tickets queries see; a job sees all that was granted."""
    languages: tuple[str, ...] = ()
    """Of the viewer, the preferred one first."""
    chain: tuple[str, ...] = ()
    """The plugins that called one another to get here."""
    is_look: bool = False
    """Whether somebody only looks at a page: nothing of the help desk changes by that."""
    is_background: bool = False
    """Whether nobody waits: what people ask for must not wait for it."""
    depth: int = 0
    """Length of the chain of plugin causes that led here, as events have it."""
    cause: str = ""
    """What it follows from in the end; empty where that is the call itself."""

    @property
    def person(self) -> str | None:
        """Id of the person for whom it is; None for nobody in particular, and for a visitor."""
        return self.audience.person or None

    @property
    def is_visitor(self) -> bool:
        """Tell whether it is for somebody without an account."""
        return self.audience == Audience.nobody()


EVERYTHING = Behalf()
NOBODY = Behalf(Audience.nobody())
