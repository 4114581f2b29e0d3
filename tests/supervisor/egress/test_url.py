from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from supervisor.egress.errors import HostNotDeclared, RouteInvalid, TargetRefused
from supervisor.egress.url import MAX_URL_LENGTH, Route, Target, parse_route, parse_target

ALLOWED = frozenset({"ok.test", "hooks.slack.com", "xn--bcher-kva.example", "intranet"})
PORTS = frozenset({80, 443, 8443})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://ok.test/a", Target("https", "ok.test", 443, "/a")),
        ("http://ok.test", Target("http", "ok.test", 80, "/")),
        ("http://ok.test?q=1", Target("http", "ok.test", 80, "/?q=1")),
        ("http://ok.test/#top", Target("http", "ok.test", 80, "/")),
        ("http://ok.test#a?b/c", Target("http", "ok.test", 80, "/")),
        ("https://ok.test:8443/", Target("https", "ok.test", 8443, "/")),
        ("https://ok.test:80/", Target("https", "ok.test", 80, "/")),
        ("HTTPS://HOOKS.Slack.COM/X", Target("https", "hooks.slack.com", 443, "/X")),
        ("http://intranet//x/../y", Target("http", "intranet", 80, "//x/../y")),
        ("https://xn--bcher-kva.example/", Target("https", "xn--bcher-kva.example", 443, "/")),
        ("https://ok.test/a@b:c%0d%zz|{}", Target("https", "ok.test", 443, "/a@b:c%0d%zz|{}")),
    ],
)
def test_a_plain_url_is_read_as_it_stands(url, expected):
    assert parse_target(url, ALLOWED, PORTS) == expected


def test_a_declared_name_in_upper_case_is_the_same_name():
    assert parse_target("http://ok.test/", frozenset({"OK.Test"}), PORTS).host == "ok.test"


def test_a_declared_name_that_only_lower_cases_to_ascii_is_another_name():
    with pytest.raises(HostNotDeclared):
        parse_target("http://ok.test/", frozenset({"o\u212a.test"}), PORTS)


def test_the_host_header_has_the_port_only_where_it_is_unusual():
    assert Target("https", "ok.test", 443, "/").host_header == "ok.test"
    assert Target("http", "ok.test", 443, "/").host_header == "ok.test:443"


def test_a_url_of_the_greatest_length_is_taken_and_one_more_is_refused():
    url = "http://ok.test/".ljust(MAX_URL_LENGTH, "a")
    assert len(parse_target(url, ALLOWED, PORTS).path_and_query) == MAX_URL_LENGTH - 14
    with pytest.raises(TargetRefused, match="8193 characters"):
        parse_target(url + "a", ALLOWED, PORTS)


@pytest.mark.parametrize("url", ["http://" + "a" * 10**6, "http://ok.test:" + "9" * 10**6])
def test_a_huge_url_is_refused_shortly(url):
    with pytest.raises((HostNotDeclared, TargetRefused)) as refused:
        parse_target(url, ALLOWED, PORTS)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    "host", ["a" * 64 + ".test", "a." * 127 + "a", "ok_.te st", "b\u00fccher.de"]
)
def test_a_declared_name_that_is_no_dns_name_is_refused(host):
    with pytest.raises((HostNotDeclared, TargetRefused)):
        parse_target(f"http://{host}/", frozenset({host}), PORTS)


FRAGMENTS = st.sampled_from(
    ["http", "https", "HTTP", ":", "/", "//", "://", "\\", "@", "#", "?", "%40", "%2e", ".",
     "ok.test", "hooks.slack.com", "evil.test", "127.0.0.1", "[::1]", ":80", ":443", ":8080",
     " ", "\t", "\r\n", "\x00", "\u212a", "\uff0e", "\u3002", "xn--", "user", "path", "\ufeff"]
)  # fmt: skip


@settings(max_examples=1500, deadline=None)
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(st.one_of(FRAGMENTS, st.characters()), max_size=12).map("".join),
        st.lists(FRAGMENTS, max_size=6).map(lambda rest: "http://ok.test" + "".join(rest)),
    )
)
@example("http://ok.test:80@evil.test/")
@example("http://ok.test\\@evil.test/")
def test_every_input_is_a_declared_target_or_a_named_refusal(url):
    try:
        target = parse_target(url, ALLOWED, PORTS)
    except (HostNotDeclared, TargetRefused):
        return
    assert target.host in ALLOWED
    assert target.port in PORTS
    assert target.scheme in {"http", "https"}
    assert target.path_and_query.startswith("/")
    assert target.path_and_query.isascii()
    assert target.path_and_query.isprintable()
    assert " " not in target.path_and_query
    # What we let through, other parsers read the same way.
    theirs = urlsplit(url)
    assert theirs.hostname == target.host
    assert (theirs.port or {"http": 80, "https": 443}[theirs.scheme]) == target.port
    assert httpx.URL(url).host == target.host


def test_a_stand_in_is_read_from_a_base_url():
    assert parse_route("ok.test", "http://127.0.0.1:8099") == Route("http", "127.0.0.1", 8099, "")
    assert parse_route("ok.test", "https://[::1]/a/") == Route("https", "::1", 443, "/a")


@pytest.mark.parametrize(
    "base",
    ["", "127.0.0.1:80", "ftp://h/", "http://", "http://h:99999/", "http://u@h/", "http://h/?q",
     "http://h/#f", "http://h/a b", "http://h\u00e9/", "http://[::1/"],
)  # fmt: skip
def test_a_stand_in_that_is_no_base_url_is_refused_by_name(base):
    with pytest.raises(RouteInvalid, match=r"stand-in for ok\.test .* http://127"):
        parse_route("ok.test", base)
