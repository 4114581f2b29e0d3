"""The manual's pages as a test reads them: their fences, in order.

A fence of a shell language is a promise that its commands work. Comments beside a fence say what
its language cannot: ``<!-- file: PATH -->`` that the fence is the content of that file, and
``<!-- fails -->`` that its last command ends with another status than 0.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHELLS = frozenset({"console", "sh", "shell"})
TEXTS = frozenset(
    {"c", "go", "js", "json", "make", "rust", "text", "toml", "ts", "yaml", "zig", "{toctree}"}
)
_FENCE = re.compile(
    r"^(?:<!-- (?P<note>[^\n]+) -->\n+)?```(?P<language>\S*)[^\n]*\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Fence:
    """One fenced block."""

    line: int
    language: str
    text: str
    file: str | None
    """The file whose content it is, from the folder of the last command on."""
    fails: bool

    def commands(self) -> Iterator["Command"]:
        """Yield the commands, none where it is no shell's.

        In a ``console`` fence what follows a line with a prompt is output.
        """
        if self.language not in SHELLS:
            return
        if self.language != "console":
            lines = self.text.replace("\\\n", "\\\0").splitlines()
            for line in filter(None, lines):
                yield Command(line.replace("\0", "\n"), (), self.fails and line == lines[-1])
            return
        lines = self.text.splitlines()
        starts = [i for i, line in enumerate(lines) if line.startswith("$ ")]
        assert starts, f"line {self.line}: a console fence without a prompt"
        assert starts[0] == 0, f"line {self.line}: output before the first prompt"
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
            text, output = lines[start][2:], lines[start + 1 : end]
            while text.endswith("\\"):
                text += "\n" + output.pop(0)
            yield Command(text, tuple(output), self.fails and end == len(lines))


@dataclass(frozen=True)
class Command:
    """Something to run, and the lines that it is shown to print."""

    text: str
    output: tuple[str, ...]
    fails: bool


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        """Its path in the repository."""
        return str(self.path.relative_to(ROOT))

    def fences(self) -> list[Fence]:
        """Return all fences in order."""
        text = self.path.read_text("utf-8")
        return [_fence(text, found) for found in _FENCE.finditer(text)]


def pages() -> list[Page]:
    """Return every page of the manual, and those that stand at the root."""
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [Page(path) for path in found if path.is_file()]


def with_commands() -> list[Page]:
    """Return the pages on which there is something to type."""
    return [page for page in pages() if any(f.language in SHELLS for f in page.fences())]


def for_authors(page: Page) -> bool:
    """Tell whether a page is for those who write plugins."""
    return page.name.startswith("docs/authors/")


def _fence(text: str, found: re.Match[str]) -> Fence:
    note = found["note"] or ""
    return Fence(
        line=text.count("\n", 0, found.start("language")) + 1,
        language=found["language"],
        text=found["text"],
        file=note.removeprefix("file: ") if note.startswith("file: ") else None,
        fails=note == "fails",
    )
