"""For whom a function is called: what it may see, in which language, and through which plugins."""

from dataclasses import dataclass, field

from supervisor.query import Audience


@dataclass(frozen=True, slots=True)
class Behalf:
    """Comes with every call of a function, and with what it causes."""

    audience: Audience = field(default_factory=Audience.everything)
    """Whose tickets queries see; a job sees all that was granted."""
    languages: tuple[str, ...] = ()
    """Of the viewer, the preferred one first."""
    chain: tuple[str, ...] = ()
    """The plugins that called one another to get here."""


EVERYTHING = Behalf()
NOBODY = Behalf(Audience.nobody())
