"""config.toml: read, checked, and turned into the settings of each part.

Everything has a default; a file that is not there is an empty one. An unknown key is an error that
names it, so that a misspelt limit cannot pass for one that is set.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from cli.errors import CannotGoOn
from supervisor.administration.fetch import FetchRules
from supervisor.config import SupervisorConfig
from supervisor.egress import EgressPolicy
from supervisor.limits import Limits, stack_problem
from supervisor.process.cage import ALL_CONTROLS, DEFAULT_REQUIRED, CageSettings
from webapp.config import WebConfig

DEFAULT_PATH = Path("config.toml")


class _Server(msgspec.Struct, forbid_unknown_fields=True):
    host: str = "127.0.0.1"
    port: int = 8000
    base_url: str = ""
    allowed_hosts: list[str] = msgspec.field(default_factory=list)
    proxy_hops: int = 0
    data: str = "data"


class _Sandbox(msgspec.Struct, forbid_unknown_fields=True):
    require: list[str] = msgspec.field(default_factory=lambda: sorted(DEFAULT_REQUIRED))
    first_uid: int = 64_000
    control_groups: bool = True


class _Egress(msgspec.Struct, forbid_unknown_fields=True):
    ports: list[int] = msgspec.field(default_factory=lambda: [80, 443])
    private: dict[str, list[str]] = msgspec.field(default_factory=dict)


class _Log(msgspec.Struct, forbid_unknown_fields=True):
    level: Literal["debug", "info", "warning", "error"] = "info"


class _Metrics(msgspec.Struct, forbid_unknown_fields=True):
    loopback: bool = False


class _Plugins(msgspec.Struct, forbid_unknown_fields=True):
    kept_versions: Annotated[int, msgspec.Meta(ge=0, le=100)] = 5
    fetch_s: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    allow_http: bool = False


class _Panels(msgspec.Struct, forbid_unknown_fields=True):
    allow_http: bool = False


class _File(msgspec.Struct, forbid_unknown_fields=True):
    server: _Server = msgspec.field(default_factory=_Server)
    limits: dict[str, float] = msgspec.field(default_factory=dict)
    sandbox: _Sandbox = msgspec.field(default_factory=_Sandbox)
    egress: _Egress = msgspec.field(default_factory=_Egress)
    plugins: _Plugins = msgspec.field(default_factory=_Plugins)
    panels: _Panels = msgspec.field(default_factory=_Panels)
    log: _Log = msgspec.field(default_factory=_Log)
    metrics: _Metrics = msgspec.field(default_factory=_Metrics)


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of every part."""

    data: Path
    web: WebConfig
    supervisor: SupervisorConfig
    log_level: str = "info"


def load_config(
    path: Path | None,
    *,
    data: Path | None = None,
    host: str | None = None,
    port: int | None = None,
) -> Config:
    """Return the settings of ``path`` (config.toml by default, if there), with what is given.

    Raises CannotGoOn naming the file, the key and what it should be.
    """
    file = _read(path)
    server = file.server
    where = path or DEFAULT_PATH
    data = data or Path(server.data)
    try:
        return Config(
            data=data,
            web=WebConfig(
                host=host or server.host,
                port=server.port if port is None else port,
                base_url=server.base_url,
                allowed_hosts=frozenset(server.allowed_hosts),
                proxy_hops=server.proxy_hops,
                allow_http_panels=file.panels.allow_http,
                open_metrics=file.metrics.loopback,
            ),
            supervisor=SupervisorConfig(
                data_directory=data,
                limits=_limits(file.limits),
                cage=_cage(file.sandbox),
                egress=EgressPolicy(
                    ports=frozenset(file.egress.ports),
                    private=_networks(file.egress.private),
                    max_request_bytes=_limits(file.limits).http_request_bytes,
                    max_response_bytes=_limits(file.limits).http_response_bytes,
                ),
                plain_http_panels=file.panels.allow_http,
                fetch=FetchRules(file.plugins.fetch_s, file.plugins.allow_http),
                kept_versions=file.plugins.kept_versions,
            ),
            log_level=file.log.level,
        )
    except ValueError as exc:
        raise CannotGoOn(f"{where}: {exc}") from None


def _read(path: Path | None) -> _File:
    where = path or DEFAULT_PATH
    try:
        text = where.read_bytes()
    except FileNotFoundError:
        if path is None:
            return _File()
        raise CannotGoOn(f"{where}: there is no such file") from None
    except OSError as exc:
        raise CannotGoOn(f"{where}: {exc.strerror}") from None
    try:
        return msgspec.toml.decode(text, type=_File)
    except (msgspec.MsgspecError, ValueError) as exc:
        raise CannotGoOn(f"{where}: {exc}") from None


def _limits(given: Mapping[str, float]) -> Limits:
    known: dict[str, Any] = {field.name: field.type for field in fields(Limits)}
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            raise ValueError(f"[limits] has no {name!r}; it has {', '.join(known)}")
        if value <= 0:
            raise ValueError(f"[limits] {name} is {value:g}; expected more than 0")
        values[name] = value if known[name] in (float, "float") else int(value)
    limits = Limits(**values)
    if problem := stack_problem(limits.wasm_stack_bytes):
        raise ValueError(f"[limits] {problem}")
    return limits


def _cage(given: _Sandbox) -> CageSettings:
    unknown = sorted(set(given.require) - ALL_CONTROLS)
    if unknown:
        raise ValueError(
            f"[sandbox] require names {', '.join(unknown)}; "
            f"known are {', '.join(sorted(ALL_CONTROLS))}"
        )
    return CageSettings(frozenset(given.require), given.first_uid, given.control_groups)


def _networks(
    given: Mapping[str, list[str]],
) -> dict[str, tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]]:
    return {
        host: tuple(ipaddress.ip_network(network) for network in networks)
        for host, networks in given.items()
    }
