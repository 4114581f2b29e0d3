"""Messages about a registration that was accepted in part."""

from dataclasses import dataclass, field

MAX_WARNINGS = 200


@dataclass(frozen=True, slots=True)
class Note:
    """One part that was not taken as it stands."""

    path: str
    """Where: ``routes[3].method``."""
    found: str
    expected: str
    lost: str
    """What that costs, as a clause: "the route is ignored"."""

    def __str__(self) -> str:
        lost = f"{self.lost[:1].upper()}{self.lost[1:]}."
        return f"{self.path} is {self.found}; expected {self.expected}. {lost}"


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A field that the plugin uses and that has no effect here."""

    field: str
    why: str

    def __str__(self) -> str:
        return f"{self.field}: not supported: {self.why}"


@dataclass(slots=True)
class Notes:
    """Collects warnings while a registration is read; bounded, as a stranger causes them."""

    warnings: list[Note] = field(default_factory=list)
    dropped: int = 0

    def warn(self, path: str, found: str, expected: str, lost: str) -> None:
        """Keep one warning, or count it where there are many."""
        if len(self.warnings) < MAX_WARNINGS:
            self.warnings.append(Note(path, found, expected, lost))
        else:
            self.dropped += 1

    def result(self) -> tuple[Note, ...]:
        """Return the warnings, with a last one that counts those that were not kept."""
        if not self.dropped:
            return tuple(self.warnings)
        found = f"wrong in {self.dropped} further places"
        rest = Note("the registration", found, "fewer faults", "they are not listed")
        return (*self.warnings, rest)
