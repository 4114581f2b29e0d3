"""Errors of processes.

::

    ProcessError
    ├── ForkServerGone     it ended, or does not answer; a new one is started for the next child
    └── SpawnRefused       it answered that it could not make this child
"""

from supervisor.errors import SupervisorError


class ProcessError(SupervisorError):
    """Base of errors about the supervisor's own processes."""


class ForkServerGone(ProcessError):
    """The process that makes children has ended."""

    def __init__(self, why: str, *, asked: bool = False) -> None:
        self.asked = asked
        """Whether a child may have been made, and ended since: what it was given may hold its
        words, and must not be given to another."""
        super().__init__(f"the fork server is gone: {why}; a new one will be started")


class SpawnRefused(ProcessError):
    """A child could not be made."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the fork server could not make a child: {why}")
