"""What plugins did and used over time: minutes, their sums, and what a restart leaves of them."""

import random
import sqlite3
from itertools import pairwise

import pytest
from sqlite_utils import Database

from supervisor.delivery.durations import BOUNDS_S, SHOWN_S, quantiles_ms
from supervisor.delivery.tally import Tally
from supervisor.errors import PluginNotFound
from supervisor.limits import Limits
from supervisor.store.history import DAY, HOUR, Step, Use, save_steps, steps_of, steps_since
from supervisor.store.migrations import migrations
from supervisor.watching.history import Meter, points


def deliver(tally, count=1, duration_s=0.001, outcome="ok"):
    for _ in range(count):
        tally.delivery(outcome, duration_s)
        tally.errors += outcome != "ok"


@pytest.fixture
def tally():
    return Tally()


@pytest.fixture
def meter(tally):
    return Meter(tally, 1000, 0.0)


def test_the_bounds_that_monitors_see_are_bounds_of_the_buckets():
    assert set(SHOWN_S) <= set(BOUNDS_S)
    assert list(BOUNDS_S) == sorted(BOUNDS_S)
    assert all(b / a < 1.27 for a, b in pairwise(BOUNDS_S))


def test_quantiles_are_as_near_as_they_say(tally):
    rng = random.Random(5)
    durations = sorted(10 ** rng.uniform(-5.5, 1.5) for _ in range(2001))
    for duration in durations:
        tally.delivery("ok", duration)
    found = quantiles_ms(dict(enumerate(tally.buckets)), 0.5, 0.95)
    for share, value in zip((0.5, 0.95), found, strict=True):
        true = durations[int(share * 2000)] * 1000
        assert 1 / 1.125 <= value / true <= 1.125


def test_what_happens_belongs_to_the_minute_that_ran_when_it_was_seen(meter, tally):
    deliver(tally, 3)
    meter.look(1000, 10.0, None)
    deliver(tally, 2, outcome="trap")
    meter.look(1001, 70.0, None)
    deliver(tally, 1)
    meter.look(1001, 80.0, None)
    assert {at: (s.deliveries, s.errors) for at, s in meter.steps.items()} == {
        1000: (5, 2),
        1001: (1, 0),
    }
    assert meter.errors_of_the_day() == 2


def test_use_is_the_most_of_memory_and_queue_and_the_mean_of_the_processor(meter):
    meter.look(1000, 10.0, Use(waiting=7, cpu_percent=100.0, uss_bytes=5, guest_bytes=1))
    meter.look(1000, 40.0, Use(waiting=2, cpu_percent=20.0, uss_bytes=9, guest_bytes=3))
    meter.look(1000, 50.0, Use(cpu_percent=None))
    (point,) = points(meter.steps, 1000, count=1, step_minutes=1)
    assert (point.waiting, point.uss_bytes, point.guest_memory_bytes) == (7, 9, 3)
    assert point.cpu_percent == pytest.approx((10 * 100 + 30 * 20) / 40)


def test_a_plugin_that_does_nothing_has_no_minutes_and_points_without_figures(meter):
    meter.look(1000, 10.0, None)
    assert meter.steps == {}
    (point,) = points(meter.steps, 1000, count=1, step_minutes=1)
    assert point.deliveries == 0
    assert (point.p50_ms, point.waiting, point.cpu_percent, point.uss_bytes) == (None,) * 4


def test_an_hour_is_sixty_minutes_and_a_day_quarters_of_hours_without_a_gap():
    steps = {minute: Step(deliveries=1) for minute in range(1000 - 120, 1001)}
    hour = points(steps, 1000, count=60, step_minutes=1)
    assert len(hour) == 60
    assert sum(point.deliveries for point in hour) == 60
    assert hour[-1].at == "1970-01-01T16:40:00.000Z"
    day = points(steps, 1000, count=96, step_minutes=15)
    assert [point.deliveries for point in day][-9:] == [5, *[15] * 7, 11]
    assert len(day) == 96


def test_only_an_hour_is_held_in_memory_and_errors_are_forgotten_after_a_day(meter, tally):
    deliver(tally, 1, outcome="trap")
    meter.look(1000, 1.0, None)
    meter.look(1000 + HOUR, 2.0, None)
    assert meter.steps == {}
    assert meter.hour_quantiles_ms(0.5) == (None,)
    assert meter.errors_of_the_day() == 1
    meter.look(1000 + DAY, 3.0, None)
    assert meter.errors_of_the_day() == 0


def test_the_hour_of_a_meter_is_made_of_its_minutes_as_they_are_now(meter, tally):
    for seen, minute in enumerate((1000, 1001, 1000, 1002), start=1):
        deliver(tally, 1)
        meter.look(minute, float(seen), None)
        found = meter.hour()
        assert found == points(meter.steps, meter.minute, count=60, step_minutes=1)
        assert sum(point.deliveries for point in found) >= seen - 1
    deliver(tally, 1)
    meter.look(1002, 9.0, None)
    assert [point.deliveries for point in meter.hour()][-3:] == [3, 0, 1]


def test_a_clock_that_is_set_back_goes_on_with_the_minute_that_was(meter, tally):
    deliver(tally, 1)
    meter.look(1001, 1.0, None)
    meter.look(1000, 2.0, None)
    deliver(tally, 1)
    meter.look(1000, 3.0, None)
    assert meter.steps[1000].deliveries == 2


def test_events_a_minute_are_those_of_the_last_five(meter, tally):
    deliver(tally, 30)
    meter.look(1000, 10.0, None)
    assert meter.events_a_minute() == 30
    for second in range(20, 320, 10):
        deliver(tally, 1)
        meter.look(1000 + second // 60, float(second), None)
    assert meter.events_a_minute() == pytest.approx(6, abs=0.3)


def test_a_plugin_of_the_same_id_that_comes_later_begins_again(meter, tally):
    deliver(tally, 4, outcome="trap")
    meter.look(1000, 10.0, None)
    meter.forget()
    meter.look(1000, 70.0, None)
    assert meter.steps == {}
    assert meter.errors_of_the_day() == 0
    assert meter.events_a_minute() == 0


@pytest.fixture
def db():
    connection = sqlite3.connect(":memory:")
    migrations.apply(Database(connection))
    connection.execute(
        "INSERT INTO plugins (id, sha256, size, manifest, report, source, installed_at, "
        "installed_by, enabled, claimed_seq, settled_seq, error_count) "
        "VALUES ('com.example.a', '', 0, '', '', '', 0, '', 1, 0, 0, 0)"
    )
    yield connection
    connection.close()


def test_minutes_come_back_as_they_were_written(db):
    step = Step(3, 1, {4: 2, 7: 1}, waiting=5, cpu=12.5, cpu_s=5.0, uss=100, guest=None)
    save_steps(db, [("com.example.a", 1000, step)], 1000)
    save_steps(db, [("com.example.a", 1000, step), ("com.example.a", 1001, Step())], 1001)
    assert steps_of(db, "com.example.a", 0) == {1000: step, 1001: Step()}
    assert steps_since(db, 1001) == {"com.example.a": {1001: Step()}}


def test_a_minute_that_is_written_takes_along_what_is_older_than_a_day(db):
    for minute in range(1000, 1000 + DAY + 10):
        save_steps(db, [("com.example.a", minute, Step(1))], minute)
    assert len(steps_of(db, "com.example.a", 0)) == DAY


def test_nothing_is_written_of_a_plugin_that_is_gone(db):
    save_steps(db, [("com.example.gone", 1000, Step(1))], 1000)
    assert steps_since(db, 0) == {}


async def test_a_plugin_at_work_shows_what_it_did_and_uses(desk):
    good = await desk.install("wat/noop", id="com.example.good")
    bad = await desk.install("wat/trap", id="com.example.bad")
    for _ in range(3):
        await desk.ticket()
    await desk.settled(good.id, bad.id)

    view = await desk.process(good.id)
    assert view.events_a_minute == 3
    assert 0 < view.p50_ms <= view.p95_ms
    assert view.oldest_waiting_s is None
    assert (await desk.process(bad.id)).errors_24h == 3

    histories = await desk.supervisor.overview.histories()
    assert histories.keys() == {good.id, bad.id}
    assert len(histories[good.id].points) == 60
    assert sum(point.deliveries for point in histories[good.id].points) == 3
    assert sum(point.errors for point in histories[bad.id].points) == 3
    day = await desk.supervisor.overview.history(good.id, span="day")
    assert (day.step_s, len(day.points)) == (900, 96)
    assert sum(point.deliveries for point in day.points) == 3
    assert day.points[-1].uss_bytes or day.points[-2].uss_bytes
    with pytest.raises(PluginNotFound):
        await desk.supervisor.overview.history("com.example.none", span="hour")


async def test_history_survives_a_restart_and_ends_with_the_plugin(open_desk):
    desk = await open_desk()
    plugin = await desk.install("wat/trap")
    await desk.ticket()
    await desk.settled(plugin.id)
    await desk.close()

    desk = await open_desk()
    for span in ("hour", "day"):
        history = await desk.supervisor.overview.history(plugin.id, span=span)
        assert sum(point.errors for point in history.points) == 1
    assert (await desk.process(plugin.id)).errors_24h == 1
    await desk.ticket()
    await desk.settled(plugin.id)
    day = await desk.supervisor.overview.history(plugin.id, span="day")
    assert sum(point.deliveries for point in day.points) == 2

    await desk.supervisor.controls.uninstall(plugin.id, actor="test")
    await desk.install("wat/trap", enabled=False)
    day = await desk.supervisor.overview.history(plugin.id, span="day")
    assert sum(point.deliveries for point in day.points) == 0


async def test_the_oldest_event_that_waits_has_an_age(open_desk):
    desk = await open_desk(limits=Limits(deadline_s=0.5))
    plugin = await desk.install("wat/loop")
    await desk.running(plugin.id)
    await desk.ticket()
    view = await desk.until(
        lambda: desk.process(plugin.id), lambda view: view.oldest_waiting_s is not None
    )
    assert 0 <= view.oldest_waiting_s < 30
