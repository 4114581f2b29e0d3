"""The errors of GoatKit registrations.

::

    SupervisorError
    ├── ModuleRefused
    │   └── RegistrationRefused   what a plugin registers cannot be used at all
    ├── GrantError                a text that names no permission
    ├── ScheduleError             a cron line that is none, or that never fires
    └── DurationError             a text that is no duration
"""

from supervisor.errors import ModuleRefused, SupervisorError


class RegistrationRefused(ModuleRefused):
    """The whole registration is refused; ``field`` is a path, empty for the whole text."""

    def __init__(self, field: str, found: str, expected: str, fix: str = "") -> None:
        self.field = field
        self.found = found
        self.expected = expected
        self.fix = fix
        subject = f'the registration\'s "{field}"' if field else "the registration"
        tail = f"; {fix}" if fix else ""
        super().__init__(f"{subject} is {found}; expected {expected}{tail}")


class GrantError(SupervisorError):
    """A text that names no permission; the message is one sentence with what may stand there."""


class ScheduleError(SupervisorError):
    """A cron line that cannot be read or never fires; ``expected`` is a phrase."""

    def __init__(self, found: str, expected: str) -> None:
        self.found = found
        self.expected = expected
        super().__init__(f"the schedule is {found}; expected {expected}")


class DurationError(SupervisorError):
    """A text that is no duration; ``expected`` is a phrase."""

    def __init__(self, found: str, expected: str) -> None:
        self.found = found
        self.expected = expected
        super().__init__(f"the duration is {found}; expected {expected}")
