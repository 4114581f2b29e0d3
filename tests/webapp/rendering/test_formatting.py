"""Figures in few characters."""

import pytest

from webapp.rendering import formatting


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, formatting.UNKNOWN),
        (0.4, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (3_600, "1 h"),
        (7_500, "2 h 5 min"),
        (90_000, "1 d 1 h"),
        (864_000, "10 d"),
    ],
)
def test_lengths_of_time(seconds: float | None, said: str) -> None:
    assert formatting.span(seconds) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, formatting.UNKNOWN),
        (0.0912, "0.09 ms"),
        (12.34, "12.3 ms"),
        (355.4, "355 ms"),
        (2_100.0, "2.1 s"),
    ],
)
def test_durations(value: float | None, said: str) -> None:
    assert formatting.milliseconds(value) == said


def test_shares_rates_counts_and_sizes() -> None:
    assert [formatting.percent(value) for value in (None, 0, 0.04, 3.14, 99.6)] == [
        *(formatting.UNKNOWN, "0 %", "0.0 %", "3.1 %", "100 %"),
    ]
    assert [formatting.rate(value) for value in (0, 0.4, 12.6, 1_234)] == [
        "0",
        "0.4",
        "13",
        "1,234",
    ]
    assert [formatting.count(value) for value in (None, 1_234)] == [formatting.UNKNOWN, "1,234"]
    assert [formatting.size(value) for value in (None, 512, 1_536, 64 << 20, 5 << 30)] == [
        *("unknown", "512 bytes", "1.5 KiB", "64 MiB", "5.0 GiB"),
    ]
