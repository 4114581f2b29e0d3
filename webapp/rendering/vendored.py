"""Scripts that others wrote and documents of plugins load, at the paths that they expect.

They are not in the source tree: ``packaging/vendor`` fetches them, pinned. A release contains them.
One that is missing or is not what was pinned is not served, and the page says why.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "static" / "vendor"


@dataclass(frozen=True, slots=True)
class Vendored:
    """One file, pinned by its content."""

    name: str
    title: str
    version: str
    sha256: str
    source = "webapp/rendering/vendored.py"

    def read(self) -> bytes | None:
        """Return the file; None where it is missing or is another one."""
        try:
            body = (FOLDER / self.name).read_bytes()
        except OSError:
            return None
        return body if hashlib.sha256(body).hexdigest() == self.sha256 else None

    @property
    def missing(self) -> str:
        """Return why it is not served, and what to do about it."""
        return (
            f"{self.title} {self.version} is not installed; "
            "run `make vendor` in the source tree (it needs npm), then restart the server"
        )


CHART = Vendored(
    "chart.min.js",
    "Chart.js",
    "4.4.9",
    "de315773454b6076b63990bfa05ce5155a37f71992c87d7bb5f9a2ea698697ef",
)
