"""From a host to the addresses that may be connected: asked once, every one checked.

A name is resolved one time a request and its addresses are what gets connected, so an answer that
changes between a check and a connection changes nothing. One refused address among several refuses
the name: which of them a client would have picked is not left to chance.

Knows nothing of URLs, HTTP or plugins.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from typing import Protocol

import psutil
import trio

from supervisor.egress.addresses import IPAddress, IPNetwork, check_address, parse_address
from supervisor.egress.errors import AddressRefused, NameNotResolved

MAX_ADDRESSES = 64
"""Distinct addresses in one answer; more is a name that wants to cost time."""

OWN_KEPT_S = 30
"""Lifetime of the cached addresses of this machine, in seconds."""

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
    resolver: Resolver,
    host: str,
    port: int,
    private_ok: Iterable[IPNetwork],
    denied: Iterable[IPNetwork] = (),
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
    check = partial(
        check_address,
        private_ok=tuple(private_ok),
        denied=tuple(denied),
        own=await trio.to_thread.run_sync(own_addresses, int(trio.current_time() // OWN_KEPT_S)),
    )
    return tuple(_checked(host, text, check) for text in texts)


@lru_cache(maxsize=1)
def own_addresses(_period: int) -> frozenset[IPAddress]:
    """Return the addresses of this machine's interfaces; asked again in each period."""
    found = set[IPAddress]()
    for addresses in psutil.net_if_addrs().values():
        for address in addresses:
            # An IPv6 address may name its interface; a MAC address is none.
            with suppress(ValueError):
                found.add(ipaddress.ip_address(address.address.partition("%")[0]))
    return frozenset(found)


def _checked(host: str, text: str, check: Callable[[IPAddress], None]) -> IPAddress:
    try:
        ip = parse_address(text)
        check(ip)
    except AddressRefused as refused:
        raise AddressRefused(refused.address, refused.kind, host) from None
    return ip
