"""Codes against the vectors of RFC 6238 (appendix B, SHA-1), and their bounds."""

import base64
from datetime import UTC, datetime

import pytest

from helpdesk.factors.codes import address, is_code, matching_step, new_secret

SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]
"""Of eight digits; ours are the last six of them (RFC 4226, section 5.3)."""


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_the_vectors_of_the_standard(seconds: int, code: str) -> None:
    assert matching_step(SECRET, code[2:], at(seconds), after=0) == seconds // 30


@pytest.mark.parametrize(
    ("late_s", "good"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)]
)
def test_a_clock_may_be_wrong_by_one_step(late_s: int, good: bool) -> None:
    seconds, code = VECTORS[3]
    found = matching_step(SECRET, code[2:], at(seconds // 30 * 30 + late_s), after=0)
    assert found == (seconds // 30 if good else None)


def test_a_step_that_was_used_and_those_before_it_are_used_up() -> None:
    seconds, code = VECTORS[3]
    step = seconds // 30
    assert matching_step(SECRET, code[2:], at(seconds), after=step - 1) == step
    assert matching_step(SECRET, code[2:], at(seconds), after=step) is None
    assert matching_step(SECRET, code[2:], at(seconds), after=step + 1) is None


@pytest.mark.parametrize(
    "text", ["", "12345", "1234567", "12345a", "\uff11" * 6, "\u0660" * 6, "-12345"]
)
def test_what_is_no_code_is_none(text: str) -> None:
    assert not is_code(text)
    assert matching_step(SECRET, text, at(59), after=0) is None


def test_a_secret_is_as_long_as_the_hash_and_named_for_apps() -> None:
    secret = new_secret()
    assert len(base64.b32decode(secret)) == 20
    assert secret != new_secret()
    assert address(secret, "a@example.com", "Our desk").startswith(
        f"otpauth://totp/Our%20desk:a%40example.com?secret={secret}"
    )
