import ipaddress
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.egress.addresses import check_address, parse_address
from supervisor.egress.errors import AddressRefused
from supervisor.egress.resolver import own_addresses

REFUSED = {
    "0.0.0.0": "this network",
    "0.1.2.3": "this network",
    "10.0.0.1": "private",
    "100.64.0.1": "carrier",
    "100.127.255.255": "carrier",
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "169.254.169.254": "link-local",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.0.0.1": "reserved",
    "192.0.0.170": "reserved",
    "192.0.2.1": "documentation",
    "192.88.99.1": "6to4",
    "192.168.1.1": "private",
    "198.18.0.1": "benchmarking",
    "198.19.255.255": "benchmarking",
    "198.51.100.1": "documentation",
    "203.0.113.1": "documentation",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "broadcast",
    "::": "unspecified",
    "::1": "loopback",
    "::7f00:1": "carries 127.0.0.1",
    "::10.0.0.1": "carries 10.0.0.1",
    "::8.8.8.8": "not global unicast",
    "::ffff:127.0.0.1": "carries 127.0.0.1",
    "::ffff:169.254.169.254": "carries 169.254.169.254",
    "::ffff:0:127.0.0.1": "not global unicast",
    "64:ff9b::127.0.0.1": "carries 127.0.0.1",
    "64:ff9b::a00:1": "carries 10.0.0.1",
    "64:ff9b:1::1": "translation for local use",
    "64:ff9b:1:a00:0:100::": "translation for local use",
    "100::1": "discarded",
    "2001::1": "carries",
    "2001:0:808:808:0:0:f7f7:f7f7": "reserved for protocols",
    "2001:0:808:808::80ff:fffe": "carries 127.0.0.1",
    "2001:0:a00:1::f7f7:f7f7": "carries 10.0.0.1",
    "2001:2::1": "reserved for protocols",
    "2001:20::1": "reserved for protocols",
    "2001:db8::1": "documentation",
    "2002:7f00:1::": "carries 127.0.0.1",
    "2002:a9fe:a9fe::1": "carries 169.254.169.254",
    "2002:c0a8:101::1": "carries 192.168.1.1",
    "2606:4700::5efe:10.0.0.1": "carries 10.0.0.1",
    "2606:4700::200:5efe:127.0.0.1": "carries 127.0.0.1",
    "3fff::1": "documentation",
    "5f00::1": "not global unicast",
    "fc00::1": "private",
    "fd00:ec2::254": "private",
    "fe80::1": "link-local",
    "febf::1": "link-local",
    "fec0::1": "site-local",
    "feff::1": "site-local",
    "ff02::1": "multicast",
}
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "192.169.0.1",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001:81b::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]


@pytest.mark.parametrize(("text", "kind"), REFUSED.items())
def test_an_address_that_is_not_public_is_refused_with_its_kind(text, kind):
    with pytest.raises(AddressRefused, match=kind):
        check_address(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_is_taken(text):
    check_address(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("127.0.0.1", "127.0.0.0/8"),
        ("10.1.2.3", "10.1.2.3/32"),
        ("fd00::1", "fd00::/8"),
        ("::ffff:10.1.2.3", "10.0.0.0/8"),
        ("64:ff9b::a01:203", "10.0.0.0/8"),
        ("64:ff9b:1::1", "64:ff9b:1::/48"),
    ],
)
def test_a_network_that_the_operator_allows_is_taken(text, network):
    allowed = [ipaddress.ip_network("192.168.0.0/16"), ipaddress.ip_network(network)]
    check_address(ipaddress.ip_address(text), allowed)
    with pytest.raises(AddressRefused):
        check_address(ipaddress.ip_address(text), allowed[:1])


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_that_python_calls_internal_is_taken(ip):
    try:
        check_address(ip)
    except AddressRefused:
        return
    assert ip.is_global
    assert not any((ip.is_private, ip.is_loopback, ip.is_multicast, ip.is_reserved))


@given(st.sampled_from([text for text in REFUSED if "." in text and ":" not in text]))
def test_a_refused_ipv4_address_is_refused_in_every_disguise(text):
    number = int(ipaddress.IPv4Address(text))
    disguises = [
        number,  # compatible
        (0xFFFF << 32) | number,  # mapped
        (0x0064FF9B << 96) | number,  # NAT64
        (0x2002 << 112) | (number << 80) | 1,  # 6to4
        (0x20010000 << 96) | (0x08080808 << 64) | (number ^ 0xFFFFFFFF),  # Teredo client
        (0x20010000 << 96) | (number << 64) | 0xF7F7F7F7,  # Teredo server
        (0x26064700 << 96) | (0x5EFE << 32) | number,  # ISATAP
    ]
    for disguise in disguises:
        with pytest.raises(AddressRefused):
            check_address(ipaddress.IPv6Address(disguise))


@given(st.ip_addresses(v=6))
def test_no_ipv6_address_outside_global_unicast_is_taken(ip):
    try:
        check_address(ip)
    except AddressRefused:
        return
    carried = ip.ipv4_mapped is not None or ip in ipaddress.IPv6Network("64:ff9b::/96")
    assert carried or ip in ipaddress.IPv6Network("2000::/3")


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "0x7f000001", "1.2.3.4:80", "x" * 9999])
def test_what_is_no_address_is_refused_shortly(text):
    with pytest.raises(AddressRefused) as refused:
        parse_address(text)
    assert len(str(refused.value)) < 300


def test_an_address_with_a_zone_is_refused():
    with pytest.raises(AddressRefused, match="interface"):
        parse_address("fe80::1%lo")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("93.184.216.34", "in a network denied by the operator"),
        ("::ffff:93.184.216.34", "in a network denied by the operator"),
        ("64:ff9b::5db8:d822", "in a network denied by the operator"),
        ("1.1.1.1", "an address of the help desk's own machine"),
        ("2606:4700::1111", "an address of the help desk's own machine"),
    ],
)
def test_what_the_operator_denies_and_the_machine_itself_are_refused(address, said):
    with pytest.raises(AddressRefused, match=said):
        check_address(
            ip_address(address),
            denied=[ip_network("93.184.0.0/16")],
            own={ip_address("1.1.1.1"), ip_address("2606:4700::1111")},
        )


def test_what_is_denied_stays_so_where_it_is_allowed_and_the_own_address_does_not():
    allowed = [ip_network("93.184.0.0/16"), ip_network("1.1.1.1/32")]
    with pytest.raises(AddressRefused):
        check_address(ip_address("93.184.216.34"), allowed, denied=[ip_network("93.184.0.0/16")])
    check_address(ip_address("1.1.1.1"), allowed, own={ip_address("1.1.1.1")})


async def test_the_addresses_of_this_machine_are_known():
    assert ip_address("127.0.0.1") in own_addresses(0)
