"""Jobs: cron lines, the next run across daylight saving, and durations."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.registration import (
    DurationError,
    ScheduleError,
    parse_duration,
    parse_schedule,
)

BERLIN = ZoneInfo("Europe/Berlin")
SANTIAGO = ZoneInfo("America/Santiago")
"""Its clock skips midnight."""
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
"""Its clock moves by half an hour."""
ZONES = (UTC, BERLIN, SANTIAGO, LORD_HOWE, timezone(timedelta(hours=5, minutes=45)))


def runs(line: str, after: datetime, count: int) -> list[str]:
    schedule, found = parse_schedule(line), []
    for _ in range(count):
        run = schedule.next_run(after, BERLIN)
        assert run is not None
        found.append(run.strftime("%d. %H:%M %Z"))
        after = run
    return found


@pytest.mark.parametrize(
    ("line", "first"),
    [
        ("* * * * *", "2026-03-02 10:31"),
        ("*/15 * * * *", "2026-03-02 10:45"),
        ("0 8 * * 1", "2026-03-09 08:00"),
        ("0 8 * * MON", "2026-03-09 08:00"),
        ("0 8 * * mon-fri", "2026-03-03 08:00"),
        ("0 8 * * 7", "2026-03-08 08:00"),
        ("0 8 * * 0", "2026-03-08 08:00"),
        ("30 23 31 12 *", "2026-12-31 23:30"),
        ("0 0 29 2 *", "2028-02-29 00:00"),
        ("5,10 0-2 1 jan,jul *", "2026-07-01 00:05"),
        ("0 12 13 * 5", "2026-03-06 12:00"),
        ("0 12 L * *", "2026-03-31 12:00"),
        ("0 0 ? * *", "2026-03-03 00:00"),
        ("  0   8 * *\t1 ", "2026-03-09 08:00"),
        ("@hourly", "2026-03-02 11:00"),
        ("@daily", "2026-03-03 00:00"),
        ("@Weekly", "2026-03-08 00:00"),
        ("@monthly", "2026-04-01 00:00"),
        ("@yearly", "2027-01-01 00:00"),
    ],
)
def test_a_cron_line_fires_next(line, first) -> None:
    after = datetime(2026, 3, 2, 10, 30, 20, 7, tzinfo=UTC)
    assert parse_schedule(line).next_run(after, UTC).strftime("%Y-%m-%d %H:%M") == first


@pytest.mark.parametrize(
    "line",
    ["0 0 30 2 *", "0 0 31 2 *", "0 0 31 4,6,9,11 *", "0 0 31 feb *", "* * */20 * 1L"],
)
def test_a_line_that_never_fires_is_refused(line) -> None:
    with pytest.raises(
        ScheduleError, match="which never fires; expected a line that fires one day"
    ):
        parse_schedule(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        " ",
        "*",
        "* * * *",
        "* * * * * *",
        "0 * * * * *",
        "60 * * * *",
        "-1 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * 32 * *",
        "* * * 13 *",
        "* * * * 8",
        "5-1 * * * *",
        "*/0 * * * *",
        "*/x * * * *",
        "a * * * *",
        "1.5 * * * *",
        "1, * * * *",
        ", * * * *",
        "* * * * MON#6",
        "* * * foo *",
        "@reboot",
        "@every 5m",
        "TZ=UTC * * * * *",
        "CRON_TZ=UTC 0 8 * * *",
        "٣ * * * *",
        "² * * * *",
        "0 0 * * ²L",
        "* * * * *\0",
        "1/" * 80 + " * * * *",
        "9" * 5_000 + " * * * *",
        "99999 * * * *",
        "1," * 500 + "1 * * * *",
    ],
)
def test_what_is_no_cron_line_is_refused(line) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(line)
    assert "five fields" in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


def test_the_reason_names_the_field() -> None:
    with pytest.raises(ScheduleError, match=r"its day-of-week is wrong"):
        parse_schedule("0 8 * * 9")


def test_a_run_in_the_hour_that_the_clock_skips_is_when_the_hour_is_over() -> None:
    saturday = datetime(2026, 3, 28, 12, tzinfo=BERLIN)
    assert runs("30 2 * * *", saturday, 2) == ["29. 03:00 CEST", "30. 02:30 CEST"]


def test_a_run_in_the_hour_that_comes_twice_is_the_first_one_alone() -> None:
    saturday = datetime(2026, 10, 24, 12, tzinfo=BERLIN)
    assert runs("30 2 * * *", saturday, 2) == ["25. 02:30 CEST", "26. 02:30 CET"]


def test_a_job_of_every_hour_runs_in_both_of_them() -> None:
    night = datetime(2026, 10, 25, 1, 30, tzinfo=BERLIN)
    assert runs("0 * * * *", night, 3) == ["25. 02:00 CEST", "25. 02:00 CET", "25. 03:00 CET"]


def test_between_the_two_hours_a_run_is_not_made_again() -> None:
    second = datetime(2026, 10, 25, 2, 10, fold=1, tzinfo=BERLIN)
    assert runs("30 2 * * *", second, 1) == ["26. 02:30 CET"]


def test_a_time_is_told_in_the_zone_that_was_asked_for() -> None:
    run = parse_schedule("0 8 * * *").next_run(datetime(2026, 7, 1, 6, 30, tzinfo=UTC), BERLIN)
    assert run.isoformat() == "2026-07-02T08:00:00+02:00"


@given(
    st.sampled_from(
        ["* * * * *", "30 2 * * *", "0 * * * *", "*/7 1-3 * * *", "0 0 * * *", "45 1,2,23 * * *"]
    ),
    st.integers(1_577_836_800, 1_893_456_000),
    st.sampled_from(ZONES),
)
def test_the_next_run_is_always_later_and_real(line, seconds, zone) -> None:
    after = datetime.fromtimestamp(seconds, UTC)
    schedule = parse_schedule(line)
    for _ in range(4):
        run = schedule.next_run(after, zone)
        assert run > after
        assert run.astimezone(UTC).astimezone(zone).timetuple() == run.timetuple()
        after = run


@given(st.text(alphabet="0123456789*/,-#LWmonfeb@? \t", max_size=30))
def test_any_line_is_a_schedule_or_none(line) -> None:
    try:
        schedule = parse_schedule(line)
    except ScheduleError:
        return
    assert schedule.next_run(datetime(2026, 1, 1, tzinfo=UTC), BERLIN) is not None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("0s", 0),
        ("5m", 300),
        ("+5m", 300),
        ("1h30m", 5400),
        ("1.5h", 5400),
        (".5s", 0.5),
        ("2.s", 2),
        ("300ms", 0.3),
        ("10us", 1e-5),
        ("10µs", 1e-5),
        ("10μs", 1e-5),
        ("10ns", 1e-8),
        ("1h1m1s1ms", 3661.001),
        ("30m30m", 3600),
    ],
)
def test_durations_are_read_as_go_writes_them(text, seconds) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "5",
        "m",
        "5 m",
        "5M",
        "-5m",
        "5m-3s",
        "5d",
        "1e3s",
        ".s",
        "5m ",
        "\u0665m",
        "1" * 60 + "s",
    ],
)
def test_what_is_no_duration_is_refused(text) -> None:
    with pytest.raises(DurationError):
        parse_duration(text)


@given(st.text(alphabet="0123456789.hmsnuµ+-", max_size=60))
def test_any_text_is_a_duration_or_none(text) -> None:
    try:
        seconds = parse_duration(text)
    except DurationError:
        return
    assert seconds >= 0


def job(parse, **keys):
    found = parse(jobs=[{"id": "j", "handler": "h", "schedule": "0 8 * * 1", **keys}])
    return found.jobs[0] if found.jobs else None, [str(w) for w in found.warnings]


def test_a_job_is_off_and_has_five_minutes_where_it_does_not_say(parse) -> None:
    found, warnings = job(parse)
    assert (found.enabled, found.timeout_s) == (False, 300)
    assert warnings == []


@pytest.mark.parametrize(
    ("timeout", "seconds", "warned"),
    [
        ("2m", 120, False),
        ("5m", 300, False),
        ("10m", 300, True),
        ("999999h", 300, True),
        ("0", 300, False),
        ("", 300, False),
        ("-5m", 300, True),
        ("soon", 300, True),
        (120, 300, True),
        ("1ns", 300, True),
    ],
)
def test_a_timeout_is_at_most_five_minutes(parse, timeout, seconds, warned) -> None:
    found, warnings = job(parse, timeout=timeout)
    assert found.timeout_s == seconds
    assert bool(warnings) == warned


@pytest.mark.parametrize("key", ["id", "handler", "schedule"])
@pytest.mark.parametrize("value", [None, "", 7, [], "a\nb"])
def test_a_job_needs_id_handler_and_schedule(parse, key, value) -> None:
    found, warnings = job(parse, **{key: value})
    assert found is None
    assert warnings[0].startswith(f"jobs[0].{key} is ")
    assert warnings[0].endswith("The job is ignored.")


def test_a_job_that_never_fires_is_left_out_with_the_reason(parse) -> None:
    found, (warning,) = job(parse, schedule="0 0 30 2 *")
    assert found is None
    assert warning == (
        'jobs[0].schedule is "0 0 30 2 *", which never fires; expected a line that fires one day. '
        "The job is ignored."
    )


def test_the_second_job_of_an_id_is_left_out(parse) -> None:
    jobs = [{"id": "j", "handler": h, "schedule": "* * * * *"} for h in ("a", "b")]
    assert [job.handler for job in parse(jobs=jobs).jobs] == ["a"]
