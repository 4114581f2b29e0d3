"""Kept header blocks mean what they say: beside hpack's own coder, whatever came before them."""

import random

import hpack
import pytest

from sandbox_child.grpc.headers import KeptDecoder, KeptEncoder

POOL = [
    (b":status", b"200"),
    (b":path", b"/goatkit.plugin.v1.GKPlugin/Call"),
    (b"content-type", b"application/grpc"),
    (b"grpc-status", b"0"),
    (b"grpc-timeout", b"5000m"),
    *((b"grpc-message", b"%d" % number) for number in range(60)),
]


def some(chance: random.Random) -> list[tuple[bytes, bytes]]:
    # The same few mostly, as over a real connection.
    return [chance.choice(POOL[:6] if chance.random() < 0.9 else POOL) for _ in range(3)]


@pytest.mark.parametrize("seed", range(20))
def test_what_is_received_is_what_a_peer_with_a_table_sent(seed: int) -> None:
    chance = random.Random(seed)
    theirs, ours = hpack.Encoder(), KeptDecoder(1 << 14)
    for _ in range(300):
        if chance.random() < 0.02:
            theirs.header_table_size = chance.choice([0, 64, 200, 4096])
        headers = some(chance)
        block = theirs.encode(headers)
        assert ours.decode(block, raw=True) == headers


@pytest.mark.parametrize("seed", range(20))
def test_what_is_sent_is_read_by_a_peer_that_changes_its_table(seed: int) -> None:
    chance = random.Random(seed)
    ours, theirs = KeptEncoder(), hpack.Decoder()
    for _ in range(300):
        if chance.random() < 0.02:
            size = chance.choice([0, 64, 200, 4096])
            ours.header_table_size = theirs.max_allowed_table_size = size
        headers = some(chance)
        assert theirs.decode(ours.encode(headers), raw=True) == headers
    assert len(theirs.header_table.dynamic_entries) == 0


def test_a_field_that_is_not_in_the_table_is_refused_each_time() -> None:
    decoder = KeptDecoder(1 << 14)
    for _ in range(2):
        with pytest.raises(hpack.InvalidTableIndex):
            decoder.decode(b"\xbe", raw=True)


def test_the_caller_may_change_the_list_that_it_gets() -> None:
    decoder = KeptDecoder(1 << 14)
    decoder.decode(b"\x88", raw=True).clear()
    assert decoder.decode(b"\x88", raw=True) == [(b":status", b"200")]


def test_few_blocks_are_kept() -> None:
    encoder = KeptEncoder()
    for number in range(1000):
        encoder.encode([(b"grpc-timeout", b"%dm" % number)])
    assert len(encoder._kept) <= 32
