"""Errors of the lockdown.

::

    LockdownError            a step that is required could not be taken; no guest code may run
    Unavailable              this kernel or this user cannot have a step; says why
"""


class LockdownError(Exception):
    """A required control is not active."""

    def __init__(self, control: str, reason: str) -> None:
        self.control = control
        self.reason = reason
        super().__init__(f"the control {control!r} is required and not active: {reason}")


class Unavailable(Exception):
    """The kernel, or the lack of a privilege, refuses this control; the message says which."""
