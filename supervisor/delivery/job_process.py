"""Jobs of one plugin, each run in a process of its own that lives as long as the run.

A job may take minutes. In the plugin's usual process, pages, widgets and events would wait for it.
A run's process is locked down as the other one is, with the same grants and the same limit of
memory. One job of a plugin runs at a time, and ``MOST_AT_ONCE`` on a server.
"""

from collections.abc import Sequence
from contextlib import AsyncExitStack

import trio

from sandbox_child.wire.messages import LogLevel
from supervisor.calls.host_calls import HostCalls
from supervisor.delivery.children import Children, Code
from supervisor.delivery.function_calls import CallRequest, returned
from supervisor.delivery.work import PluginWork, WorkKey, function_work
from supervisor.delivery.workload import Workload
from supervisor.errors import SupervisorError
from supervisor.limits import Limits
from supervisor.process.conversation import Finished
from supervisor.process.session import SessionHooks
from supervisor.states import Outcome
from supervisor.store.plugins import PluginRow
from supervisor.views import CallResult

MOST_AT_ONCE = 4


class JobProcess:
    """The place where one plugin's jobs run; owned by the plugin's runner."""

    def __init__(
        self,
        row: PluginRow,
        workload: Workload,
        *,
        children: Children,
        host_calls: HostCalls,
        places: trio.CapacityLimiter,
    ) -> None:
        """``places``: those of all plugins."""
        self._row = row
        self._workload = workload
        self._children = children
        self._host_calls = host_calls
        self._places = places
        self._turn = trio.Lock()
        self._scope: trio.CancelScope | None = None
        self._closed = False

    async def run(self, request: CallRequest, limits: Limits) -> CallResult:
        """Run a job when it is its turn, and record how it went."""
        work = function_work(request, self._workload.recorder.new_delivery())
        result = CallResult.failed("the plugin was stopped during the job", str(Outcome.LOST))
        async with self._turn, self._places:
            if self._closed:
                result = CallResult.failed("the plugin was disabled before the job began")
            else:
                with trio.CancelScope() as self._scope:
                    result = await self._one(work, limits)
                self._scope = None
                with trio.CancelScope(shield=True):
                    await self._host_calls.job_ended(self._row.id)
        self._workload.recorder.call(
            work,
            request,
            result.outcome,
            result.error,
            duration_s=result.duration_s,
            memory=result.memory_bytes or None,
        )
        return result

    async def aclose(self, grace_s: float) -> None:
        """Let what runs end by itself for so long, then end it; its process is gone behind this."""
        self._closed = True
        with trio.move_on_after(grace_s):
            async with self._turn:
                return
        if self._scope is not None:
            self._scope.cancel()
        async with self._turn:
            return

    async def _one(self, work: PluginWork, limits: Limits) -> CallResult:
        try:
            code = await self._children.open_code(self._row)
        except SupervisorError as exc:
            return CallResult.failed(str(exc), str(Outcome.START_FAILED))
        try:
            return await self._in_a_process(work, limits, code)
        finally:
            code.close()

    async def _in_a_process(self, work: PluginWork, limits: Limits, code: Code) -> CallResult:
        said: list[Finished[WorkKey]] = []
        ready, done = trio.Event(), trio.Event()
        workload = self._workload

        def finished(results: Sequence[Finished[WorkKey]]) -> None:
            if others := child.without_life(results, self._life_failed):
                said.extend(others)
                done.set()

        hooks: SessionHooks[WorkKey] = SessionHooks(
            ready=lambda _ready, _controls: ready.set(),
            finished=finished,
            logged=lambda line: workload.recorder.log(line.level, line.text, line.work or work),
            answer=lambda called: self._host_calls.answer(workload.caller, called),
        )
        workload.recorder.tally.starts += 1
        opened = self._children.open(
            self._row,
            limits,
            code,
            hooks,
            tell=lambda line: workload.recorder.note(LogLevel.INFO, line),
            give_up=trio.Event(),
        )
        async with AsyncExitStack() as stack:
            try:
                child = await stack.enter_async_context(opened)
            except SupervisorError as exc:
                return CallResult.failed(str(exc), str(Outcome.START_FAILED))
            began = trio.current_time()

            async def ask() -> None:
                await ready.wait()
                if await child.begin(self._row, workload.config):
                    await child.session.ask([work])
                    await done.wait()
                    await child.finish()
                    child.session.stop()

            async with trio.open_nursery() as nursery:
                nursery.start_soon(ask)
                ended = await child.run()
                nursery.cancel_scope.cancel()
        if said:
            return returned(said[0])
        spent, calls = trio.current_time() - began, tuple(work.host_calls)
        return CallResult(str(ended.outcome), b"", ended.error, spent, 0, calls)

    def _life_failed(self, what: str, error: str) -> str:
        return self._workload.recorder.failure(what, error, None)
