"""Why a message was not read."""

from supervisor.errors import SupervisorError


class MailUnread(SupervisorError):
    """A message was not read; the sentence says why.

    ``for_good``: every attempt failed on the message itself; otherwise it may be tried again.
    """

    def __init__(self, sentence: str, *, for_good: bool = False) -> None:
        super().__init__(sentence)
        self.for_good = for_good


class ReadingFailed(Exception):
    """One attempt failed: the process ended, broke the protocol, or took too long."""
