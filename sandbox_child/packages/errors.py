"""The one error of packages."""

import json

_LONGEST_SHOWN = 80


class PackageError(Exception):
    """A package cannot be used; the message is one sentence for its author.

    ``entry``: the name inside the archive, empty where the package as a whole is meant.
    """

    def __init__(self, problem: str, entry: str = "") -> None:
        self.problem = problem
        self.entry = entry
        subject = f"the package's entry {quoted(entry)}" if entry else "the package"
        super().__init__(f"{subject} {problem}")


def quoted(text: str) -> str:
    """Return a stranger's text on one line, in ASCII alone."""
    shown = json.dumps(text).replace("\x7f", "\\u007f")
    if len(shown) <= _LONGEST_SHOWN:
        return shown
    return f'{shown[:_LONGEST_SHOWN].rstrip(chr(92))}…"'
