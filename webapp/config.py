"""Configuration of the web app: addresses, limits and cookie rules, with units and defaults.

It exists so that no module reads settings from anywhere else. It knows nothing of where the
values come from; the composition root fills it in.
"""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

KIB = 1024
MIB = 1024 * KIB

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


def is_loopback(host: str) -> bool:
    """Tell whether ``host`` (a name or an address, no port) can only be this machine."""
    bare = host.strip("[]")
    if bare == "localhost":
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class WebConfig:
    """Settings of the web app; every default is safe for a server on loopback."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = 8000
    """TCP port to listen on; 0 lets the system choose."""
    base_url: str = ""
    """Public address with its scheme, no path, as people type it; empty: from host and port."""
    allowed_hosts: frozenset[str] = frozenset()
    """Host names (no port) that requests may be addressed to, beside that of ``base_url``."""
    proxy_hops: int = 0
    """Reverse proxies in front, each of which appends to ``X-Forwarded-For``; 0 believes none."""
    allow_http_panels: bool = False
    """Whether panels may be framed over plain ``http``, for development."""
    open_metrics: bool = False
    """Whether ``/metrics`` needs no key where it is asked for from this machine, by no proxy."""
    max_body_bytes: int = 1 * MIB
    """Largest request body."""
    max_login_body_bytes: int = 16 * KIB
    """Largest body that somebody who is not logged in may send to the log-in form."""
    max_upload_bytes: int = 33 * MIB
    """Largest body of a plugin upload: a module of 32 MiB and its multipart wrapping."""
    max_file_body_bytes: int = 26 * MIB
    """Largest body with a file for a ticket: 25 MiB and its multipart wrapping."""
    max_connections: int = 500
    """Open connections in all; fewer where the process may not open so many files."""
    max_connections_per_address: int = 200
    """Open connections from one address; without effect behind a proxy."""
    http2: bool = False
    """Whether HTTP/2 without TLS is spoken, as some proxies want it."""
    web_processes: int = 0
    """Processes beside this one that serve the pages people ask for most."""
    body_timeout_s: float = 60.0
    """Time for a request body to arrive."""
    login_window_s: float = 300.0
    """Failed log-ins are remembered this long."""
    login_failures_per_account: int = 10
    """Failed log-ins for one email address before more must wait."""
    code_window_s: float = 3600.0
    """Wrong codes of second factors are remembered this long."""
    code_failures_per_account: int = 10
    """Wrong codes of one person before more must wait, from wherever they come."""
    login_failures_per_address: int = 30
    """Failed log-ins from one network address before more must wait."""

    @property
    def public_url(self) -> str:
        """The address that people use, without a slash at its end."""
        if self.base_url:
            return self.base_url.rstrip("/")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def connections_per_address(self) -> int | None:
        """Connections from one address; None behind a proxy, whose address they all have."""
        return None if self.proxy_hops else self.max_connections_per_address

    @property
    def secure_cookies(self) -> bool:
        """Whether people reach the app over TLS, so that cookies may demand it."""
        return urlsplit(self.public_url).scheme == "https"

    @property
    def session_cookie(self) -> str:
        """Name of the session cookie; the ``__Host-`` prefix pins it to this host (RFC 6265bis)."""
        return "__Host-ohd_session" if self.secure_cookies else "ohd_session"

    @property
    def known_hosts(self) -> frozenset[str] | None:
        """Host names that are answered, or None where every name is.

        A server on loopback answers to loopback names and its public name only, so that a page
        whose name was made to resolve to 127.0.0.1 gets nothing. A server that listens more
        widely is known by names that only its operator can list.
        """
        named = self.allowed_hosts | {_host_of(self.public_url)}
        if is_loopback(self.host):
            return named | LOOPBACK_NAMES
        return named | LOOPBACK_NAMES if self.allowed_hosts else None


def _host_of(url: str) -> str:
    """Return the host of ``url`` in lower case without its port, an IPv6 address in brackets."""
    host = urlsplit(url).hostname or ""
    return f"[{host}]" if ":" in host else host
