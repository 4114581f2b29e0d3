"""The state of a thing when its form was shown, so that nobody overwrites the unseen.

A form carries a digest of what it shows; where the thing stands otherwise when the form is sent,
somebody else has changed it meanwhile, and nothing is saved. Tickets compare field by field, in the
transaction of the change (``helpdesk.tickets.edits``).
"""

import hashlib
from collections.abc import Mapping

from helpdesk.errors import Conflict

FIELD = "seen"


def digest(shown: object) -> str:
    """Return a short name of a state; ``shown`` has a ``repr`` that says all of it."""
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:32]


def require_unchanged(fields: Mapping[str, str], now: object) -> None:
    """Raise ``Conflict`` where the form was shown for another state; one without is taken."""
    was = fields.get(FIELD)
    if was is not None and was != digest(now):
        raise Conflict(
            "not saved: somebody else has changed this since you opened the page",
            "compare it with how it stands now and save again",
        )
