from datetime import UTC, datetime, timedelta, timezone

from helpdesk.clock import SystemClock, parse_rfc3339, rfc3339


def test_times_are_written_as_utc_with_z_in_whole_seconds():
    moment = datetime(2026, 4, 5, 16, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=2)))
    assert rfc3339(moment) == "2026-04-05T14:00:00Z"


def test_a_written_time_reads_back_the_same():
    moment = datetime(2026, 4, 5, 14, 0, 0, tzinfo=UTC)
    assert parse_rfc3339(rfc3339(moment)) == moment
    assert parse_rfc3339(rfc3339(moment)).tzinfo is not None


def test_the_system_clock_tells_utc_in_whole_seconds():
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert now.microsecond == 0
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)
