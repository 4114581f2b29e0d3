"""Errors of statements that were not executed."""

from sandbox_child.wire.queries import Because


class Refused(Exception):
    """Raised with a reason fit for the plugin's author."""

    def __init__(self, because: Because, reason: str, table: str = "") -> None:
        super().__init__(reason)
        self.because = because
        self.reason = reason
        self.table = table
        """The name that was not granted, for ``PERMISSION``."""


def not_served(what: str) -> Refused:
    """Return the refusal of SQL that is not served, in words: "``what`` is not served"."""
    return Refused(Because.SQL, f"{what} is not served")
