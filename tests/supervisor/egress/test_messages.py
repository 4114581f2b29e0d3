import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.egress import EgressRequest, MalformedRequest, parse_request


def test_the_documents_own_example_is_read():
    raw = b"""{
      "method":  "POST",
      "url":     "https://hooks.slack.com/services/T/B/x",
      "headers": {"Content-Type": "application/json"},
      "body":    "{\\"text\\": \\"New ticket: Laptop won't power on\\"}"
    }"""
    assert parse_request(raw) == EgressRequest(
        method="POST",
        url="https://hooks.slack.com/services/T/B/x",
        headers={"Content-Type": "application/json"},
        body='{"text": "New ticket: Laptop won\'t power on"}',
    )


@pytest.mark.parametrize(
    "extra",
    [
        "",
        ', "method": null, "headers": null, "body": null',
        ', "method": ""',
        ', "timeout": [1, {}]',
    ],
)
def test_what_is_absent_null_or_unknown_does_not_matter(extra):
    assert parse_request(f'{{"url": "u"{extra}}}'.encode()) == EgressRequest(url="u")


@pytest.mark.parametrize(
    "raw",
    [
        b"", b" ", b"null", b"[]", b'"u"', b"{}", b"{", b'{"url": "u"', b'{"url": "u"} x',
        b'{"url": null}', b'{"url": 1}', b'{"url": ["u"]}', b'{"url": "u", "method": 1}',
        b'{"url": "u", "headers": []}', b'{"url": "u", "headers": {"a": 1}}',
        b'{"url": "u", "headers": {"a": null}}', b'{"url": "u", "headers": {"a": ["b"]}}',
        b'{"url": "u", "body": {}}', b'{"url": "u", "body": 1}', b'{"url": "\xff"}',
        b'{"url": "\\ud800"}', b'{"url": "a\x00"}', b"\xef\xbb\xbf{}", b"\x00" * 100,
        b'{"url": "u", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused_by_name(raw):
    with pytest.raises(MalformedRequest, match="expected a JSON object with url") as refused:
        parse_request(raw)
    assert len(str(refused.value)) < 300


def test_a_refusal_never_repeats_a_value():
    with pytest.raises(MalformedRequest) as refused:
        parse_request(b'{"url": "s3cret", "headers": {"Authorization": 5, "s3cret": "s3cret"}}')
    assert "s3cret" not in str(refused.value)


@given(st.one_of(st.binary(max_size=200), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(["url", "method", "headers", "body"]) | st.text(), inner),
).map(lambda value: json.dumps(value).encode())))  # fmt: skip
def test_any_bytes_are_a_request_or_a_named_refusal(raw):
    try:
        request = parse_request(raw)
    except MalformedRequest:
        return
    assert isinstance(request.url, str)
    assert request.method


def test_the_size_of_a_request_is_in_utf8_bytes():
    request = EgressRequest(url="12345", method="GET", headers={"ab": "c"}, body="\u00e9\u20ac")
    assert request.size() == 5 + 3 + 3 + 5
