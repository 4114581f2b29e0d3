"""``--update``: writes what happened into the expectations of a case that failed.

Keys that fitted stay as they are, with their comments; a case without expectations gets all.
"""

from collections.abc import Sequence
from typing import Any

from cli.kit.cases import Case
from cli.kit.compare import Difference, recorded
from cli.kit.function_cases import FunctionCase
from cli.kit.tried import Happened


def update(case: Case | FunctionCase, found: Sequence[Difference], happened: Happened) -> None:
    """Change the case's file so that it expects what happened; raises CannotGoOn."""
    full = recorded(happened)
    root: Any = case.document.root
    if "expect" not in root or root["expect"] is None:
        root["expect"] = {key: value for key, value in full.items() if value not in ([], {})}
    for difference in found:
        root["expect"][difference.key] = full.get(difference.key, difference.actual)
    case.document.save()
