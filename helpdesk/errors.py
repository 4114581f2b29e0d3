"""Every error that the help desk raises on purpose.

::

    HelpDeskError
    ├── NotFound               no such thing, or none that this actor may know of
    ├── NotAllowed             it exists, and this actor may not do that to it
    ├── Invalid                one field is wrong; names it, what was found, what is expected
    ├── LoginFailed            the credentials are wrong; deliberately says no more
    ├── SecondFactorRefused    the password was right, and the code is wrong or was used before
    ├── LoginStepEnded         the password was right too long ago, or too many codes were wrong
    ├── LimitReached           well-formed and permitted, but one more than there may be
    ├── Conflict               conflicts with the current state
    │   ├── tickets.bulk.SomeRefused  some of many chosen tickets cannot be changed
    │   ├── IllegalTransition      the ticket's status does not allow the step
    │   └── ReopenWindowPassed     the ticket was resolved too long ago
    └── StorageError           the database could not do it
        ├── DatabaseClosed         asked after closing; nothing was begun
        └── WriteFailed            the transaction did not become durable; nothing was kept

``NotFound`` is also what a person gets who asks for another's ticket: whether it exists is not
theirs to know. ``NotAllowed`` is for things that they can see.
"""

from collections.abc import Iterable

from helpdesk.text import counted


class HelpDeskError(Exception):
    """Base of everything that the help desk raises on purpose; the text is fit for people."""


class NotFound(HelpDeskError):
    """Nothing of this kind has this id, or the actor may not see it."""

    def __init__(self, kind: str, wanted: str) -> None:
        self.kind = kind
        self.wanted = wanted
        super().__init__(f"there is no {kind} {wanted!r}")


class NotAllowed(HelpDeskError):
    """The actor may see the thing but not do this to it."""

    def __init__(self, what: str, why: str) -> None:
        self.what = what
        self.why = why
        super().__init__(f"you can't {what}: {why}")


class Invalid(HelpDeskError):
    """One field of the input is wrong.

    ``problem`` says how, in a sentence that stands beside the field. Give ``sentence`` where the
    value must not be repeated, or where people have shorter words for it.
    """

    def __init__(self, field: str, found: str, expected: str, sentence: str = "") -> None:
        self.field = field
        self.found = found
        self.expected = expected
        self.problem = sentence or f"expected {expected}, found {found}"
        super().__init__(sentence or f"{field}: {self.problem}")


class LoginFailed(HelpDeskError):
    """Wrong password, unknown address, or a disabled account: the caller is not told which."""

    def __init__(self) -> None:
        super().__init__("incorrect email or password")


class SecondFactorRefused(HelpDeskError):
    """A code that is wrong, too old, or was used before: the caller is not told which."""

    def __init__(self) -> None:
        super().__init__(
            "incorrect code; enter the code that your app shows now, or a recovery code that you "
            "haven't used yet"
        )


class LoginStepEnded(HelpDeskError):
    """A log-in that waited for a second factor for too long, or got too many wrong ones."""

    def __init__(self) -> None:
        super().__init__("this login has expired; log in again with your password")


class LimitReached(HelpDeskError):
    """There may be no more of these."""

    def __init__(self, what: str, limit: int, unit: str = "") -> None:
        self.what = what
        self.limit = limit
        super().__init__(f"{what} would exceed the limit of {limit:,}{unit and ' ' + unit}")


class Conflict(HelpDeskError):
    """The request is sound, but not as things stand now."""

    def __init__(self, what: str, remedy: str) -> None:
        self.what = what
        self.remedy = remedy
        super().__init__(f"{what}; {remedy}")


class IllegalTransition(Conflict):
    """The ticket's status does not allow this step."""

    def __init__(self, found: str, wanted: str, allowed: Iterable[str]) -> None:
        self.found = found
        self.wanted = wanted
        self.allowed = tuple(allowed)
        steps = ", ".join(self.allowed) or "nothing"
        super().__init__(
            f"a ticket with status {found} cannot change to {wanted}",
            f"allowed from {found}: {steps}",
        )


class ReopenWindowPassed(Conflict):
    """The ticket was resolved or closed longer ago than the reopen window."""

    def __init__(self, ended_at: str, window_days: int) -> None:
        self.ended_at = ended_at
        self.window_days = window_days
        super().__init__(
            f"this ticket was resolved or closed at {ended_at}, and can be reopened "
            f"for only {counted(window_days, 'day')}",
            "open a new ticket that refers to it",
        )


class ChangedMeanwhile(Conflict):
    """Somebody else has changed the same thing since it was shown."""

    def __init__(self, changes: Iterable[tuple[str, str, str | None]]) -> None:
        """``changes``: what was changed, to what, and by whom where that is known."""
        told = [f"the {what} to {now}" + (f" ({who})" if who else "") for what, now, who in changes]
        super().__init__(
            f"not saved: somebody has meanwhile changed {', '.join(told)}",
            "check your changes below and save again to keep them",
        )


class StorageError(HelpDeskError):
    """The database could not do what was asked."""


class DatabaseClosed(StorageError):
    """The database is closed; nothing was begun."""

    def __init__(self) -> None:
        super().__init__("the database is closed")


class WriteFailed(StorageError):
    """The transaction did not become durable, so that nothing of it was kept."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(f"the change was not saved; database error: {cause}")
