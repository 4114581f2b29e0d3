"""One plugin's query process: started at need, asked one thing at a time, killed at the deadline.

Whoever asks owns the process meanwhile: a question that is given up ends the process with it, for
what it would say next answers nobody. What the process says is bounded and checked as what a
plugin's child says; the JSON of its rows is passed on unread.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog
import trio

from sandbox_child.wire.errors import WireError
from sandbox_child.wire.frames import encode_frame
from sandbox_child.wire.messages import READY, RESULT, check_head
from sandbox_child.wire.queries import (
    EXECUTE,
    QUERY,
    ROWS,
    TABLES,
    TOGETHER,
    Because,
    Change,
    Changes,
    Question,
    Value,
    check_answer,
    pack_changes,
    pack_question,
)
from sandbox_child.wire.spec import QuerySpec
from supervisor.process.cage import Cage
from supervisor.process.errors import ProcessError
from supervisor.process.forkserver import ForkServer
from supervisor.process.pipes import FrameReader, PipedChild, spawn_piped
from supervisor.query.errors import QueryRefused, RefusedBecause
from supervisor.query.question import ALL_TABLES, Audience, QueryFiles, QueryLimits
from supervisor.query.zones import zone_file
from supervisor.text import clean_text

GRACE_S = 0.5
"""A statement is interrupted at its deadline; the process has this long to say so."""
START_S = 30.0
"""Maximum time to open the databases and lock down."""
_SLACK_BYTES = 64 * 1024
_LONGEST_REASON = 600
_REASONS = {
    Because.PERMISSION: RefusedBecause.PERMISSION,
    Because.SQL: RefusedBecause.SQL,
    Because.LIMIT: RefusedBecause.LIMIT,
    Because.TIMEOUT: RefusedBecause.TIMEOUT,
    Because.FAILED: RefusedBecause.FAILED,
    Because.MOVED: RefusedBecause.MOVED,
}

log = structlog.get_logger("supervisor.query")


@dataclass
class _Running:
    """A process that can be asked, and both pipes."""

    child: PipedChild
    frames: FrameReader
    seq: int = 0


class QueryProcess:
    """All SQL of one plugin. Close it."""

    def __init__(
        self,
        fork_server: ForkServer,
        cage: Cage,
        files: QueryFiles,
        *,
        zone: str = "UTC",
        limits: QueryLimits | None = None,
    ) -> None:
        """Raises ValueError for a ``zone`` that is none."""
        self._fork_server = fork_server
        self._cage = cage
        self._files = files
        self._zone_file = zone_file(zone)
        self._limits = limits or QueryLimits()
        self._turn = trio.Lock()
        self._asking = 0
        self._running: _Running | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Process id, where one has been started and has not ended as far as is known."""
        return self._running.child.handle.pid if self._running else None

    @property
    def is_idle(self) -> bool:
        """Tell whether nobody asks it anything just now."""
        return self._asking == 0

    async def query(
        self,
        sql: str,
        arguments: Sequence[Value],
        *,
        audience: Audience,
        tables: frozenset[str] | str,
        deadline: float,
    ) -> bytes:
        """Run one SELECT; return JSON, an array of objects or ``null``. Raises QueryRefused.

        ``tables``: names that were granted, or ``"*"``. ``deadline``: on Trio's clock.
        """
        names = tuple(TABLES) if tables == ALL_TABLES else tuple(sorted(tables))
        question = Question(sql, tuple(arguments), 0, audience.asked_for, audience.person, names)
        return (await self._ask(QUERY, question, deadline))[1]

    async def execute(self, sql: str, arguments: Sequence[Value], *, deadline: float) -> int:
        """Change the plugin's own database; return how many rows. Raises QueryRefused."""
        return (await self._ask(EXECUTE, Question(sql, tuple(arguments), 0), deadline))[0]

    async def change_together(self, changes: Sequence[Change], *, deadline: float) -> int:
        """Make changes of the plugin's own database, all or none; return how many rows changed.

        Raises QueryRefused: MOVED where a change did not find as many rows as it expects.
        """
        return (await self._ask(TOGETHER, Changes(tuple(changes), 0), deadline))[0]

    async def start(self) -> None:
        """Start the process ahead of its first question. Raises QueryRefused."""
        async with self._turn:
            await self._ready()

    async def aclose(self) -> None:
        """End the process; a question that is under way fails."""
        self._closed = True
        await self._end()

    async def _ask(
        self, kind: int, question: Question | Changes, deadline: float
    ) -> tuple[int, bytes]:
        self._check(question.changes if isinstance(question, Changes) else (question,))
        if self._asking > self._limits.waiting:
            raise QueryRefused(
                RefusedBecause.BUSY,
                f"{self._limits.waiting} statements of this plugin wait already",
            )
        self._asking += 1
        try:
            with trio.move_on_at(deadline + GRACE_S):
                async with self._turn:
                    left = deadline - trio.current_time()
                    if left <= 0:
                        raise _too_late()
                    running = await self._ready()
                    left = max(deadline - trio.current_time(), 0.001)
                    return await self._answer(running, kind, replace(question, seconds=left))
            raise _too_late()
        finally:
            self._asking -= 1

    def _check(self, asked: Sequence[Question | Change]) -> None:
        """Refuse here what is too large to be sent, or no value; the process looks at the rest."""
        arguments = [each for one in asked for each in one.arguments]
        for each in arguments:
            if each is not None and not isinstance(each, str | int | float):
                raise QueryRefused(
                    RefusedBecause.SQL,
                    f"an argument is a {type(each).__name__}; expected text, a number, a boolean"
                    " or null",
                )
        size = sum(len(one.sql) for one in asked) + sum(
            len(each) for each in arguments if isinstance(each, str)
        )
        most = self._limits.sql_bytes + self._limits.value_bytes
        if size > most or len(arguments) > self._limits.arguments:
            raise QueryRefused(
                RefusedBecause.LIMIT,
                f"a statement of {size} characters with {len(arguments)} arguments; at most"
                f" {most} and {self._limits.arguments} are taken",
            )

    async def _answer(
        self, running: _Running, kind: int, question: Question | Changes
    ) -> tuple[int, bytes]:
        running.seq += 1
        answered = False
        try:
            asked = encode_frame((kind, running.seq), _packed(question))
            await running.child.to_child.send_all(asked)
            head, blob = await running.frames.next()
            said, what = check_answer(head, running.seq)
            answered = not running.frames.has_more
        except (EOFError, trio.BrokenResourceError, trio.ClosedResourceError):
            raise await self._died(running) from None
        except WireError as exc:
            log.warning(
                "query_process_broke_protocol", pid=running.child.handle.pid, error=str(exc)
            )
            raise QueryRefused(
                RefusedBecause.FAILED, f"the query process broke the protocol: {exc}"
            ) from None
        finally:
            if not answered:
                await self._end()
        if said == ROWS:
            return what, blob
        because, table = what
        text = clean_text(blob.decode("utf-8", "replace"), _LONGEST_REASON)
        raise QueryRefused(_REASONS[because], text, table)

    async def _died(self, running: _Running) -> QueryRefused:
        if self._closed:
            return QueryRefused(RefusedBecause.FAILED, "the plugin is being stopped")
        status = await running.child.handle.reap()
        log.warning("query_process_ended", pid=running.child.handle.pid, status=str(status))
        return QueryRefused(RefusedBecause.FAILED, f"the query process has ended: {status}")

    async def _ready(self) -> _Running:
        """Return a process that can be asked; starts one where there is none."""
        if self._closed:
            raise QueryRefused(RefusedBecause.FAILED, "the plugin is being stopped")
        if self._running is not None and self._running.child.handle.has_ended():
            await self._end()
        if self._running is None:
            try:
                self._running = await self._start()
            except ProcessError as exc:
                raise QueryRefused(RefusedBecause.FAILED, str(exc)) from exc
            if self._closed:
                await self._end()
                raise QueryRefused(RefusedBecause.FAILED, "the plugin is being stopped")
        return self._running

    async def _start(self) -> _Running:
        child = await spawn_piped(self._fork_server, self._spec())
        frames = FrameReader(child, self._limits.result_bytes + _SLACK_BYTES)
        running = _Running(child, frames)
        started = False
        try:
            with trio.fail_after(START_S):
                head, blob = await running.frames.next()
            if check_head(head, frozenset({READY, RESULT})) == RESULT:
                why = clean_text(blob.decode("utf-8", "replace"), _LONGEST_REASON)
                raise QueryRefused(
                    RefusedBecause.FAILED, f"the query process could not start: {why}"
                )
            started = True
        except (EOFError, WireError, trio.TooSlowError):
            status = await running.child.handle.reap()
            raise QueryRefused(
                RefusedBecause.FAILED, f"the query process did not start: {status}"
            ) from None
        finally:
            if not started:
                await running.child.aclose()
        return running

    def _spec(self) -> QuerySpec:
        limits = self._limits
        return QuerySpec(
            kind="query",
            cage=self._cage.query(limits.data_bytes, limits.address_bytes),
            helpdesk=str(self._files.helpdesk.absolute()),
            own=str(self._files.own.absolute()) if self._files.own else "",
            zone_file=self._zone_file,
            max_sql_bytes=limits.sql_bytes,
            max_arguments=limits.arguments,
            max_rows=limits.rows,
            max_result_bytes=limits.result_bytes,
            max_value_bytes=limits.value_bytes,
            own_bytes=limits.own_bytes,
            working_bytes=limits.working_bytes,
        )

    async def _end(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            await running.child.aclose()


def _too_late() -> QueryRefused:
    return QueryRefused(RefusedBecause.TIMEOUT, "the statement took longer than the call may")


def _packed(question: Question | Changes) -> bytes:
    try:
        if isinstance(question, Changes):
            return pack_changes(question)
        return pack_question(question)
    except (OverflowError, ValueError, TypeError) as exc:
        raise QueryRefused(RefusedBecause.SQL, f"an argument cannot be sent: {exc}") from None
