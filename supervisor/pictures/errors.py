"""Why there is no small picture."""

from supervisor.errors import SupervisorError


class NoSmallPicture(SupervisorError):
    """There is no small picture of a file; the sentence says why.

    ``for_good``: because of the file itself; otherwise it may be tried again.
    """

    def __init__(self, sentence: str, *, for_good: bool) -> None:
        super().__init__(sentence)
        self.for_good = for_good
