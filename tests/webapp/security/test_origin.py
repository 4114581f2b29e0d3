"""Hosts, origins, client addresses and return paths: every trick in a row of its own."""

from types import SimpleNamespace

import pytest
from werkzeug.datastructures import Headers

from webapp.config import WebConfig
from webapp.security.origin import (
    client_address,
    forwarded_address,
    host_is_known,
    is_same_site,
    safe_next,
)
from webapp.visitors.origin import forwarded_for


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n//evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "evil.example",
        " /tickets",
        "",
        None,
    ],
)
def test_a_way_off_the_site_leads_to_the_start_page(target: str | None) -> None:
    assert safe_next(target) == "/"


@pytest.mark.parametrize("target", ["/", "/tickets", "/tickets?q=a%20b&page=2"])
def test_a_path_on_the_site_is_kept(target: str) -> None:
    assert safe_next(target) == target


@pytest.mark.parametrize(
    ("origin", "fetch_site", "allowed"),
    [
        (None, None, True),
        ("http://desk.example", "same-origin", True),
        ("http://desk.example", None, True),
        ("https://public.example", None, True),
        (None, "none", True),
        (None, "cross-site", False),
        (None, "same-site", False),
        ("http://desk.example", "cross-site", False),
        ("http://evil.example", None, False),
        ("http://desk.example.evil.example", None, False),
        ("http://desk.example:8080", None, False),
        ("null", None, False),
        ("http://[", None, False),
        ("file://desk.example", None, False),
    ],
)
def test_only_our_own_pages_may_change_things(
    origin: str | None, fetch_site: str | None, allowed: bool
) -> None:
    found = is_same_site(
        origin=origin,
        fetch_site=fetch_site,
        host_header="desk.example",
        public_url="https://public.example",
    )
    assert found is allowed


@pytest.mark.parametrize(
    ("config", "host", "known"),
    [
        (WebConfig(), "127.0.0.1:8000", True),
        (WebConfig(), "LOCALHOST:8000", True),
        (WebConfig(), "[::1]:8000", True),
        (WebConfig(), "rebound.evil.example", False),
        (WebConfig(), "", False),
        (WebConfig(base_url="https://help.example"), "help.example", True),
        (WebConfig(host="0.0.0.0"), "any.example", True),
        (WebConfig(host="0.0.0.0", allowed_hosts=frozenset({"a.example"})), "a.example:1", True),
        (WebConfig(host="0.0.0.0", allowed_hosts=frozenset({"a.example"})), "b.example", False),
    ],
)
def test_a_loopback_server_answers_to_its_own_names_only(
    config: WebConfig, host: str, known: bool
) -> None:
    assert host_is_known(host, config.known_hosts) is known


@pytest.mark.parametrize(
    ("forwarded", "hops", "address"),
    [
        (None, 0, "192.0.2.1"),
        ("198.51.100.9", 0, "192.0.2.1"),
        ("198.51.100.9", 1, "198.51.100.9"),
        ("6.6.6.6, 198.51.100.9", 1, "198.51.100.9"),
        ("6.6.6.6, 198.51.100.9, 10.0.0.2", 2, "198.51.100.9"),
        ("rubbish", 1, "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", 1, "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::9]", 1, "2001:db8:1:2::/64"),
    ],
)
def test_an_address_is_what_a_trusted_proxy_says_and_never_what_the_client_says(
    forwarded: str | None, hops: int, address: str
) -> None:
    assert client_address("192.0.2.1", forwarded, hops) == address


def test_every_line_of_a_header_counts_from_the_right():
    environ = [("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-For", "198.51.100.7")]
    asked = SimpleNamespace(headers=Headers(environ))
    assert forwarded_address("127.0.0.1", forwarded_for(asked), 1) == "198.51.100.7"
    assert forwarded_address("127.0.0.1", forwarded_for(asked), 2) == "203.0.113.9"
    assert forwarded_for(SimpleNamespace(headers=Headers())) is None
