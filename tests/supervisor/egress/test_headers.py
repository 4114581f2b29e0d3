import pytest

from supervisor.egress.errors import HeaderRefused
from supervisor.egress.headers import MAX_HEADER_BYTES, MAX_HEADERS, build_headers


def sent(given, **settings):
    headers = build_headers(given, settings.get("host", "ok.test"), settings.get("length"))
    return dict(headers.raw), headers.dropped


def test_a_request_without_headers_gets_ours():
    raw, dropped = sent({})
    assert raw == {
        b"Host": b"ok.test",
        b"Accept-Encoding": b"identity",
        b"Connection": b"close",
        b"User-Agent": b"OpenHelpDesk-Plugin",
        b"Accept": b"*/*",
    }
    assert dropped == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Content-Type", "application/json"),
        ("Authorization", "Bearer abc"),
        ("Cookie", "a=b"),
        ("X-Api-Key", "k"),
        ("PRIVATE-TOKEN", "t"),
        ("If-None-Match", '"x"'),
        ("X-Empty", ""),
        ("X-Latin", "caf\u00e9"),
        ("X-Tab", "a\tb"),
    ],
)
def test_a_header_of_an_api_goes_out_as_it_is(name, value):
    raw, dropped = sent({name: value})
    assert raw[name.encode()] == value.encode("latin-1")
    assert dropped == ()


def test_a_guests_user_agent_and_accept_replace_ours():
    raw, _ = sent({"user-agent": "Mine", "ACCEPT": "text/plain"})
    assert b"User-Agent" not in raw
    assert raw[b"user-agent"] == b"Mine"
    assert raw[b"ACCEPT"] == b"text/plain"
    assert b"Accept" not in raw


def test_space_around_a_value_is_taken_off():
    assert sent({"X-A": " \t b \t"})[0][b"X-A"] == b"b"


@pytest.mark.parametrize(
    "name",
    [
        "Host", "host", "HOST", "Content-Length", "content_length", "Transfer-Encoding",
        "transfer_encoding", "TE", "Trailer", "Expect", "Connection", "Keep-Alive", "Upgrade",
        "HTTP2-Settings", "Alt-Used", "Proxy-Authorization", "Proxy-Connection", "proxy_anything",
        "Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "x_forwarded_proto", "X-Real-IP",
        "Accept-Encoding",
    ],
)  # fmt: skip
def test_a_header_that_is_ours_is_left_out_and_named(name):
    raw, dropped = sent({name: "evil.test"}, length=3)
    assert dropped == (name,)
    assert b"evil.test" not in raw.values()
    assert raw[b"Host"] == b"ok.test"
    assert raw[b"Content-Length"] == b"3"


@pytest.mark.parametrize(
    "name",
    ["", " ", "X A", "X-A ", " X-A", "X-A:", "X:Y", "X\r\nY", "X\nHost", "X\x00", "X\t", "(x)",
     "x/y", "caf\u00e9", "\u212aey", "x\x7f", "{x}", '"x"', "x,y", "x;y", "x=y", "x@y", "[x]"],
)  # fmt: skip
def test_a_name_that_is_no_token_is_refused(name):
    with pytest.raises(HeaderRefused, match="not an HTTP token"):
        sent({name: "v"})


@pytest.mark.parametrize(
    "value",
    ["a\r\nHost: evil.test", "a\nb", "a\rb", "\n", "a\x00b", "a\x0bb", "a\x0cb", "a\x1bb", "a\x7fb",
     "\u20ac", "\u010a", "\u010d\u010a", "\ud800", "a\u2028b", "a\u0085b\n"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["X-A", "Host"])
def test_a_value_that_could_be_two_headers_is_refused_and_not_repeated(name, value):
    with pytest.raises(HeaderRefused, match=f"value of {name}") as refused:
        sent({name: "s3cret" + value})
    assert "s3cret" not in str(refused.value)


def test_the_same_header_in_two_spellings_is_refused():
    with pytest.raises(HeaderRefused, match="twice"):
        sent({"X-A": "1", "x-a": "2"})


def test_too_many_or_too_large_headers_are_refused():
    sent({f"X-{n}": "" for n in range(MAX_HEADERS)})
    with pytest.raises(HeaderRefused, match="the limit is 64"):
        sent({f"X-{n}": "" for n in range(MAX_HEADERS + 1)})
    sent({"X": "a" * (MAX_HEADER_BYTES - 1)})
    with pytest.raises(HeaderRefused, match="bytes"):
        sent({"X": "a" * MAX_HEADER_BYTES})
