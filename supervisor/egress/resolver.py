"""From a host to the addresses that may be connected: asked once, every one checked.

A name is resolved one time a request and its addresses are what gets connected, so an answer that
changes between a check and a connection changes nothing. One refused address among several refuses
the name: which of them a client would have picked is not left to chance.

Knows nothing of URLs, HTTP or plugins.
"""

import socket
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Protocol

import trio

from supervisor.egress.addresses import IPAddress, IPNetwork, check_address, parse_address
from supervisor.egress.errors import AddressRefused, NameNotResolved

MAX_ADDRESSES = 64
"""Distinct addresses in one answer; more is a name that wants to cost time."""

MAX_LOOKUPS = 64
"""Name lookups under way at once, those included that nobody waits for any more."""


class Resolver(Protocol):
    """Asks for the addresses of a name."""

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """Return addresses as text, the preferred first; raise ``OSError`` where there are none."""
        ...


class SystemResolver:
    """The operating system's resolver.

    Lookups have threads of their own number: a name server that never answers keeps its thread for
    a while after the request was cancelled, and must not take one that the database waits for.
    """

    def __init__(self) -> None:
        self._lookups = trio.CapacityLimiter(MAX_LOOKUPS)

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses in the system's order of preference."""
        # Bytes keep the standard library from encoding the name a second time.
        lookup = partial(socket.getaddrinfo, host.encode("ascii"), port, type=socket.SOCK_STREAM)
        found = await trio.to_thread.run_sync(lookup, abandon_on_cancel=True, limiter=self._lookups)
        return [str(sockaddr[0]) for *_, sockaddr in found]


async def resolve_checked(
    resolver: Resolver, host: str, port: int, private_ok: Iterable[IPNetwork]
) -> tuple[IPAddress, ...]:
    """Return the addresses of ``host``, all of them allowed, without doubles.

    Raises ``NameNotResolved``, or ``AddressRefused`` for the first address that is not allowed.
    """
    try:
        texts = list(dict.fromkeys(await resolver.resolve(host, port)))
    except OSError as error:
        raise NameNotResolved(host, error.strerror or type(error).__name__) from error
    if not texts:
        raise NameNotResolved(host, "it has no address")
    if len(texts) > MAX_ADDRESSES:
        raise NameNotResolved(host, f"it has {len(texts)} addresses, at most {MAX_ADDRESSES}")
    networks = tuple(private_ok)
    return tuple(_checked(host, text, networks) for text in texts)


def _checked(host: str, text: str, networks: tuple[IPNetwork, ...]) -> IPAddress:
    try:
        ip = parse_address(text)
        check_address(ip, networks)
    except AddressRefused as refused:
        raise AddressRefused(refused.address, refused.kind, host) from None
    return ip
