"""Whom a statement is for, and what it may cost."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from sandbox_child.wire.queries import TABLES, For
from supervisor.limits import KIB, MIB

ALL_TABLES: Final = "*"


@dataclass(frozen=True, slots=True)
class Audience:
    """Whose sight the rows are cut to."""

    asked_for: For
    person: str = ""

    @classmethod
    def everything(cls) -> "Audience":
        """Return the audience of a job: all that the plugin was granted."""
        return cls(For.EVERYTHING)

    @classmethod
    def person_of(cls, user_id: str) -> "Audience":
        """Return somebody with an account, as they stand when the statement runs."""
        return cls(For.PERSON, user_id)

    @classmethod
    def nobody(cls) -> "Audience":
        """Return a visitor without an account, who sees no rows."""
        return cls(For.NOBODY)


@dataclass(frozen=True, slots=True)
class QueryFiles:
    """The databases of one plugin's SQL."""

    helpdesk: Path
    """The help desk's, which the running server has open."""
    own: Path | None = None
    """The plugin's own, made where there is none, in a folder that exists; None: it has none."""


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """Sizes in bytes."""

    sql_bytes: int = 64 * KIB
    arguments: int = 1000
    rows: int = 10_000
    result_bytes: int = 4 * MIB
    value_bytes: int = 4 * MIB
    own_bytes: int = 64 * MIB
    """How large the plugin's own database may become; its log may take twice that."""
    working_bytes: int = 96 * MIB
    """Memory that SQLite may use for sorting, grouping and its pages."""
    waiting: int = 8
    """Statements that wait for one that runs."""

    @property
    def data_bytes(self) -> int:
        """Private memory of the process: SQLite's, the interpreter's, and room for an answer."""
        return self.working_bytes + 4 * (self.result_bytes + self.value_bytes) + 128 * MIB

    @property
    def address_bytes(self) -> int:
        """Addresses of the process, whose fork server has reserved some of them."""
        return self.data_bytes + 4 * 1024 * MIB


def granted(patterns: Iterable[str]) -> frozenset[str]:
    """Return the tables that patterns such as ``ticket*`` name, without regard to case."""
    wanted = [pattern.lower() for pattern in patterns]
    return frozenset(
        table for table in TABLES if any(fnmatchcase(table, pattern) for pattern in wanted)
    )
