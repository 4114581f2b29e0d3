"""The client that answers a plugin's HTTP requests; everything else here serves it.

The order for each request: size, URL, method and headers, then the name, then every address, then
one connection that is used for this request alone. Connections are not kept: nothing of one request
(a late answer, a cookie, a TLS session) can reach the next, of this plugin or of another, and every
request has its addresses checked again. The price is a handshake a request.

There is no time limit here: the caller's cancel scope is the event's deadline, and whatever is
under way is closed when it fires.
"""

import ipaddress
import ssl
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx
import trio

from supervisor.egress.addresses import IPNetwork
from supervisor.egress.errors import (
    LiveRequestsOff,
    MethodRefused,
    RequestFailed,
    RequestTooLarge,
)
from supervisor.egress.exchange import OnHead, Outgoing, exchange, go_on, head_budget
from supervisor.egress.headers import build_headers
from supervisor.egress.messages import EgressAnswer, EgressPolicy, EgressRequest, Sizes
from supervisor.egress.resolver import Resolver, SystemResolver, resolve_checked
from supervisor.egress.stream import PinnedConnection
from supervisor.egress.url import Route, Target, parse_route, parse_target, read_host

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""Verbs that plugins may use; CONNECT and TRACE would make a proxy or a mirror of a server."""

DOWNLOADER = "OpenHelpDesk"
"""User agent of what the help desk itself fetches."""

_BODY_EXPECTED = frozenset({"POST", "PUT", "PATCH"})
_ANYWHERE: tuple[IPNetwork, ...] = (
    ipaddress.IPv4Network("0.0.0.0/0"),
    ipaddress.IPv6Network("::/0"),
)


@dataclass(slots=True)
class EgressProgress:
    """Facts about a request so far, however it ends, including by cancellation."""

    connection: PinnedConnection | None = None
    dropped: tuple[str, ...] = ()

    @property
    def address(self) -> str | None:
        """The address that was connected."""
        connection = self.connection
        return str(connection.address) if connection and connection.address else None

    @property
    def sent_bytes(self) -> int:
        """Bytes written to the server, inside TLS."""
        return self.connection.sent_bytes if self.connection else 0

    @property
    def received_bytes(self) -> int:
        """Bytes read from the server, inside TLS."""
        return self.connection.received_bytes if self.connection else 0


class EgressClient:
    """The only way out to the network; shared by all plugins, used inside ``async with``.

    ``resolver`` and ``tls`` are the system's resolver and httpx's certificate roots unless given.
    Raises ``RouteInvalid`` when made with a stand-in that cannot be used.
    """

    def __init__(
        self,
        policy: EgressPolicy,
        *,
        resolver: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.set_policy(policy)
        self._resolver = resolver or SystemResolver()
        self._tls = tls

    async def __aenter__(self) -> Self:
        if self._tls is None:
            # Reads a file of roots, some ten milliseconds.
            self._tls = await trio.to_thread.run_sync(_default_tls)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave nothing: each request has closed its own connection."""

    def set_policy(self, policy: EgressPolicy) -> None:
        """Let requests from now on follow another policy; raises ``RouteInvalid``."""
        routes = {host.lower(): parse_route(host, url) for host, url in policy.routes.items()}
        self._policy, self._routes = policy, routes
        self._private = {host.lower(): networks for host, networks in policy.private.items()}

    async def request(
        self,
        request: EgressRequest,
        allowed_hosts: frozenset[str],
        progress: EgressProgress | None = None,
        sizes: Sizes | None = None,
    ) -> EgressAnswer:
        """Make one request for a plugin that declared ``allowed_hosts``.

        ``sizes``: the plugin's own limits; the policy's unless given.

        Raises nothing for what a guest or the network does, ``trio.Cancelled`` alone; then the
        caller's ``progress`` says how far it came.
        """
        started = time.monotonic()
        progress = progress or EgressProgress()
        detail, refused = None, False
        try:
            status, body = await self._attempt(
                request, allowed_hosts, progress, sizes or self._policy.sizes
            )
        except RequestFailed as failed:
            status, body, detail = failed.status, b"", str(failed)
            refused = failed.refused
        return EgressAnswer(
            status=status,
            body=body,
            detail=detail,
            address=progress.address,
            sent_bytes=progress.sent_bytes,
            received_bytes=progress.received_bytes,
            duration_s=time.monotonic() - started,
            dropped_headers=progress.dropped,
            refused=refused,
        )

    async def download(
        self, url: str, most_bytes: int, on_head: OnHead, progress: EgressProgress
    ) -> bytes:
        """Return what lies at a URL that an admin gave, under the same rules; no redirects.

        ``on_head`` is told what the server says before the body, and may end it there. Raises
        RequestFailed.
        """
        hosts = frozenset(filter(None, [read_host(url)]))
        request = EgressRequest(url, headers={"User-Agent": DOWNLOADER})
        sizes = Sizes(self._policy.max_request_bytes, most_bytes)
        _, body = await self._attempt(request, hosts, progress, sizes, on_head)
        return body

    async def _attempt(
        self,
        request: EgressRequest,
        allowed_hosts: frozenset[str],
        progress: EgressProgress,
        sizes: Sizes,
        on_head: OnHead = go_on,
    ) -> tuple[int, bytes]:
        if self._tls is None:
            msg = "the egress client is used outside its async with block"
            raise RuntimeError(msg)
        target = _check_size(request, allowed_hosts, self._policy, sizes)
        route = self._route(target)
        outgoing = _prepare(request, target, route, progress)
        networks = self._private.get(target.host, ()) if route is None else _ANYWHERE
        denied = self._policy.denied if route is None else ()
        addresses = await resolve_checked(
            self._resolver, outgoing.host, outgoing.port, networks, denied
        )
        budget = head_budget(outgoing.host)
        with PinnedConnection(outgoing.host, outgoing.port, addresses, budget) as connection:
            progress.connection = connection
            return await exchange(outgoing, connection, self._tls, sizes.response, on_head)

    def _route(self, target: Target) -> Route | None:
        route = self._routes.get(target.host)
        if route is None and not self._policy.live:
            raise LiveRequestsOff(target.host)
        return route


def check_request(
    request: EgressRequest, allowed_hosts: frozenset[str], policy: EgressPolicy, sizes: Sizes
) -> str:
    """Return the host of a request that may be made, name and address aside.

    Raises RequestFailed, as for a request that is made.
    """
    target = _check_size(request, allowed_hosts, policy, sizes)
    _prepare(request, target, None, EgressProgress())
    return target.host


def _check_size(
    request: EgressRequest, allowed_hosts: frozenset[str], policy: EgressPolicy, sizes: Sizes
) -> Target:
    target = parse_target(request.url, allowed_hosts, policy.ports)
    size = request.size()
    if size > sizes.request:
        raise RequestTooLarge(size, sizes.request)
    return target


def _prepare(
    request: EgressRequest, target: Target, route: Route | None, progress: EgressProgress
) -> Outgoing:
    method = request.method.upper()
    if method not in METHODS:
        raise MethodRefused(METHODS)
    body = (request.body or "").encode("utf-8", "replace")
    has_body = bool(body) or method in _BODY_EXPECTED
    headers = build_headers(request.headers, target.host_header, len(body) if has_body else None)
    progress.dropped = headers.dropped
    where: Route | Target = route or target
    prefix = route.prefix if route else ""
    return Outgoing(
        method=method,
        scheme=where.scheme,
        host=where.host,
        port=where.port,
        path_and_query=prefix + target.path_and_query,
        headers=headers.raw,
        body=body,
    )


def _default_tls() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)
