import gzip
import itertools
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.egress.body import BodyCollector, content_encoding
from supervisor.egress.errors import RequestFailed, ResponseTooLarge


@pytest.mark.parametrize(
    ("headers", "coding"),
    [
        ([], ""),
        ([(b"Content-Encoding", b" GZip ")], "gzip"),
        ([(b"content-encoding", b"identity")], ""),
        ([(b"CONTENT-ENCODING", b"gzip"), (b"content-encoding", b"br")], "gzip, br"),
        ([(b"Content-Encoding", b"\xff")], "\xff"),
    ],
)
def test_the_coding_is_read_from_the_headers(headers, coding):
    assert content_encoding([(b"X-Other", b"gzip"), *headers]) == coding


def test_a_bomb_never_takes_more_memory_than_the_limit_allows():
    limit = 100_000
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    collector = BodyCollector("ok.test", "gzip", limit)
    tracemalloc.start()
    try:
        collector.feed(bomb)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(collector.failure, ResponseTooLarge)
    assert peak < 10 * limit


@given(st.binary(max_size=300), st.lists(st.integers(0, 400), max_size=5), st.booleans())
def test_a_body_is_the_same_however_it_is_cut(body, cuts, packed):
    sent = gzip.compress(body) if packed else body
    collector = BodyCollector("ok.test", "gzip" if packed else "", 300)
    places = [0, *sorted(cuts), len(sent)]
    for start, end in itertools.pairwise(places):
        collector.feed(sent[start:end])
    assert collector.finish() == body


@given(st.lists(st.binary(max_size=60), max_size=6), st.sampled_from(["gzip", "deflate", "br"]))
def test_any_bytes_are_a_body_within_the_limit_or_a_named_failure(parts, coding):
    collector = BodyCollector("ok.test", coding, 100)
    for part in parts:
        collector.feed(part)
    try:
        body = collector.finish()
    except RequestFailed:
        return
    assert len(body) <= 100
