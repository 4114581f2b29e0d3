"""The errors of manifests.

::

    SupervisorError
    └── ModuleRefused
        └── ManifestError     one field of the manifest is not what it must be

Configuration that does not fit a manifest is ``ConfigInvalid``, in ``supervisor.errors``.
"""

import json
from typing import Any

from supervisor.errors import ModuleRefused

_LONGEST_SHOWN = 60


class ManifestError(ModuleRefused):
    """One field of ``ohd_manifest`` is wrong; ``field`` is a path, empty for the whole text."""

    def __init__(self, field: str, found: str, expected: str, fix: str = "") -> None:
        self.field = field
        self.found = found
        self.expected = expected
        self.fix = fix
        subject = f'the manifest\'s "{field}"' if field else "the manifest"
        tail = f"; {fix}" if fix else ""
        super().__init__(f"{subject} is {found}; expected {expected}{tail}")


def describe(value: Any) -> str:
    """Say in a few words what a JSON value is; never more than a line of it."""
    if isinstance(value, str):
        # ASCII alone: what a stranger wrote must not steer a terminal.
        shown = json.dumps(value).replace("\x7f", "\\u007f")
        if len(shown) <= _LONGEST_SHOWN:
            return shown
        return f'{shown[:_LONGEST_SHOWN].rstrip(chr(92))}…" ({len(value)} characters)'
    if value is None or isinstance(value, bool | int | float):
        is_huge = abs(value or 0) >= 10**_LONGEST_SHOWN
        return "a huge number" if is_huge else json.dumps(value)
    if isinstance(value, list):
        return f"an array of {len(value)} items" if value else "an empty array"
    return "an object"
