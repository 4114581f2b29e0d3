"""Payload of ``ohd plugin run``: an event and its configuration, checked as usual."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.errors import CannotGoOn
from cli.trial.guest_call import Candidate
from cli.values import typed_values
from sandbox_child.wire.messages import EVENT
from supervisor.calls.bound_secrets import BoundSecrets
from supervisor.delivery.recorder import config_member
from supervisor.delivery.work import ids_member
from supervisor.errors import ConfigInvalid
from supervisor.manifest import ConfigValue, Manifest, check_config, effective_config
from supervisor.process.conversation import Work
from supervisor.secrets.redaction import Redactor

TRIAL_IDS = ids_member("01TRIAL0000000000000000000", 1, repeated=False)
"""ID of an event and its delivery without a server."""


@dataclass(frozen=True, slots=True)
class Payload:
    """An event without its configuration, the configuration, and the file that they come from."""

    path: Path
    event: Mapping[str, Any]
    config: Mapping[str, Any]

    @classmethod
    def parsed(cls, path: Path, raw: bytes) -> "Payload":
        """Read an event file; raises CannotGoOn."""
        try:
            event = json.loads(raw)
        except (ValueError, RecursionError) as exc:
            raise CannotGoOn(f"{path}: this is not JSON: {exc}") from None
        if not isinstance(event, dict):
            raise CannotGoOn(f"{path}: expected a JSON object")
        return cls.of(path, event)

    @classmethod
    def of(cls, path: Path, event: Mapping[str, Any]) -> "Payload":
        """Take an event that is read already; raises CannotGoOn."""
        bare = dict(event)
        config = bare.pop("config", {})
        if not isinstance(config, dict):
            raise CannotGoOn(f"{path}: config: expected a JSON object")
        return cls(path, bare, config)

    def configuration(self, manifest: Manifest, given: Mapping[str, str]) -> dict[str, ConfigValue]:
        """Return the whole configuration, ``given`` over the event's own; raises CannotGoOn."""
        types = {name: field.type for name, field in manifest.config_schema.items()}
        values = {**self.config, **typed_values(types, given)}
        try:
            return effective_config(manifest, check_config(manifest, values))
        except ConfigInvalid as exc:
            problems = "; ".join(f"{k}: {v}" for k, v in exc.problems.items())
            raise CannotGoOn(f"{problems} (set values with --set KEY=VALUE)") from None

    def work(self, manifest: Manifest, config: Mapping[str, ConfigValue], most: int) -> Work[None]:
        """Return the guest call, at most ``most`` bytes; raises CannotGoOn."""
        name = self.event.get("event")
        if name not in manifest.events:
            raise CannotGoOn(
                f"{self.path}: the plugin does not subscribe to {name!r}; "
                f"it subscribes to {', '.join(manifest.events) or 'nothing'}"
            )
        body = json.dumps(self.event, ensure_ascii=False).encode("utf-8", "replace")
        blob = body[:-1] + TRIAL_IDS + config_member(dict(config)) + b"}"
        if len(blob) > most:
            raise CannotGoOn(
                f"{self.path}: the payload has {len(blob):,} bytes; at most {most:,} are allowed"
            )
        return Work(EVENT, blob, None)


def candidate_of(
    manifest: Manifest, config: Mapping[str, ConfigValue], secrets: BoundSecrets
) -> Candidate:
    """Return the plugin to try, nothing of whose secrets is to be printed."""
    schema = manifest.config_schema
    redact = Redactor(str(value) for name, value in config.items() if schema[name].secret)
    return Candidate(manifest, secrets, redact)
