"""``ohd plugin run``: reads what to try from the command line, and prints what came of it."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import trio

from cli.bench import open_bench
from cli.config import load_config
from cli.errors import CannotGoOn, run
from cli.module import inspect_module, read_file
from cli.one_event import Candidate, Trial
from cli.values import pairs, typed_values
from sandbox_child.wire.messages import EVENT
from supervisor.bound_secrets import BoundSecrets
from supervisor.config import SupervisorConfig
from supervisor.delivery.recorder import config_member
from supervisor.egress import EgressClient
from supervisor.errors import ConfigInvalid
from supervisor.manifest import ConfigValue, Manifest, check_config, effective_config
from supervisor.process.conversation import Work
from supervisor.redaction import Redactor
from supervisor.text import clean_text
from supervisor.views import Outcome

_FAILED = 1
_LONGEST_LINE = 20_000


@click.command("run")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--event", type=click.Path(path_type=Path), required=True, help="Payload, JSON.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Configuration.")
@click.option("--http", type=click.Choice(["deny", "live"]), default="deny", show_default=True)
@click.option("--http-map", multiple=True, metavar="HOST=URL", help="Stand-in for a host.")
@click.option("--deadline", type=click.FloatRange(min=0.05, max=600), help="Seconds.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--config", type=click.Path(path_type=Path), help="Settings file.")
def run_plugin(
    *,
    file: Path,
    event: Path,
    settings: Sequence[str],
    http: str,
    http_map: Sequence[str],
    deadline: float | None,
    as_json: bool,
    config: Path | None,
) -> None:
    """Give one event to a plugin in a real sandboxed process.

    Status 0 where it went well, 1 where the plugin failed, 2 for unusable input.
    """
    loaded = load_config(config).supervisor
    limits = loaded.limits if deadline is None else replace(loaded.limits, deadline_s=deadline)
    egress = replace(loaded.egress, live=http == "live", routes=pairs(http_map, "--http-map"))
    loaded = replace(loaded, limits=limits, egress=egress)
    trial = run(_run, loaded, file, event, pairs(settings, "--set"))
    if as_json:
        click.echo(json.dumps(trial.as_json(), indent=2, ensure_ascii=False))
    else:
        _print(trial)
    sys.exit(0 if trial.outcome is Outcome.OK else _FAILED)


async def _run(
    settings: SupervisorConfig, file: Path, event: Path, given: Mapping[str, str]
) -> Trial:
    module = await trio.to_thread.run_sync(read_file, file)
    found = await trio.to_thread.run_sync(inspect_module, module)
    manifest = found.manifest
    payload, values = _payload(await trio.to_thread.run_sync(read_file, event), event)
    if payload.get("event") not in manifest.events:
        raise CannotGoOn(
            f"{event}: the plugin does not subscribe to {payload.get('event')!r}; "
            f"it does to {', '.join(manifest.events) or 'nothing'}"
        )
    config = _configuration(manifest, values, given)
    secrets = BoundSecrets(manifest, config)
    schema = manifest.config_schema
    redact = Redactor(str(value) for name, value in config.items() if schema[name].secret)
    body = json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace")
    blob = body[:-1] + config_member(secrets.config) + b"}"
    if len(blob) > settings.limits.payload_bytes:
        raise CannotGoOn(
            f"{event}: the payload has {len(blob):,} bytes; "
            f"at most {settings.limits.payload_bytes:,} are allowed"
        )
    candidate = Candidate(manifest, secrets, redact)
    async with (
        EgressClient(settings.egress) as egress,
        open_bench(settings, module, found) as bench,
    ):
        return await bench.attempt(
            candidate, Work(EVENT, blob, None), egress=egress, limits=settings.limits
        )


def _payload(raw: bytes, event: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the payload without its configuration, and the configuration."""
    try:
        payload = json.loads(raw)
    except (ValueError, RecursionError) as exc:
        raise CannotGoOn(f"{event}: this is not JSON: {exc}") from None
    if not isinstance(payload, dict):
        raise CannotGoOn(f"{event}: expected a JSON object")
    config = payload.pop("config", {})
    if not isinstance(config, dict):
        raise CannotGoOn(f"{event}: config: expected a JSON object")
    return payload, config


def _configuration(
    manifest: Manifest, in_event: Mapping[str, Any], given: Mapping[str, str]
) -> dict[str, ConfigValue]:
    schema = manifest.config_schema
    typed = typed_values({name: field.type for name, field in schema.items()}, given)
    try:
        return effective_config(manifest, check_config(manifest, {**in_event, **typed}))
    except ConfigInvalid as exc:
        problems = "; ".join(f"{k}: {v}" for k, v in exc.problems.items())
        raise CannotGoOn(f"{problems} (give values with --set KEY=VALUE)") from None


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
