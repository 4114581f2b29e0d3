"""Signatures of modules: made by a trusted key over this very module, or worth nothing."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from supervisor.plugins.signatures import check_signature, read_public_key

MODULE = b"\0asm\1\0\0\0"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
SIGNATURE = KEY.sign(hashlib.sha256(MODULE).digest())
TEXT = SIGNATURE.hex().encode()
TRUSTED = {"Other": OTHER.public_key(), "Example Corp": KEY.public_key()}


def test_a_module_without_a_signature_is_unsigned():
    assert check_signature(MODULE, None, TRUSTED).state == "unsigned"


@pytest.mark.parametrize("text", [TEXT, TEXT.upper(), TEXT + b"\n", b" " + TEXT + b"\r\n"])
def test_the_key_that_made_a_signature_is_named(text):
    result = check_signature(MODULE, text, TRUSTED)
    assert (result.state, result.key) == ("signed", "Example Corp")
    assert result.is_trusted
    assert result.sentence == "Signed by Example Corp."


def test_a_changed_module_is_not_signed():
    result = check_signature(MODULE + b"\0", TEXT, TRUSTED)
    assert not result.is_trusted
    assert "was changed, or another key signed it" in result.sentence


def test_a_signature_of_an_unknown_key_proves_nothing():
    assert not check_signature(MODULE, TEXT, {"Other": OTHER.public_key()}).is_trusted
    assert "no key is trusted yet" in check_signature(MODULE, TEXT, {}).sentence


def test_a_signature_of_the_module_itself_is_not_one_of_its_digest():
    assert not check_signature(MODULE, KEY.sign(MODULE).hex().encode(), TRUSTED).is_trusted


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"00" * 64,
        TEXT[:-2],
        TEXT + b"00",
        SIGNATURE,
        b"zz" * 64,
        TEXT[:64] + b" " + TEXT[64:],
        b"0x" + TEXT,
        TEXT + b" " * 2_000,
    ],
)
def test_what_is_no_signature_is_not_taken_for_one(text):
    assert not check_signature(MODULE, text, TRUSTED).is_trusted


@given(st.binary(max_size=200))
def test_no_bytes_are_a_signature_by_chance(text):
    assert not check_signature(MODULE, text, TRUSTED).is_trusted


def test_a_public_key_is_read_from_its_digits():
    digits = KEY.public_key().public_bytes_raw().hex()
    assert read_public_key(f" {digits}\n") == KEY.public_key()


@pytest.mark.parametrize("text", ["", "00", "zz" * 32, "é" * 64, "00" * 33, "0" * 5_000])
def test_what_is_no_public_key_is_refused(text):
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        read_public_key(text)
