"""Pages of a list, and the addresses of those beside the one that is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode


def page_number(text: str) -> int:
    """Read the number of a page; the first where it cannot be read."""
    usable = text.isascii() and text.isdigit() and len(text) <= 6
    return max(1, int(text)) if usable else 1


@dataclass(frozen=True, slots=True)
class Shown:
    """A page among others, and the filters that all of them share."""

    address: str
    arguments: Mapping[str, str]
    page: int
    total_pages: int

    def url(self, page: int) -> str:
        """Return the address of another page of the same list."""
        return f"{self.address}?{self.query(page=str(page))}"

    def query(self, **changed: str) -> str:
        """Return the filters as a query string, some changed; empty ones are left out."""
        asked = {**dict(self.arguments.items()), **changed}
        return urlencode({name: value for name, value in asked.items() if value})

    def filters(self) -> str:
        """Return the filters alone, for another form of the same list."""
        return self.query(page="")
