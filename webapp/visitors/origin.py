"""Origin of a request for the audit log: the whole address, and the kind of credential."""

import ipaddress

from quart import Request

from webapp.config import WebConfig
from webapp.security.origin import forwarded_address
from webapp.visitors.sessions import Proof, Visit


def peer_of(request: Request) -> str:
    """Return the address at the other end of the connection; ``local`` for none."""
    peer = request.scope.get("client")
    return str(peer[0]) if peer else "local"


def forwarded_for(request: Request) -> str | None:
    """Return all lines of ``X-Forwarded-For`` as one: a header may come in several (RFC 9110, 5.3).

    Reading the first alone would believe what the client wrote before the proxy added its own.
    """
    lines = request.headers.getlist("X-Forwarded-For")
    return ",".join(lines) if lines else None


def origin_of(request: Request, visit: Visit, config: WebConfig) -> str:
    """Return the visitor's address; behind trusted proxies what the outermost of them saw."""
    address = forwarded_address(peer_of(request), forwarded_for(request), config.proxy_hops)
    return f"{address}, API key" if visit.proof is Proof.API_KEY else address


def is_direct_from_here(request: Request) -> bool:
    """Tell whether this machine itself asks, and no proxy on it for somebody else."""
    if any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "Via")):
        return False
    try:
        return ipaddress.ip_address(peer_of(request)).is_loopback
    except ValueError:
        return False
