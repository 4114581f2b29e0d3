"""Native plugins in a whole supervisor: the same everything as of a module, by two processes."""

import dataclasses
import json
import os
import signal
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from supervisor.calls.behalf import EVERYTHING, Behalf
from supervisor.config import SupervisorConfig
from supervisor.errors import CannotStart, ModuleRefused, PermissionsNotAccepted
from supervisor.limits import Limits
from supervisor.query import Audience
from supervisor.states import Outcome, PluginState
from tests.goatkit_modules import goatkit_module
from tests.native.packages import native_package, native_program

ID = "goatkit.native-desk"
GRANTS = {"native_program", "db:read:ticket", "cache:readwrite", "ticket_event:ticket.created"}


async def installed(desk: Any, *, without: str = "", enabled: bool = True, mode: str = "") -> Any:
    package = native_package(mode=mode)
    view = await desk.supervisor.installs.install(package, source="a test", actor="test")
    await granted(desk, without=without)
    if enabled:
        view = await desk.supervisor.controls.set_enabled(ID, True, actor="test")
        await desk.running(ID)
    return view


async def granted(desk: Any, *, without: str = "") -> None:
    view = await desk.supervisor.overview.plugin(ID)
    asked = {permission.token for permission in view.permissions}
    assert asked == GRANTS
    withheld = {without} if without else set()
    await desk.supervisor.controls.withhold(ID, withheld=withheld, actor="test")


async def called(desk: Any, function: str, arguments: Any = None, who: Behalf = EVERYTHING) -> Any:
    encoded = b"" if arguments is None else json.dumps(arguments).encode()
    result = await desk.supervisor.functions.call(ID, function, encoded, who)
    assert result.error is None, result.error
    return json.loads(result.value)


async def pids(desk: Any) -> dict[str, int]:
    return {part.role: part.pid for part in (await desk.process(ID)).parts}


def is_gone(pid: int) -> bool:
    """Tell whether a process has ended, reaped or not."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


@pytest.fixture
async def native(open_desk: Any) -> Any:
    return await open_desk(native=True)


async def test_without_the_setting_it_is_refused_and_the_setting_named(desk):
    with pytest.raises(ModuleRefused, match=r"set native = true in the section \[plugins\]"):
        await desk.supervisor.installs.install(native_package(), source="a test", actor="test")
    assert await desk.supervisor.overview.plugins() == []


async def test_it_arrives_like_any_other_and_is_granted_nothing(native):
    view = await native.supervisor.installs.install(native_package(), source="a", actor="test")
    assert (view.id, view.version, view.contract) == (ID, "1.0.0", "goatkit-native")
    assert [p.token for p in view.permissions if p.granted] == []
    program = next(p for p in view.permissions if p.token == "native_program")
    assert "account on this machine" in (program.warning or "")
    with pytest.raises(CannotStart, match="no admin has allowed it to run as a native program"):
        await native.supervisor.controls.set_enabled(ID, True, actor="test")


async def test_a_bare_program_is_installed_too(native):
    view = await native.supervisor.installs.install(native_program(), source="a", actor="test")
    assert view.id == ID


async def test_routes_widget_menu_and_host_functions_are_served(native):
    await installed(native)
    for number in range(3):
        await native.ticket(f"ticket {number}")
    functions, offers = native.supervisor.functions, native.supervisor.offers
    assert functions.find_route("GET", "/native-desk").plugin_id == ID
    assert [placed.title for placed in offers.widgets({"dashboard"})] == ["Open tickets"]
    assert [entry.label for entry in offers.menu({"agent"})] == ["Native desk"]
    assert await called(native, "count") == {"count": 3}
    mine = Behalf(Audience.person_of(native.user.id))
    assert await called(native, "count", who=mine) == {"count": 3}
    assert "<span class='gk-stat-value'>3" in (await called(native, "widget"))["html"]


async def test_one_over_grpc_has_all_of_that_too(native):
    await installed(native, mode="grpc")
    await native.ticket("over gRPC")
    assert (await native.delivery(ID)).outcome is Outcome.OK
    await native.until(lambda: native.log(ID), lambda lines: "event: over gRPC" in lines)
    assert await called(native, "count") == {"count": 1}
    assert "<span class='gk-stat-value'>1" in (await called(native, "widget"))["html"]
    before = await pids(native)
    await native.supervisor.controls.set_enabled(ID, False, actor="test")
    await native.until(lambda: native.log(ID), lambda lines: "shutdown: good bye" in lines)
    assert all(is_gone(pid) for pid in before.values())


async def test_a_host_function_without_its_grant_tells_the_program_why(native):
    await installed(native, without="db:read:ticket")
    answer = await called(native, "count")
    assert "grant db:read" in answer["error"]
    assert any("grant db:read" in line for line in await native.log(ID))


async def test_events_arrive_at_its_function_and_are_on_record(native):
    await installed(native)
    await native.ticket("first")
    delivery = await native.delivery(ID)
    assert delivery.outcome is Outcome.OK
    assert delivery.memory_bytes > 0
    await native.until(lambda: native.log(ID), lambda lines: "event: first" in lines)


async def test_a_job_runs(native):
    await installed(native)
    now = datetime.now(UTC)
    await native.supervisor.jobs.start_due(now)
    await native.supervisor.jobs.start_due(now + timedelta(hours=1))
    await native.until(lambda: native.log(ID), lambda lines: "tally: counted" in lines)


async def test_both_processes_are_in_the_process_table(native):
    await installed(native)
    found = await native.until(
        lambda: native.process(ID), lambda view: all(part.rss_bytes for part in view.parts)
    )
    assert [part.role for part in found.parts] == ["program", "bridge"]
    assert "seccomp" in found.parts[0].controls
    assert "seccomp" in found.parts[1].controls
    assert found.pid == found.parts[0].pid
    assert found.rss_bytes == sum(part.rss_bytes for part in found.parts)


@pytest.mark.parametrize("who", ["program", "bridge"])
async def test_a_killed_process_takes_the_other_along_and_nothing_is_lost(native, who):
    await installed(native)
    before = await pids(native)
    os.kill(before[who], signal.SIGKILL)
    for number in range(5):
        await native.ticket(f"behind {number}")
    deliveries = await native.deliveries(ID, 5)
    assert [delivery.outcome for delivery in deliveries] == [Outcome.OK] * 5
    await native.until(native.nothing, lambda _: all(is_gone(pid) for pid in before.values()))
    after = await pids(native)
    assert set(after.values()).isdisjoint(before.values())


async def test_an_event_that_was_with_a_killed_program_comes_once_more(open_desk):
    desk = await open_desk(native=True, limits=Limits(deadline_s=60.0))
    await installed(desk)
    program = (await pids(desk))["program"]
    os.kill(program, signal.SIGSTOP)
    await desk.ticket("held")
    await desk.until(lambda: desk.process(ID), lambda view: view.in_flight)
    os.kill(program, signal.SIGKILL)
    delivery = await desk.delivery(ID)
    assert (delivery.outcome, delivery.redelivered) == (Outcome.OK, True)


async def test_a_call_that_hangs_is_killed_at_its_deadline_with_both_processes(open_desk):
    desk = await open_desk(native=True, limits=Limits(deadline_s=2.0))
    await installed(desk)
    before = await pids(desk)
    await desk.ticket("hang")
    await desk.ticket("then")
    first, second = await desk.deliveries(ID, 2)
    assert (first.outcome, second.outcome) == (Outcome.TIMEOUT, Outcome.OK)
    assert all(is_gone(pid) for pid in before.values())


async def test_a_crash_fails_its_event_alone_and_its_last_words_are_logged(native):
    await installed(native)
    await native.ticket("crash")
    await native.ticket("then")
    first, second = await native.deliveries(ID, 2)
    assert (first.outcome, second.outcome) == (Outcome.TRAP, Outcome.OK)
    assert any("panic: as a bug does" in line for line in await native.log(ID))


async def test_one_that_does_not_begin_is_restarted_with_pauses_and_given_up(native):
    package = native_package(mode="unwilling")
    await native.supervisor.installs.install(package, source="a test", actor="test")
    await granted(native)
    await native.supervisor.controls.set_enabled(ID, True, actor="test")
    result = await native.supervisor.functions.call(ID, "count", b"", EVERYTHING)
    assert "it does not want to" in result.error
    view = await native.state(ID, "failed")
    assert "failed 8 times in a row" in view.state_reason
    assert view.pid is None


async def test_it_gets_its_settings_as_it_begins_and_begins_anew_with_others(native):
    await installed(native)
    assert (await called(native, "config"))["greeting"] == "Hello"
    before = await pids(native)
    controls = native.supervisor.controls
    await controls.set_config(ID, {"greeting": "Moin"}, actor="test")
    await native.until(lambda: pids(native), lambda found: found and found != before)
    found = await called(native, "config")
    assert found["greeting"] == "Moin"
    assert found["plugin_name"] == "native-desk"
    assert (await native.process(ID)).errors == 0


async def test_it_is_asked_to_finish_and_leaves_nothing(native):
    await installed(native)
    before = await pids(native)
    await native.supervisor.controls.set_enabled(ID, False, actor="test")
    await native.until(lambda: native.log(ID), lambda lines: "shutdown: good bye" in lines)
    assert all(is_gone(pid) for pid in before.values())
    assert (await native.supervisor.overview.plugin(ID)).error_count == 0


async def test_one_that_does_not_finish_is_killed_and_that_is_no_error(native):
    await installed(native, enabled=False)
    await native.supervisor.controls.set_config(ID, {"greeting": "stay"}, actor="test")
    await native.supervisor.controls.set_enabled(ID, True, actor="test")
    await native.running(ID)
    before = await pids(native)
    await native.supervisor.controls.set_enabled(ID, False, actor="test")
    assert all(is_gone(pid) for pid in before.values())
    assert any("it did not finish" in line for line in await native.log(ID))
    assert (await native.supervisor.overview.plugin(ID)).error_count == 0


async def test_its_word_to_run_is_taken_back_and_given_again_while_it_is_enabled(native):
    await installed(native)
    before = await pids(native)
    controls = native.supervisor.controls
    view = await controls.revoke(ID, "native_program", actor="test")
    assert view.state is PluginState.FAILED
    assert "no admin has allowed it" in view.state_reason
    assert all(is_gone(pid) for pid in before.values())
    await controls.grant(ID, "native_program", actor="test")
    await native.running(ID)
    assert (await native.supervisor.overview.plugin(ID)).state_reason is None


async def test_it_is_upgraded_and_rolled_back(native):
    await installed(native)
    later = native_package(mode="2")
    await native.supervisor.installs.install(later, source="a test", actor="test")
    waits, *_ = [v for v in await native.supervisor.versions.all(ID) if v.status == "waiting"]
    await native.accept(ID, waits.sha256)
    assert (await native.running(ID)).version == "2.0.0"
    assert "version" not in await called(native, "config")
    kept = next(v for v in await native.supervisor.versions.all(ID) if v.status == "kept")
    await native.accept(ID, kept.sha256)
    assert (await native.running(ID)).version == "1.0.0"
    await native.ticket("behind")
    assert (await native.delivery(ID)).outcome is Outcome.OK


async def test_a_module_that_becomes_a_program_waits_for_consent(native):
    module = goatkit_module({"name": "native-desk", "version": "0.9.0"}, {})
    await native.supervisor.installs.install(module, source="a test", actor="test")
    await native.supervisor.installs.install(native_package(), source="a test", actor="test")
    waits = next(v for v in await native.supervisor.versions.all(ID) if v.status == "waiting")
    with pytest.raises(PermissionsNotAccepted, match="native_program"):
        await native.supervisor.versions.accept(ID, waits.sha256, accepted=(), actor="test")


async def test_it_is_uninstalled_with_its_files(native):
    await installed(native)
    before = await pids(native)
    await native.supervisor.controls.uninstall(ID, actor="test")
    assert all(is_gone(pid) for pid in before.values())
    assert not [*(native.path / "modules").iterdir(), *(native.path / "compiled").iterdir()]


async def test_a_program_that_was_replaced_on_disk_never_runs(open_desk):
    desk = await open_desk(native=True)
    await installed(desk, enabled=False)
    await desk.close()
    other = native_package(mode="2")
    (module,) = (desk.path / "modules").iterdir()
    module.write_bytes(other)
    for artifact in (desk.path / "compiled").iterdir():
        artifact.write_bytes(native_program(mode="2"))
    desk = await open_desk(native=True)
    await desk.supervisor.controls.set_enabled(ID, True, actor="test")
    view = await desk.state(ID, "failed")
    assert "has changed since it was installed" in view.state_reason
    assert "init: " not in "\n".join(await desk.log(ID))


async def test_a_reload_stops_it_with_the_setting_and_starts_it_again(native):
    await installed(native)
    before = await pids(native)
    off = SupervisorConfig(data_directory=native.path)
    native.supervisor.reconfigure(off)
    view = await native.state(ID, "failed")
    assert "native plugins are not allowed on this server" in view.state_reason
    assert all(is_gone(pid) for pid in before.values())
    (notice,) = await native.until(native.notices, lambda notices: notices)
    assert notice.title.endswith("is not running")
    native.supervisor.reconfigure(dataclasses.replace(off, native=True))
    await native.running(ID)
    assert (await native.supervisor.overview.plugin(ID)).state_reason is None


async def test_it_does_not_run_where_the_setting_is_gone(open_desk):
    desk = await open_desk(native=True)
    await installed(desk)
    await desk.close()
    desk = await open_desk()
    view = await desk.state(ID, "failed")
    assert "native plugins are not allowed on this server" in view.state_reason
    assert view.pid is None
