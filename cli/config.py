"""config.toml turned into the settings of each part; ``config_file`` has what may stand there."""

import ipaddress
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import cli
from cli.config_file import Sandbox, read_file
from cli.errors import CannotGoOn
from supervisor.administration.fetch import FetchRules
from supervisor.config import SupervisorConfig
from supervisor.egress import EgressPolicy
from supervisor.limits import Limits
from supervisor.plugins.signatures import SignatureRules, read_public_key
from supervisor.process.cage import CageSettings
from webapp.config import WebConfig

_MOST_WEB_PROCESSES = 4
"""With ``auto``; more are a matter of measuring."""


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
    file = read_file(path)
    server = file.server
    if port is not None and not 0 <= port <= 65_535:
        raise CannotGoOn(f"--port is {port}; expected a whole number from 0 to 65535")
    data = data or Path(server.data)
    return Config(
        data=data,
        web=WebConfig(
            host=host or server.host,
            port=server.port if port is None else port,
            base_url=server.base_url,
            allowed_hosts=frozenset(server.allowed_hosts),
            proxy_hops=server.proxy_hops,
            max_connections=server.max_connections,
            max_connections_per_address=server.max_connections_per_address,
            http2=server.http2,
            web_processes=_web_processes(server.web_processes),
            allow_http_panels=file.panels.allow_http,
            open_metrics=file.metrics.loopback,
        ),
        supervisor=SupervisorConfig(
            data_directory=data,
            limits=_limits(file.limits),
            cage=_cage(file.sandbox),
            egress=EgressPolicy(
                ports=frozenset(file.egress.ports),
                private={h: _networks(n) for h, n in file.egress.private.items()},
                denied=_networks(file.egress.denied),
                max_request_bytes=_limits(file.limits).http_request_bytes,
                max_response_bytes=_limits(file.limits).http_response_bytes,
            ),
            plain_http_panels=file.panels.allow_http,
            fetch=FetchRules(file.plugins.fetch_s, file.plugins.allow_http),
            signatures=SignatureRules(
                file.plugins.require_signature,
                {name: read_public_key(key) for name, key in file.plugins.trusted_keys.items()},
            ),
            kept_versions=file.plugins.kept_versions,
            native=file.plugins.native,
            box=_box(),
        ),
        log_level=file.log.level,
    )


def _web_processes(given: int | str) -> int:
    """Return how many there are; ``auto`` leaves one processor to the serving process."""
    if isinstance(given, int):
        return given
    return max(0, min(_MOST_WEB_PROCESSES, len(os.sched_getaffinity(0)) - 1))


def _box() -> Path:
    """Return where the plugins lie that come with us: in the wheel, else in the source tree."""
    package = Path(cli.__file__).parent
    installed = package / "box"
    return installed if installed.exists() else package.parent / "plugins"


def _limits(given: Mapping[str, float]) -> Limits:
    known: dict[str, Any] = {field.name: field.type for field in fields(Limits)}
    values: dict[str, Any] = {
        name: value if known[name] in (float, "float") else int(value)
        for name, value in given.items()
    }
    return Limits(**values)


def _cage(given: Sandbox) -> CageSettings:
    return CageSettings(frozenset(given.require), given.first_uid, given.control_groups)


def _networks(
    given: Sequence[str],
) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(network) for network in given)
