"""The arithmetic of the benchmark table: medians, ratios within a round, and verdicts."""

import json

import pytest

from benchmarks.harness import interleave
from benchmarks.model import Limit, Row, Sample, percentile
from benchmarks.report import as_json


def test_a_ratio_is_taken_within_each_round() -> None:
    ours, peer = Sample((1.0, 20.0, 3.0)), Sample((2.0, 40.0, 6.0))
    assert ours.over(peer) == 0.5
    assert ours.median / peer.median == 0.5
    # One stormy round slows both alike: the ratio does not see it.
    assert Sample((1.0, 100.0)).over(Sample((2.0, 200.0))) == 0.5


def test_the_spread_is_half_the_distance_between_the_quartiles() -> None:
    assert Sample((90.0, 100.0, 110.0)).spread == pytest.approx(0.05)
    assert Sample((7.0,)).spread == 0.0


def test_a_row_is_met_only_when_every_limit_holds() -> None:
    samples = {"ours": Sample((10.0,)), "peer": Sample((20.0,))}
    assert Row.of("r", "us", samples, limits=[Limit(20.0), Limit(0.6, of="peer")]).met() is True
    assert Row.of("r", "us", samples, limits=[Limit(20.0), Limit(0.4, of="peer")]).met() is False
    assert Row.of("r", "us", samples, limits=[Limit(9.0)]).met() is False


def test_a_rate_is_to_be_at_least_its_limit() -> None:
    samples = {"ours": Sample((60.0,)), "peer": Sample((100.0,))}
    assert Row.of("r", "/s", samples, limits=[Limit(0.5, of="peer", at_least=True)]).met() is True
    assert Row.of("r", "/s", samples, limits=[Limit(0.7, of="peer", at_least=True)]).met() is False


def test_a_limit_against_a_peer_without_a_figure_is_not_judged() -> None:
    row = Row.of("r", "us", {"ours": Sample((1.0,))}, limits=[Limit(0.5, of="wazero")])
    assert row.met() is None
    both = Row.of(
        "r", "us", {"ours": Sample((9.0,))}, limits=[Limit(5.0), Limit(1.0, of="removed")]
    )
    assert both.met() is False


def test_the_file_for_machines_has_every_key_even_without_a_figure() -> None:
    keys = {"name", "value", "unit", "peers", "ratios", "reach", "met"}
    full = as_json(
        Row.of("r", "us", {"ours": Sample((1.0,)), "peer": Sample((2.0,))}, limits=[Limit(3.0)])
    )
    empty = as_json(Row.empty("r", "MB", "only root may look"))
    assert keys <= full.keys()
    assert keys <= empty.keys()
    assert (full["value"], full["peers"], full["ratios"]) == (1.0, {"peer": 2.0}, {"peer": 0.5})
    assert (empty["value"], empty["met"], empty["note"]) == (None, None, "only root may look")
    json.dumps([full, empty])


async def test_contenders_take_turns_in_an_order_that_turns_around() -> None:
    calls: list[str] = []

    def contender(name: str, figure: float):  # type: ignore[no-untyped-def]
        async def run() -> float:
            calls.append(name)
            return figure + len(calls)

        return run

    samples = await interleave(
        {"ours": contender("a", 0.0), "peer": contender("b", 100.0)}, rounds=2, warm_up=1
    )
    assert calls == ["a", "b", "b", "a", "a", "b"]
    assert samples["ours"].values == (4.0, 5.0)  # the warm-up's figure is not among them
    assert samples["peer"].values == (103.0, 106.0)


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(number) for number in range(1, 201)]
    assert (percentile(values, 99), percentile(values, 50)) == (198.0, 100.0)
    assert percentile([7.0], 99) == 7.0
