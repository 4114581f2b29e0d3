"""Addresses that a plugin may reach: the public internet, and what an operator allows a host.

The list is our own because ``ipaddress.is_global`` answers yes to several forms that end inside:
an IPv4 address carried in an IPv6 one is judged here by the IPv4 address. Knows nothing of names,
of sockets or of plugins.

Sources: the IANA special-purpose address registries for IPv4 and IPv6; RFC 6052 and RFC 8215
(translation), RFC 3056 (6to4), RFC 4380 (Teredo), RFC 5214 (ISATAP).
"""

import ipaddress
from collections.abc import Collection, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TypeAlias

from supervisor.egress.errors import AddressRefused

IPAddress: TypeAlias = IPv4Address | IPv6Address
IPNetwork: TypeAlias = IPv4Network | IPv6Network

_IPV4 = tuple(
    (IPv4Network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by a carrier's NAT"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved for protocols"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "reserved, once 6to4 relays"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("255.255.255.255/32", "broadcast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_IPV6 = tuple(
    (IPv6Network(network), kind)
    for network, kind in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("64:ff9b:1::/48", "translation for local use"),
        ("100::/64", "discarded"),
        ("2001::/23", "reserved for protocols"),
        ("2001:db8::/32", "documentation"),
        ("3fff::/20", "documentation"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})
"""Upper half of an ISATAP interface identifier; the lower half is the IPv4 address."""
_LOW_32 = 0xFFFFFFFF


def check_address(
    ip: IPAddress,
    private_ok: Iterable[IPNetwork] = (),
    denied: Iterable[IPNetwork] = (),
    own: Collection[IPAddress] = (),
) -> None:
    """Return where ``ip`` may be connected, else raise ``AddressRefused``.

    ``private_ok`` are the networks that the operator allows for this host, ``denied`` those that
    nobody may reach, whatever is allowed, and ``own`` this machine's addresses. All are compared
    with the address and with each IPv4 address that it carries.
    """
    networks = tuple(private_ok)
    every = (ip, *_carried_ipv4(ip)[0]) if isinstance(ip, IPv6Address) else (ip,)
    if any(each in network for network in denied for each in every):
        raise AddressRefused(str(ip), "in a network denied by the operator")
    if any(ip in network for network in networks):
        return
    _check_kind(ip, networks)
    if any(each in own for each in every):
        raise AddressRefused(str(ip), "an address of the help desk's own machine")


def _check_kind(ip: IPAddress, networks: tuple[IPNetwork, ...]) -> None:
    if isinstance(ip, IPv6Address):
        carried, is_the_destination = _carried_ipv4(ip)
        for inner in carried:
            _check_carried(ip, inner, networks)
        if is_the_destination:
            return
    kind = _refused_kind(ip)
    if kind is not None:
        raise AddressRefused(str(ip), kind)


def parse_address(text: str) -> IPAddress:
    """Return the address that a resolver wrote; ``AddressRefused`` where it is none, or zoned."""
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        raise AddressRefused(text[:64], "not an address") from None
    if isinstance(ip, IPv6Address) and ip.scope_id is not None:
        raise AddressRefused(str(ip)[:64], "bound to a local interface")
    return ip


def _check_carried(ip: IPv6Address, inner: IPv4Address, networks: tuple[IPNetwork, ...]) -> None:
    if any(inner in network for network in networks):
        return
    kind = _refused_kind(inner)
    if kind is not None:
        raise AddressRefused(str(ip), f"carries {inner}, {kind}")


def _carried_ipv4(ip: IPv6Address) -> tuple[tuple[IPv4Address, ...], bool]:
    """Return the IPv4 addresses inside ``ip``, and whether they alone decide where it leads."""
    low = IPv4Address(int(ip) & _LOW_32)
    if ip.ipv4_mapped is not None or ip in _NAT64:
        return (low,), True
    if ip.sixtofour is not None:
        return (ip.sixtofour,), True
    # Deprecated, or only a hint in an interface identifier: the outer address counts too.
    if ip.teredo is not None:
        return ip.teredo, False
    is_compatible = ip in _COMPATIBLE and int(ip) > 1
    if is_compatible or (int(ip) >> 32) & _LOW_32 in _ISATAP:
        return (low,), False
    return (), False


def _refused_kind(ip: IPAddress) -> str | None:
    table: Iterable[tuple[IPNetwork, str]] = _IPV4 if ip.version == 4 else _IPV6
    for network, kind in table:
        if ip in network:
            return kind
    if ip.version == 6 and ip not in _GLOBAL_UNICAST:
        return "not global unicast"
    # A range that a newer Python knows and the tables above do not.
    return None if ip.is_global else "not global"
