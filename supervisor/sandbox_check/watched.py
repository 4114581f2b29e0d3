"""A session that is watched: what a child did between its READY and its end."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import trio

from sandbox_child.wire.messages import EVENT, LogLevel
from supervisor.process.conversation import Called, Finished, Logged, Ready, Work
from supervisor.process.session import Ended, Session, SessionHooks

_DONE = 0


@dataclass
class Watched:
    """Counts what a child does with one event."""

    answers: bool = True
    """Whether its host calls are answered; else they wait forever."""
    answer: Callable[[Called], Awaitable[tuple[int, bytes]]] | None = None
    """Answers them; None: each is said to be done."""
    lines: int = 0
    calls: int = 0
    finished: int = 0
    seconds: float = 0.0
    """From the event, or from the start where that did not end, to the end of the session."""

    def __post_init__(self) -> None:
        """Nothing has happened yet."""
        self._ready = trio.Event()
        self._settled = trio.Event()

    def hooks(self) -> SessionHooks[None]:
        """Return what the session is to be made with."""
        return SessionHooks(
            ready=self._on_ready, finished=self._on_finished, logged=self._on_line,
            answer=self._answer,
        )  # fmt: skip

    async def run(self, session: Session[None]) -> Ended[None]:
        """Give the child one event, and watch it until it ends or has answered."""
        started = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._feed, session)
            ended = await session.run()
            nursery.cancel_scope.cancel()
        self.seconds = trio.current_time() - started
        return ended

    async def _feed(self, session: Session[None]) -> None:
        await self._ready.wait()
        await session.ask([Work(EVENT, b"{}", None)])
        await self._settled.wait()
        # A child that has more to say than its answer gets the time to say it.
        await trio.sleep(session.limits.deadline_s / 5)
        session.stop()

    def _on_ready(self, _ready: Ready, _controls: tuple[str, ...]) -> None:
        self._ready.set()

    def _on_finished(self, results: Sequence[Finished[None]]) -> None:
        self.finished += len(results)
        self._settled.set()

    def _on_line(self, said: Logged) -> None:
        # The line that says how many were dropped is the child's, not the guest's.
        self.lines += said.level is not LogLevel.WARN

    async def _answer(self, called: Called) -> tuple[int, bytes]:
        self.calls += 1
        if self.answer is not None:
            return await self.answer(called)
        if not self.answers:
            await trio.sleep_forever()
        return _DONE, b""
