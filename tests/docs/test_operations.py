"""The page on operations against the code that it speaks of."""

import re
from dataclasses import asdict
from pathlib import Path

import click
import pytest
from prometheus_client.core import Metric

from cli.main import main
from helpdesk.settings import BOUNDS, SettingValues
from supervisor.views import SupervisorFigures
from webapp.monitoring.exposition import Figures
from webapp.monitoring.traffic import Traffic

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text("utf-8")


def shown(metric: Metric) -> str:
    """Return a metric's name as a scrape has it."""
    suffix = {"counter": "_total", "info": "_info"}.get(metric.type, "")
    return metric.name + suffix


def test_every_metric_is_on_the_page_and_no_other():
    nothing = SupervisorFigures((), (), (), (), 0, 0, 0.0, 0)
    every = [*Figures(nothing, (), "1").collect(), *Traffic().registry.collect()]
    rows = [line for line in PAGE.splitlines() if line.startswith("| `ohd_")]
    told = set(re.findall(r"ohd_[a-z_]+", "\n".join(rows)))
    assert told == {shown(metric) for metric in every}


def test_the_times_that_things_are_kept_are_those_of_the_settings():
    told = dict(re.findall(r"\| `(keep_[a-z_]+)` \| (\d+) days \|", PAGE))
    defaults = {name: str(v) for name, v in asdict(SettingValues()).items() if "keep_" in name}
    assert told == defaults
    assert {BOUNDS[name] for name in told} == {(1, 3650)}
    assert "Each setting is from 1 to 3650 days" in PAGE


@pytest.mark.parametrize(
    "words",
    sorted(set(re.findall(r"(?:^|`|-desk )ohd ([a-z]+)", PAGE, re.MULTILINE))),
)
def test_every_command_on_the_page_exists(words):
    assert main.get_command(click.Context(main), words) is not None
