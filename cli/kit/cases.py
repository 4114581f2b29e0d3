"""Reads the cases of a plugin: each checked against the manifest before anything runs.

What is wrong is said with its file, its line and the fix. Must not know how a case is run.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from cli.kit.faults import read_as
from cli.kit.shape import CaseLimits, CaseShape, Expect, Stub
from cli.trial.document import Document
from cli.trial.payload import TRIAL_IDS
from sandbox_child.wire.messages import EVENT, PANEL
from supervisor.delivery.recorder import config_member
from supervisor.egress.errors import RequestFailed
from supervisor.egress.url import parse_target, read_host
from supervisor.errors import ConfigInvalid
from supervisor.limits import Limits
from supervisor.manifest import ConfigValue, Manifest, check_config, effective_config

_ALL_PORTS = frozenset(range(1, 65536))


@dataclass(frozen=True, slots=True)
class Case:
    """One case, ready to be run."""

    name: str
    document: Document
    kind: int
    """EVENT or PANEL."""
    body: bytes
    """The payload without its configuration, or the id of the panel's ticket."""
    config: Mapping[str, ConfigValue]
    """Checked, defaults filled in."""
    http: tuple[Stub, ...]
    limits: Limits
    expect: Expect

    def blob(self, config: Mapping[str, ConfigValue]) -> bytes:
        """Return what the guest gets, with the configuration that is for its eyes."""
        if self.kind == PANEL:
            return self.body
        return self.body[:-1] + TRIAL_IDS + config_member(dict(config)) + b"}"


def read_case(path: Path, manifest: Manifest, limits: Limits) -> Case:
    """Return the case in a file; raises FileWrong, CannotGoOn."""
    document = Document(path)
    shape = read_as(document, CaseShape)
    kind, body, given = _guest_call(document, shape, manifest)
    case = Case(
        name=shape.name or path.stem,
        document=document,
        kind=kind,
        body=body,
        config=_configuration(document, manifest, {**given, **shape.config}, shape.config),
        http=tuple(shape.http),
        limits=check_limits(document, shape.limits, limits),
        expect=shape.expect,
    )
    check_stubs(document, shape.http, frozenset(manifest.allowed_hosts))
    size = len(case.blob(case.config))
    if size > case.limits.payload_bytes:
        most = case.limits.payload_bytes
        raise document.wrong(("event",), f"the payload has {size:,} bytes; the limit is {most:,}")
    return case


def _guest_call(
    document: Document, shape: CaseShape, manifest: Manifest
) -> tuple[int, bytes, dict[str, Any]]:
    """Return what the guest is called for, its argument, and the payload's own configuration."""
    if (shape.event is None) == (shape.panel is None):
        found = "both 'event' and 'panel'" if shape.event else "neither 'event' nor 'panel'"
        raise document.wrong((), f"the case has {found}; one of them sets what the plugin receives")
    if shape.panel is not None:
        if manifest.ui_panel is None:
            raise document.wrong(
                ("panel",), "the plugin has no panel: its manifest has no ui_panel"
            )
        return PANEL, shape.panel.encode(), {}
    payload = dict(shape.event) if isinstance(shape.event, dict) else _event_file(document, shape)
    name = payload.get("event")
    if name not in manifest.events:
        known = ", ".join(manifest.events) or "nothing"
        problem = f"the plugin does not subscribe to {name!r}; its manifest's events are: {known}"
        raise document.wrong(("event",), problem)
    config = payload.pop("config", None) or {}
    if not isinstance(config, dict):
        raise document.wrong(("event", "config"), "the payload's config is not an object")
    return EVENT, json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace"), config


def _event_file(document: Document, shape: CaseShape) -> dict[str, Any]:
    path = document.path.parent / str(shape.event)
    if not path.is_file():
        problem = f"there is no file {path}; the path is relative to the case's folder"
        raise document.wrong(("event",), problem)
    event = Document(path)
    if not isinstance(event.plain, dict):
        raise event.wrong((), "the file is not an object; expected an event's payload")
    return event.plain


def _configuration(
    document: Document, manifest: Manifest, values: Mapping[str, Any], own: Mapping[str, Any]
) -> dict[str, ConfigValue]:
    try:
        return effective_config(manifest, check_config(manifest, values))
    except ConfigInvalid as exc:
        name, problem = next(iter(exc.problems.items()))
        place = ("config", name) if name in own else ("config",)
        raise document.wrong(place, f"config: {name}: {problem}") from None


def check_limits(document: Document, given: CaseLimits, production: Limits) -> Limits:
    """Return the limits of a case; raises FileWrong for one above the server's."""
    chosen: dict[str, Any] = {}
    for name in given.__struct_fields__:
        value = getattr(given, name)
        if value is None:
            continue
        most = getattr(production, name)
        if value > most:
            problem = f"limits.{name} is {value:g}; the server allows at most {most:g}"
            raise document.wrong(("limits", name), problem)
        chosen[name] = value
    assert chosen.keys() <= {f.name for f in fields(Limits)}  # noqa: S101 - the same names
    return replace(production, **chosen)


def check_stubs(document: Document, stubs: Sequence[Stub], hosts: frozenset[str] | None) -> None:
    """Raise FileWrong for an answer that nothing can ask for; ``hosts``: None for any."""
    for index, stub in enumerate(stubs):
        if stub.error and (stub.body is not None or stub.status != 200):
            problem = "a network error has no status or body; remove them, or 'error'"
            raise document.wrong(("http", index), problem)
        try:
            any_host = frozenset({read_host(stub.url) or ""})
            parse_target(stub.url, any_host if hosts is None else hosts, _ALL_PORTS)
        except RequestFailed as exc:
            problem = f"http[{index}].url can never be requested: {exc}"
            raise document.wrong(("http", index, "url"), problem) from None
