"""Parts of a page that a tool writes, between two comments; what stands around them is by hand."""

import re
from collections.abc import Iterable, Sequence


def replace_part(text: str, name: str, content: str) -> str:
    """Return ``text`` with the part between two markers replaced; raises LookupError."""
    pattern = rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)"
    replaced, found = re.subn(
        pattern, lambda part: f"{part[1]}{content}\n{part[2]}", text, flags=re.DOTALL
    )
    if found != 1:
        raise LookupError(f"there are {found} parts {name!r} between two markers; expected one")
    return replaced


def names_of(text: str) -> list[str]:
    """Return the names of the parts of a page, in order."""
    return re.findall(r"^<!-- (?!end of )(.+) -->$", text, flags=re.MULTILINE)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; a bar inside a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(c.replace("|", r"\|") for c in cells) + " |" for cells in lines
    )
