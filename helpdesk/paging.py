"""One page of a longer list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from helpdesk.errors import Invalid

T = TypeVar("T")

MAX_PER_PAGE = 200


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list, with where they stand in it."""

    rows: Sequence[T]
    page: int
    """Counted from 1."""
    per_page: int
    total: int
    more: bool = False
    """Whether there are more than ``total``, which were not counted."""

    @property
    def total_pages(self) -> int:
        """Return how many pages there are; an empty list has none."""
        return -(-self.total // self.per_page)


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page is wanted, checked."""

    page: int = 1
    per_page: int = 25

    def __post_init__(self) -> None:
        if not 1 <= self.page <= 1_000_000:
            raise Invalid("page", str(self.page), "a number from 1 to 1,000,000")
        if not 1 <= self.per_page <= MAX_PER_PAGE:
            raise Invalid("per_page", str(self.per_page), f"a number from 1 to {MAX_PER_PAGE}")

    @property
    def offset(self) -> int:
        """Return how many rows come before the page."""
        return (self.page - 1) * self.per_page
