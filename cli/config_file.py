"""config.toml as it is written: every key with its type, its bounds and its default.

What cannot be used is refused by key: what was found, what is allowed and, for a key that there is
not, the one that was likely meant. Must not know what the settings are for.
"""

import difflib
import ipaddress
import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from cli.errors import CannotGoOn
from supervisor.limits import KIB, MIB, Limits, stack_problem
from supervisor.plugins.limits import TABLE, plain
from supervisor.plugins.signatures import read_public_key
from supervisor.process.cage import ALL_CONTROLS, DEFAULT_REQUIRED

DEFAULT_PATH = Path("config.toml")
_Port = Annotated[int, Meta(ge=0, le=65_535)]
_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?|\[[0-9A-Fa-f:.]+\]")
_IN_MESSAGE = re.compile(r"(.*?)(?: - at `\$\.?(.*)`)?", re.DOTALL)
_LONGEST_SHOWN = 80
_GIB = 1024 * MIB


class Server(msgspec.Struct, forbid_unknown_fields=True):
    """``[server]``."""

    host: str = "127.0.0.1"
    port: _Port = 8000
    base_url: str = ""
    allowed_hosts: list[str] = msgspec.field(default_factory=list)
    proxy_hops: Annotated[int, Meta(ge=0, le=10)] = 0
    max_connections: Annotated[int, Meta(ge=16, le=100_000)] = 500
    max_connections_per_address: Annotated[int, Meta(ge=8, le=100_000)] = 200
    http2: bool = False
    web_processes: Annotated[int, Meta(ge=0, le=16)] | Literal["auto"] = 0
    data: str = "data"


class Sandbox(msgspec.Struct, forbid_unknown_fields=True):
    """``[sandbox]``."""

    require: list[str] = msgspec.field(default_factory=lambda: sorted(DEFAULT_REQUIRED))
    first_uid: Annotated[int, Meta(ge=1_000, le=2_000_000_000)] = 64_000
    control_groups: bool = True


class Egress(msgspec.Struct, forbid_unknown_fields=True):
    """``[egress]``."""

    ports: list[Annotated[int, Meta(ge=1, le=65_535)]] = msgspec.field(
        default_factory=lambda: [80, 443]
    )
    denied: list[str] = msgspec.field(default_factory=list)
    private: dict[str, list[str]] = msgspec.field(default_factory=dict)


class Log(msgspec.Struct, forbid_unknown_fields=True):
    """``[log]``."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class Metrics(msgspec.Struct, forbid_unknown_fields=True):
    """``[metrics]``."""

    loopback: bool = False


class Plugins(msgspec.Struct, forbid_unknown_fields=True):
    """``[plugins]``."""

    kept_versions: Annotated[int, Meta(ge=0, le=100)] = 5
    fetch_s: Annotated[float, Meta(ge=0.1, le=3_600)] = 60.0
    allow_http: bool = False
    native: bool = False
    require_signature: bool = False
    trusted_keys: dict[str, str] = msgspec.field(default_factory=dict)


class Panels(msgspec.Struct, forbid_unknown_fields=True):
    """``[panels]``."""

    allow_http: bool = False


class File(msgspec.Struct, forbid_unknown_fields=True):
    """The whole file."""

    server: Server = msgspec.field(default_factory=Server)
    limits: dict[str, Any] = msgspec.field(default_factory=dict)
    sandbox: Sandbox = msgspec.field(default_factory=Sandbox)
    egress: Egress = msgspec.field(default_factory=Egress)
    plugins: Plugins = msgspec.field(default_factory=Plugins)
    panels: Panels = msgspec.field(default_factory=Panels)
    log: Log = msgspec.field(default_factory=Log)
    metrics: Metrics = msgspec.field(default_factory=Metrics)


_OPERATORS_LIMITS: Mapping[str, tuple[float, float]] = {
    "wasm_stack_bytes": (64 * KIB, 2 * MIB),
    "payload_bytes": (4 * KIB, 16 * MIB),
    "module_bytes": (KIB, _GIB),
    "compile_cpu_s": (1, 3_600),
    "compile_wall_s": (1, 7_200),
    "compile_memory_bytes": (256 * MIB, 64 * _GIB),
    "artifact_bytes": (MIB, 8 * _GIB),
}
"""Bounds of the limits that are the operator's alone or reach further here than for one plugin;
the others' are those of the pages."""


def limit_bounds(name: str) -> tuple[float, float]:
    """Return the least and the most of a limit, in the unit of the file."""
    if name in _OPERATORS_LIMITS:
        return _OPERATORS_LIMITS[name]
    one = next(one for one in TABLE.values() if one.field == name)
    return one.least * one.factor, one.most * one.factor


def read_file(path: Path | None) -> File:
    """Return the settings of ``path`` (config.toml by default, if there); raises CannotGoOn."""
    where = path or DEFAULT_PATH
    try:
        raw = tomllib.loads(where.read_bytes().decode())
    except FileNotFoundError:
        if path is None:
            return File()
        raise CannotGoOn(f"{where}: there is no such file") from None
    except OSError as exc:
        raise CannotGoOn(f"{where}: {exc.strerror}") from None
    except UnicodeDecodeError as exc:
        raise CannotGoOn(f"{where}: byte {exc.start} is not UTF-8; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as exc:
        raise CannotGoOn(f"{where}: this is not TOML: {exc}") from None
    try:
        file = msgspec.convert(raw, File)
    except msgspec.ValidationError as exc:
        raise CannotGoOn(f"{where}: {_in_words(str(exc), raw)}") from None
    for problem in _problems(file):
        raise CannotGoOn(f"{where}: {problem}")
    return file


def _problems(file: File) -> Iterator[str]:
    server = file.server
    if server.base_url and (expected := base_url_problem(server.base_url)):
        yield _sentence("server", "base_url", server.base_url, expected)
    for host in server.allowed_hosts:
        if not _HOST.fullmatch(host):
            yield _sentence(
                "server", "allowed_hosts", host, "names such as help.example.com, without a port"
            )
    for name, value in file.limits.items():
        yield from _limit_problems(name, value)
    for control in file.sandbox.require:
        if control not in ALL_CONTROLS:
            known = sorted(ALL_CONTROLS)
            expected = f"controls among {', '.join(known)}"
            yield _sentence("sandbox", "require", control, expected) + _meant(control, known)
    yield from _plugin_problems(file.plugins)
    for host, networks in file.egress.private.items():
        if not _HOST.fullmatch(host):
            yield _sentence("egress.private", "", host, "a host name such as wiki.example.com")
        yield from _network_problems("egress.private", host, networks)
    yield from _network_problems("egress", "denied", file.egress.denied)


def _plugin_problems(plugins: Plugins) -> Iterator[str]:
    if not math.isfinite(plugins.fetch_s):
        yield _sentence("plugins", "fetch_s", plugins.fetch_s, "a number from 0.1 to 3600")
    for name, key in plugins.trusted_keys.items():
        try:
            read_public_key(key)
        except ValueError as exc:
            yield _sentence("plugins.trusted_keys", name, key, str(exc))


def _network_problems(section: str, key: str, networks: list[str]) -> Iterator[str]:
    for network in networks:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            yield _sentence(section, key, network, "networks such as 10.1.0.0/16 or 2001:db8::/32")


def _limit_problems(name: str, value: Any) -> Iterator[str]:
    known: Mapping[str, Any] = {field.name: field.type for field in fields(Limits)}
    if name not in known:
        yield f"[limits] has no {name!r}{_meant(name, known)}; it has {', '.join(known)}"
        return
    least, most = limit_bounds(name)
    whole = known[name] in (int, "int")
    kind = "a whole number" if whole else "a number"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # Written so that it also holds for what is not a number.
    if not is_number or not least <= value <= most or (whole and value != int(value)):
        expected = f"{kind} from {plain(least)} to {plain(most)}"
        yield _sentence("limits", name, value, expected)
    elif name == "wasm_stack_bytes" and (problem := stack_problem(int(value))):
        yield f"[limits] {problem}"


def base_url_problem(text: str) -> str | None:
    """Return what is expected where ``text`` is no public address, None where it is one."""
    expected = "an address with its scheme and no path, such as https://help.example.com"
    try:
        parts = urlsplit(text)
        usable = (
            parts.scheme in {"http", "https"}
            and _HOST.fullmatch(parts.netloc.rpartition("@")[2].partition("]")[0] + "]")
            if parts.netloc.startswith("[")
            else parts.scheme in {"http", "https"} and _HOST.fullmatch(parts.hostname or "")
        )
        bare = not (parts.username or parts.query or parts.fragment or parts.path.strip("/"))
        port_is_one = parts.port is None or parts.port > 0
    except ValueError:
        return expected
    if usable and bare and port_is_one and text == text.strip():
        return None
    if not parts.scheme or "://" not in text:
        return f"{expected}; did you mean https://{text.strip()}?"
    return expected


def _in_words(message: str, raw: Mapping[str, Any]) -> str:
    """Put a validation error into words: the key, what was found, what is allowed."""
    match = _IN_MESSAGE.fullmatch(message)
    said, path = (match[1], match[2] or "") if match else (message, "")
    section, _, key = path.partition(".")
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", said)
    if unknown is not None:
        name = unknown[1]
        known = _keys_of(section)
        where = f"[{section}] has no {name!r}" if section else f"there is no section [{name}]"
        return f"{where}{_meant(name, known)}; there are {', '.join(known)}"
    found: Any = raw
    for part in re.split(r"\.|\[|\]\.?", path):
        if isinstance(found, Mapping) and part in found:
            found = found[part]
    return _sentence(section, re.sub(r"\[.*", "", key), found, _expected(section, key))


def _expected(section: str, key: str) -> str:
    """Return what a key may be, from its type."""
    struct = get_type_hints(File, include_extras=True).get(section)
    hints = get_type_hints(struct, include_extras=True) if isinstance(struct, type) else {}
    type_ = hints.get(re.sub(r"\[.*", "", key))
    if type_ is None:
        return f"a section of keys, as in [{section}]"
    return _type_in_words(type_)


def _type_in_words(type_: Any) -> str:
    simple = {bool: "true or false", str: 'a text in quotes, such as "text"'}
    if type_ in simple:
        return simple[type_]
    arguments = get_args(type_)
    if meta := next((one for one in arguments if isinstance(one, Meta)), None):
        kind = "a whole number" if arguments[0] is int else "a number"
        return f"{kind} from {meta.ge:g} to {meta.le:g}"
    if getattr(type_, "__origin__", None) is list:
        return f"a list, each of it {_type_in_words(arguments[0])}"
    if getattr(type_, "__origin__", None) is Literal:
        return " or ".join(f'"{choice}"' for choice in arguments)
    return "a table of lists"


def _keys_of(section: str) -> list[str]:
    struct = get_type_hints(File).get(section) if section else File
    return list(get_type_hints(struct)) if isinstance(struct, type) else []


def _meant(name: str, known: Any) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" (did you mean {close[0]}?)" if close else ""


def _sentence(section: str, key: str, found: object, expected: str) -> str:
    shown = f'"{found}"' if isinstance(found, str) else str(found)
    shown = shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}…"
    if isinstance(found, bool):
        shown = str(found).lower()
    name = f"[{section}] {key}".strip() if key else f"[{section}]" if section else "it"
    return f"{name} is {shown}; expected {expected}"
