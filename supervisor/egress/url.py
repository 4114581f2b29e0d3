"""The strict reading of a URL that a plugin hands over.

General URL parsers forgive: they strip tabs, turn backslashes into slashes, decode hosts and read
``2130706433`` as an address, each a little differently. Here there is one spelling, and what was
checked is what is connected: no later layer reads the URL again.

The host decides which refusal a guest sees. Where no declared host can be read from the URL
(another host, user information, another scheme, brackets, control characters before the path),
it is :class:`HostNotDeclared`, status 403. Where the host is a declared one and something else is
wrong (port, path, length), it is :class:`TargetRefused`, status 0. Either way nothing is connected.

Knows nothing of names behind hosts, of sockets, or of HTTP beyond the request target.
Grammar: RFC 3986, of which this is a small part; "ends in a number": the WHATWG URL standard.
"""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal, cast
from urllib.parse import urlsplit

from supervisor.egress.errors import HostNotDeclared, RouteInvalid, TargetRefused

MAX_URL_LENGTH = 8192
"""Characters of a whole URL, fragment included."""

DEFAULT_PORTS = {"http": 80, "https": 443}

Scheme = Literal["http", "https"]

# re.ASCII matters: without it, ignoring case lets U+017F stand for the s of https.
_URL = re.compile(r"(https?)://([^/?#]*)([^#]*)(#.*)?", re.IGNORECASE | re.ASCII | re.DOTALL)
_AUTHORITY = re.compile(r"([A-Za-z0-9._-]{1,254})(?::([^@]*))?", re.ASCII | re.DOTALL)
_PORT = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_VISIBLE = re.compile(r"[!-\[\]-~]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be requested, in the only parts that are used from here on."""

    scheme: Scheme
    host: str
    """ASCII, lower case, equal to a declared host."""
    port: int
    path_and_query: str
    """Begins with a slash; visible ASCII; sent as it is."""

    @property
    def host_header(self) -> str:
        """Value of the ``Host`` header: the port stands in it unless it is the scheme's own."""
        if self.port == DEFAULT_PORTS[self.scheme]:
            return self.host
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Route:
    """Local stand-in that gets the requests for one host, set by the operator."""

    scheme: Scheme
    host: str
    port: int
    prefix: str
    """Put before the path of each request; empty, or begins with a slash and ends without."""


def parse_target(url: str, allowed_hosts: AbstractSet[str], ports: AbstractSet[int]) -> Target:
    """Return the parts of ``url``, or raise ``HostNotDeclared`` or ``TargetRefused``.

    ``allowed_hosts`` are the plugin's declared names, compared in ASCII lower case; ``ports`` are
    the ports that the operator allows.
    """
    parts = _URL.fullmatch(url)
    if parts is None:
        raise HostNotDeclared(None)
    scheme = cast("Scheme", parts[1].lower())
    host, port = _split_authority(parts[2])
    if not _is_declared(host, allowed_hosts):
        raise HostNotDeclared(host)
    _check_host(host)
    if len(url) > MAX_URL_LENGTH:
        raise TargetRefused(host, f"it has {len(url)} characters, at most {MAX_URL_LENGTH}")
    _check_rest(host, parts[3] + (parts[4] or ""))
    path = parts[3]
    return Target(
        scheme=scheme,
        host=host,
        port=_check_port(host, port, DEFAULT_PORTS[scheme], ports),
        path_and_query=path if path.startswith("/") else f"/{path}",
    )


def read_host(url: str) -> str | None:
    """Return the host that a URL names, in lower case; None where no plain one can be read.

    Read as :func:`parse_target` reads it, so that both speak of the same host.
    """
    parts = _URL.fullmatch(url)
    match = _AUTHORITY.fullmatch(parts[2]) if parts else None
    return match[1].lower() if match else None


def parse_route(host: str, base_url: str) -> Route:
    """Return the stand-in for ``host``, or raise ``RouteInvalid``.

    The base URL comes from the operator, so any host is taken, an address too.
    """
    try:
        parts = urlsplit(base_url)
        port = parts.port
    except ValueError:
        raise RouteInvalid(host, "host or port cannot be read") from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or not base_url.isascii():
        raise RouteInvalid(host, "it needs http or https and a host in ASCII")
    if parts.username is not None or parts.query or parts.fragment:
        raise RouteInvalid(host, "user information, query and fragment are not taken")
    if not _VISIBLE.fullmatch(parts.path):
        raise RouteInvalid(host, "its path has a space, a backslash or a control character")
    return Route(
        scheme=cast("Scheme", parts.scheme),
        host=parts.hostname,
        port=port or DEFAULT_PORTS[parts.scheme],
        prefix=parts.path.rstrip("/"),
    )


def _split_authority(authority: str) -> tuple[str, str | None]:
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        raise HostNotDeclared(None)
    return match[1].lower(), match[2]


def _is_declared(host: str, allowed_hosts: AbstractSet[str]) -> bool:
    if host in allowed_hosts:
        return True
    # isascii first: lower() of some other letters (the Kelvin sign) is an ASCII letter.
    return any(name.isascii() and name.lower() == host for name in allowed_hosts)


def _check_host(host: str) -> None:
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise TargetRefused(host, "the host is not a DNS name")
    if _NUMBER.fullmatch(labels[-1]):
        raise TargetRefused(host, "an IP address cannot stand for a host; declare its name")
    for label in labels:
        if label.startswith("xn--") and not _decodes(label):
            raise TargetRefused(host, f"the label {label} is not a decodable international name")


def _decodes(label: str) -> bool:
    """Tell whether a punycode label means other letters, and has the one right spelling."""
    encoded = label[4:]
    try:
        decoded = encoded.encode("ascii").decode("punycode")
        again = decoded.encode("punycode").decode("ascii")
    except UnicodeError:
        return False
    return not decoded.isascii() and decoded.isprintable() and again == encoded


def _check_rest(host: str, rest: str) -> None:
    if not _VISIBLE.fullmatch(rest):
        raise TargetRefused(
            host,
            "its path or query has a space, a backslash, a control or a non-ASCII character; "
            "percent-encode it",
        )


def _check_port(host: str, port: str | None, default: int, ports: AbstractSet[int]) -> int:
    if port is None:
        number = default
    elif _PORT.fullmatch(port) and int(port) <= 65535:
        number = int(port)
    else:
        raise TargetRefused(host, "the port is not a number from 1 to 65535 without leading zeros")
    if number not in ports:
        listed = ", ".join(str(allowed) for allowed in sorted(ports))
        raise TargetRefused(host, f"port {number} is not allowed, only {listed}")
    return number
