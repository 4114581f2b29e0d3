"""Parts of a page that a tool writes, between two comments; what stands around them is by hand."""

import re
from collections.abc import Iterable, Sequence


def replace_part(text: str, name: str, content: str) -> str:
    """Return ``text`` with the part between two markers replaced."""
    pattern = rf"(<!-- {name} -->\n).*?(\n<!-- end of {name} -->)"
    return re.sub(pattern, lambda found: found[1] + content + found[2], text, flags=re.DOTALL)


def names_of(text: str) -> list[str]:
    """Return the names of the parts of a page, in order."""
    return re.findall(r"^<!-- (?!end of )(.+) -->$", text, flags=re.MULTILINE)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; a bar inside a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(c.replace("|", r"\|") for c in cells) + " |" for cells in lines
    )
