"""Origin and target of a request: pure checks on header values.

A foreign page can make a browser send a request with our cookies; it cannot choose the ``Origin``
and ``Sec-Fetch-Site`` that the browser adds (Fetch standard, Fetch Metadata). These checks stand
beside the token, so that either alone is enough.
"""

import functools
import ipaddress
from urllib.parse import urlsplit


def host_without_port(host_header: str) -> str:
    """Return the name of a Host header in lower case, an IPv6 address in its brackets."""
    host = host_header.strip().lower()
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def host_is_known(host_header: str, known: frozenset[str] | None) -> bool:
    """Tell whether a request for this Host is for us; ``known`` None answers every name."""
    return known is None or host_without_port(host_header) in known


def is_same_site(
    *, origin: str | None, fetch_site: str | None, host_header: str, public_url: str
) -> bool:
    """Tell whether a state-changing request may come from our own page.

    Clients that are not browsers send neither header and pass; the token decides about them.
    """
    if fetch_site is not None and fetch_site not in {"same-origin", "none"}:
        return False
    if origin is None:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    if parts.scheme not in {"http", "https"}:
        return False
    return parts.netloc.lower() == host_header.strip().lower() or origin == public_url


def client_address(peer: str, forwarded_for: str | None, proxy_hops: int) -> str:
    """Return the address to hold log-in attempts against.

    With ``proxy_hops`` trusted proxies in front, it is the entry that the outermost of them
    appended; entries to its left were written by the client and are not believed. IPv6 addresses
    count by their /64, which is what one customer has.
    """
    return _network(forwarded_address(peer, forwarded_for, proxy_hops)) or peer


@functools.lru_cache(maxsize=4096)
def _network(address: str) -> str | None:
    try:
        parsed = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def forwarded_address(peer: str, forwarded_for: str | None, proxy_hops: int) -> str:
    """Return the address that the outermost of ``proxy_hops`` trusted proxies saw, or the peer's.

    Text that is no address is not believed.
    """
    if proxy_hops <= 0 or not forwarded_for:
        return peer
    entries = [entry.strip() for entry in forwarded_for.split(",")]
    found = entries[-min(proxy_hops, len(entries))].strip("[]")
    try:
        return str(ipaddress.ip_address(found))
    except ValueError:
        return peer


def safe_next(target: str | None) -> str:
    """Return ``target`` where it is a path on this site, else the start page.

    A browser reads two slashes, a backslash and control characters as a way elsewhere.
    """
    if not target or not target.startswith("/") or target.startswith("//"):
        return "/"
    if "\\" in target or any(ord(char) < 0x21 or ord(char) == 0x7F for char in target):
        return "/"
    return target
