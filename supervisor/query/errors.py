"""Errors of statements that were not executed."""

import enum

from supervisor.errors import SupervisorError


class RefusedBecause(enum.StrEnum):
    """The kind of reason."""

    PERMISSION = "permission"
    """It names a table that was not granted."""
    SQL = "sql"
    """It is not SQL that is served."""
    LIMIT = "limit"
    """It asked for more than any plugin is given."""
    TIMEOUT = "timeout"
    BUSY = "busy"
    """Too many statements wait already."""
    FAILED = "failed"
    """The fault is the server's, or its machine's."""
    MOVED = "moved"
    """A change of several did not find the rows that it expects."""


class QueryRefused(SupervisorError):
    """A statement that was not carried out; its text is fit for the delivery log."""

    def __init__(self, because: RefusedBecause, text: str, table: str = "") -> None:
        super().__init__(text)
        self.because = because
        self.text = text
        self.table = table
        """The name that was not granted, for ``PERMISSION``; empty otherwise."""
