"""``ohd plugin run``: reads what to try from the command line, and prints what came of it."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
import trio

from cli.config import load_config
from cli.errors import CannotGoOn, run
from cli.kit.replay import Replayed, replay
from cli.trial.guest_call import Trial
from cli.trial.module import inspect_module, read_file
from cli.trial.payload import Payload, candidate_of
from cli.trial.workbench import open_workbench
from cli.values import pairs
from supervisor.calls.bound_secrets import BoundSecrets
from supervisor.config import SupervisorConfig
from supervisor.egress import EgressClient
from supervisor.states import Outcome
from supervisor.text import clean_text

_FAILED = 1
_LONGEST_LINE = 20_000


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Options of the command."""

    file: Path
    event: Path | None
    delivery: Path | None
    settings: Mapping[str, str]
    deadline: float | None


@click.command("run")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--event", type=click.Path(path_type=Path), help="Payload (JSON file).")
@click.option(
    "--delivery", type=click.Path(path_type=Path), help="Delivery from a server (JSON file)."
)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Configuration.")
@click.option("--http", type=click.Choice(["deny", "live"]), default="deny", show_default=True)
@click.option(
    "--http-map", multiple=True, metavar="HOST=URL", help="Send a host's requests to a stand-in."
)
@click.option("--deadline", type=click.FloatRange(min=0.05, max=600), help="Seconds.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--config", type=click.Path(path_type=Path), help="Settings file.")
def run_plugin(
    *,
    file: Path,
    event: Path | None,
    delivery: Path | None,
    settings: Sequence[str],
    http: str,
    http_map: Sequence[str],
    deadline: float | None,
    as_json: bool,
    config: Path | None,
) -> None:
    """Run a plugin with one event in a real sandboxed process.

    Use --event, or --delivery with a delivery downloaded from a help desk, whose host calls then
    get the recorded responses. Exit status: 0 if the plugin succeeds, or ends like the delivery;
    1 if not; 2 for invalid input.
    """
    if (event is None) == (delivery is None):
        raise CannotGoOn("give either --event or --delivery")
    if delivery is not None and (http_map or http == "live"):
        raise CannotGoOn("a delivery includes its responses; remove --http and --http-map")
    loaded = load_config(config).supervisor
    limits = loaded.limits if deadline is None else replace(loaded.limits, deadline_s=deadline)
    egress = replace(loaded.egress, live=http == "live", routes=pairs(http_map, "--http-map"))
    loaded = replace(loaded, limits=limits, egress=egress)
    wanted = _Wanted(file, event, delivery, pairs(settings, "--set"), deadline)
    trial, replayed = run(_run, loaded, wanted)
    if as_json:
        _print_json(trial, replayed)
    else:
        _print(trial)
        _print_replayed(replayed)
    good = trial.outcome is Outcome.OK if replayed is None else replayed.same
    sys.exit(0 if good else _FAILED)


async def _run(settings: SupervisorConfig, wanted: _Wanted) -> tuple[Trial, Replayed | None]:
    module = await trio.to_thread.run_sync(read_file, wanted.file)
    found = await trio.to_thread.run_sync(inspect_module, module)
    if wanted.delivery is not None:
        return await replay(
            settings, module, found, wanted.delivery, wanted.settings, deadline=wanted.deadline
        )
    assert wanted.event is not None  # noqa: S101 - the command has seen to it
    raw = await trio.to_thread.run_sync(read_file, wanted.event)
    payload = Payload.parsed(wanted.event, raw)
    config = payload.configuration(found.manifest, wanted.settings)
    secrets = BoundSecrets(found.manifest, config)
    work = payload.work(found.manifest, secrets.config, settings.limits.payload_bytes)
    candidate = candidate_of(found.manifest, config, secrets)
    async with (
        EgressClient(settings.egress) as egress,
        open_workbench(settings, module, found) as workbench,
    ):
        trial = await workbench.attempt(candidate, work, egress=egress, limits=settings.limits)
    return trial, None


def _print_json(trial: Trial, replayed: Replayed | None) -> None:
    document = trial.as_json()
    if replayed is not None:
        document["delivery"] = replayed.as_json()
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _print(trial: Trial) -> None:
    lines = [f"{line['level']:5} {line['message']}" for line in trial.logs]
    lines += [
        f"call  {call.name} {json.dumps(dict(call.request))} -> {call.status}"
        + (f" ({call.detail})" if call.detail else "")
        for call in trial.calls
    ]
    lines.append(f"{trial.outcome.value} in {trial.duration_ms:.1f} ms")
    lines += [trial.error] if trial.error else []
    for line in lines:
        click.echo(clean_text(line, _LONGEST_LINE))


def _print_replayed(replayed: Replayed | None) -> None:
    for line in replayed.lines() if replayed else ():
        click.echo(clean_text(line, _LONGEST_LINE))
