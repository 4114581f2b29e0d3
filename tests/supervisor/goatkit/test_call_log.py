"""Calls of GoatKit functions in the delivery log: each once, with its outcome and for whom."""

import json
from typing import Any

import pytest
import trio

from supervisor.calls.behalf import EVERYTHING, Behalf
from supervisor.delivery.function_calls import Occasion
from supervisor.errors import CannotRedeliver
from supervisor.query import Audience
from supervisor.states import DeliveryKind, Outcome, PluginState
from supervisor.views import DeliveryFilter, DeliveryView
from tests.goatkit_modules import goatkit_module

ID = "goatkit.calls"
REGISTRATION = {
    "name": "calls",
    "resources": {"call_timeout": "1s"},
    "jobs": [
        {"id": "nightly", "handler": "report", "schedule": "0 0 1 1 *", "enabled": True},
        {"id": "long", "handler": "loop", "schedule": "0 0 1 1 *", "timeout": "5m"},
    ],
}


async def installed(desk: Any) -> None:
    module = goatkit_module(REGISTRATION, {"report": {"ok": True}})
    await desk.supervisor.installs.install(module, source="a test", actor="test")
    await desk.supervisor.controls.set_enabled(ID, True, actor="test")


async def log(desk: Any, **wanted: Any) -> list[DeliveryView]:
    page = await desk.supervisor.deliveries.page(ID, wanted=DeliveryFilter(**wanted), limit=500)
    return list(page)


async def call(desk: Any, function: str, arguments: Any = None, behalf: Behalf = EVERYTHING) -> Any:
    encoded = b"" if arguments is None else json.dumps(arguments).encode()
    return await desk.supervisor.functions.call(
        ID, function, encoded, behalf, occasion=Occasion(DeliveryKind.WIDGET, "card")
    )


async def test_a_call_is_on_record_with_all_that_is_known_of_it(desk):
    await installed(desk)
    somebody = Behalf(Audience.person_of(desk.user.id))
    await call(desk, "report", {"range": "30d", "password": "s3cr3t"}, somebody)
    (found,) = await log(desk)
    assert (found.kind, found.event, found.function) == (DeliveryKind.WIDGET, "card", "report")
    assert (found.outcome, found.person, found.error) == ("ok", desk.user.id, None)
    detail = await desk.supervisor.deliveries.detail(ID, found.id)
    assert json.loads(detail.payload) == {"range": "30d", "password": "(hidden)"}
    assert not detail.can_redeliver


async def test_a_call_that_fails_is_there_with_its_error_and_its_lines(desk):
    await installed(desk)
    assert (await call(desk, "!trap")).outcome == "trap"
    (found,) = await log(desk, only_errors=True)
    assert found.outcome == "trap"
    assert "unreachable" in str(found.error)
    detail = await desk.supervisor.deliveries.detail(ID, found.id)
    assert any("!trap" in line.message for line in detail.logs)


async def test_each_run_of_a_job_is_a_delivery(desk):
    await installed(desk)
    for _ in range(2):
        await desk.supervisor.jobs.run_now(ID, "nightly")
    await call(desk, "report")
    runs = await log(desk, kind=DeliveryKind.JOB)
    assert [(run.event, run.function, run.outcome) for run in runs] == [
        ("nightly", "report", "ok")
    ] * 2
    assert len(await log(desk, kind=DeliveryKind.WIDGET)) == 1
    assert len(await log(desk, function="report")) == 3


async def test_what_was_called_cannot_be_redelivered_as_an_event(desk):
    await installed(desk)
    await call(desk, "report")
    (found,) = await log(desk)
    with pytest.raises(CannotRedeliver, match="only events can be redelivered"):
        await desk.supervisor.deliveries.redeliver(ID, [found.id], actor="test")
    document = await desk.supervisor.deliveries.document(ID, found.id)
    assert (document.delivery.kind, document.delivery.called_for) == ("widget", "card")


async def test_calls_that_fail_leave_the_plugin_enabled_and_pause_for_who_makes_them(desk):
    await installed(desk)
    ann = Behalf(Audience.person_of(desk.user.id))
    bob = Behalf(Audience.person_of(desk.admin.id))
    outcomes = [(await call(desk, "!trap", None, ann)).outcome for _ in range(5)]
    assert outcomes[:3] == ["trap"] * 3
    assert outcomes[3:] != ["trap"] * 2
    refused = await log(desk, outcome=Outcome.DROPPED)
    assert all("failed several times in a row" in str(one.error) for one in refused)
    assert len(refused) == outcomes.count("dropped")
    assert (await call(desk, "report", None, ann)).outcome == "ok"
    assert (await call(desk, "!trap", None, bob)).outcome == "trap"
    view = await desk.supervisor.overview.plugin(ID)
    assert (view.enabled, view.state_reason) == (True, None)


async def test_a_page_answers_while_a_job_runs(desk):
    await installed(desk)
    desk_jobs = desk.supervisor.jobs
    async with trio.open_nursery() as nursery:
        nursery.start_soon(desk_jobs.run_now, ID, "long")

        async def runs() -> bool:
            return any(job.running for job in await desk_jobs.all(ID))

        await desk.until(runs, bool)
        assert (await call(desk, "report")).outcome == "ok"
        assert await runs()
        # Switching it off ends the job too, within the plugin's usual deadline.
        await desk.supervisor.controls.set_enabled(ID, False, actor="test")
    (run,) = await log(desk, kind=DeliveryKind.JOB)
    assert (run.outcome, run.function) == ("lost", "loop")
    view = await desk.supervisor.overview.plugin(ID)
    assert view.state is PluginState.DISABLED
