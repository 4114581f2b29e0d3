"""``ohd plugin run``: one event in a real sandboxed child, without a server.

The child, its cage, its limits and the checks of its host calls are those of a server. Only what
changes tickets is recorded in place of being done, and the network is what the options say.
"""

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click
import trio

from cli.config import load_config
from cli.errors import CannotGoOn, run
from cli.module import inspect_module, read_file
from sandbox_child.runtime.settings import settings_fingerprint
from sandbox_child.wire.messages import EVENT, LogLevel
from supervisor.bound_secrets import BoundSecrets
from supervisor.cage import Cage
from supervisor.config import SupervisorConfig
from supervisor.delivery.recorder import config_member
from supervisor.egress import EgressClient
from supervisor.errors import ConfigInvalid
from supervisor.hostcalls import PERMISSIONS, Caller, HostCallRecord, HostCalls
from supervisor.manifest import ConfigField, ConfigValue, Manifest, check_config, effective_config
from supervisor.modules.artifacts import ArtifactStore, module_hash
from supervisor.modules.compiler import Compiler
from supervisor.ports import ActionResult, PluginActor
from supervisor.process.conversation import Called, Finished, Ready, Work
from supervisor.process.forkserver import open_fork_server
from supervisor.process.session import OUTCOMES, SessionHooks
from supervisor.process.spawn import Spawner
from supervisor.redaction import Redactor
from supervisor.text import clean_text
from supervisor.views import Outcome

_FAILED = 1
_NEVER = 1e9


@dataclass
class Trial:
    """What happened."""

    outcome: Outcome = Outcome.LOST
    error: str | None = None
    duration_ms: float = 0.0
    memory_bytes: int | None = None
    logs: list[dict[str, str]] = field(default_factory=list)
    calls: list[HostCallRecord] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return it in the form that ``--json`` prints."""
        return {
            "outcome": self.outcome.value,
            "error": self.error,
            "duration_ms": round(self.duration_ms, 3),
            "memory_bytes": self.memory_bytes,
            "logs": self.logs,
            "host_calls": [call.row() for call in self.calls],
        }


class RecordedActions:
    """Accepts every change to a ticket; the record of the host call is all that comes of it."""

    async def add_reply(
        self, actor: PluginActor, ticket_id: str, body: str, *, is_internal: bool
    ) -> ActionResult:
        """Say that it is done."""
        del actor, ticket_id, body, is_internal
        return ActionResult.DONE

    async def set_custom_field(
        self, actor: PluginActor, ticket_id: str, key: str, value: str
    ) -> ActionResult:
        """Say that it is done."""
        del actor, ticket_id, key, value
        return ActionResult.DONE


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
    egress = replace(loaded.egress, live=http == "live", routes=_pairs(http_map, "--http-map"))
    loaded = replace(loaded, limits=limits, egress=egress)
    trial = run(_run, loaded, file, event, _pairs(settings, "--set"))
    assert isinstance(trial, Trial)  # noqa: S101 - for the type checker
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
    payload, values = _payload(await trio.to_thread.run_sync(read_file, event), event)
    manifest = found.manifest
    if payload.get("event") not in manifest.events:
        raise CannotGoOn(
            f"{event}: the plugin does not subscribe to {payload.get('event')!r}; "
            f"it does to {', '.join(manifest.events) or 'nothing'}"
        )
    values = _configuration(manifest, values, given)
    body = json.dumps(payload, ensure_ascii=False).encode()
    secrets = BoundSecrets(manifest, values)
    blob = body[:-1] + config_member(secrets.config) + b"}"
    if len(blob) > settings.limits.payload_bytes:
        raise CannotGoOn(f"{event}: the payload has {len(blob):,} bytes, more than is allowed")
    with tempfile.TemporaryDirectory(prefix="ohd-run-") as folder:
        return await _in_child(settings, Path(folder), module, manifest, values, secrets, blob)


async def _in_child(
    settings: SupervisorConfig,
    folder: Path,
    module: bytes,
    manifest: Manifest,
    *rest: Any,
) -> Trial:
    values, secrets, blob = rest
    artifacts = ArtifactStore(folder, module_hash(module).encode()[:32], settings_fingerprint())
    sha256 = module_hash(module)
    artifacts.save_module(sha256, module)
    cage = Cage(settings.cage)
    async with EgressClient(settings.egress) as egress, open_fork_server() as fork_server:
        compiler = Compiler(fork_server, artifacts, cage, settings.limits)
        report = await compiler.compile(sha256, manifest)
        code = await compiler.open(sha256, manifest)
        runner = _OneEvent(manifest, values, secrets, HostCalls(egress, RecordedActions(), 20))
        with open(code, "rb", buffering=0):  # noqa: PTH123, ASYNC230 - owns the descriptor
            session = await Spawner(fork_server, cage).spawn(
                manifest.id, report.entry, settings.limits, code, runner.hooks()
            )
            return await runner.run(session, Work(EVENT, blob, None))


class _OneEvent:
    """Gives a session one piece of work and gathers what comes of it."""

    def __init__(
        self,
        manifest: Manifest,
        values: Mapping[str, ConfigValue],
        secrets: BoundSecrets,
        host_calls: HostCalls,
    ) -> None:
        schema = manifest.config_schema
        self._trial = Trial()
        self._redact = Redactor(str(v) for k, v in values.items() if schema[k].secret)
        self._host_calls = host_calls
        self._ready = trio.Event()
        self._finished = trio.Event()
        self._result: Finished | None = None
        self._caller = Caller(
            plugin_id=manifest.id,
            name=manifest.name,
            allowed_hosts=frozenset(manifest.allowed_hosts),
            grants=PERMISSIONS,
            redact=self._redact,
            secrets=secrets,
            log=self._log,
            depth=lambda _work: 0,
        )

    def hooks(self) -> SessionHooks:
        return SessionHooks(
            ready=self._on_ready,
            finished=self._on_finished,
            logged=lambda said: self._log(said.level, said.text, said.work),
            answer=self._answer,
        )

    async def run(self, session: Any, work: Work) -> Trial:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._feed, session, work)
            ended = await session.run()
            nursery.cancel_scope.cancel()
        trial, result = self._trial, self._result
        if result is not None:
            trial.outcome = OUTCOMES[result.outcome]
            trial.error = self._clean(result.text) or None
            trial.duration_ms = result.duration_s * 1000
            trial.memory_bytes = result.memory_bytes
        else:
            trial.outcome, trial.error = ended.outcome, self._clean(ended.error)
            if ended.culprit is not None:
                trial.duration_ms = (trio.current_time() - ended.culprit.started) * 1000
        trial.calls = [call for call in work.host_calls if isinstance(call, HostCallRecord)]
        return trial

    async def _feed(self, session: Any, work: Work) -> None:
        await self._ready.wait()
        await session.ask([work])
        await self._finished.wait()
        session.stop()

    async def _answer(self, called: Called) -> tuple[int, bytes]:
        return await self._host_calls.answer(self._caller, called)

    def _on_ready(self, _ready: Ready, _controls: tuple[str, ...]) -> None:
        self._ready.set()

    def _on_finished(self, results: Sequence[Finished]) -> None:
        self._result = results[-1]
        self._finished.set()

    def _log(self, level: LogLevel, text: str, _work: Work | None) -> None:
        self._trial.logs.append({"level": level.name.lower(), "message": self._clean(text)})

    def _clean(self, text: str) -> str:
        return clean_text(self._redact(text), 16_000)


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
    typed = {k: _typed(schema.get(k), v) for k, v in given.items()}
    try:
        return effective_config(manifest, check_config(manifest, {**in_event, **typed}))
    except ConfigInvalid as exc:
        problems = "; ".join(f"{k}: {v}" for k, v in exc.problems.items())
        raise CannotGoOn(f"{problems} (give values with --set KEY=VALUE)") from None


def _typed(field_: ConfigField | None, text: str) -> object:
    """Read a value of the command line as its field's type; what does not fit stays text."""
    if field_ is not None and field_.type == "boolean" and text in ("true", "false"):
        return text == "true"
    if field_ is not None and field_.type == "integer" and text.lstrip("-").isdecimal():
        return int(text)
    return text


def _pairs(given: Sequence[str], option: str) -> dict[str, str]:
    pairs = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise CannotGoOn(f"{option} {pair!r}: expected a name, '=', and a value")
        pairs[key] = value
    return pairs


def _print(trial: Trial) -> None:
    for line in trial.logs:
        click.echo(f"{line['level']:5} {line['message']}")
    for call in trial.calls:
        click.echo(f"call  {call.name} {json.dumps(dict(call.request))} -> {call.status}")
    click.echo(f"{trial.outcome.value} in {trial.duration_ms:.1f} ms")
    if trial.error:
        click.echo(trial.error)
