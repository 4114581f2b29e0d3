"""Credentials that were good a moment ago, found in whatever a client sends."""

import time

import pytest

from webapp.admission import known
from webapp.admission.known import KnownCredentials

TOKEN = "s" * 43
KEY = "ohd_sk_" + "k" * 43


class Hands:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def credentials() -> KnownCredentials:
    found = KnownCredentials(Hands())
    found.note(TOKEN, "robin")
    found.note(KEY, "program")
    return found


@pytest.mark.parametrize(
    ("text", "person"),
    [
        (f"Cookie: ohd_session={TOKEN}", "robin"),
        (f"cookie: a=b; __Host-ohd_session={TOKEN}; c=d", "robin"),
        (f"Cookie: ohd_session=other; ohd_session={TOKEN}", "robin"),
        (f'Cookie: ohd_session="{TOKEN}"', None),
        (f"Authorization: Bearer {KEY}", "program"),
        (f"authorization: bearer {KEY}\r\n", "program"),
        (f"Cookie: ohd_session={TOKEN}x", None),
        (f"Cookie: ohd_session={TOKEN[:-1]}", None),
        (f"Cookie: session={TOKEN}", None),
        ("", None),
    ],
)
def test_a_person_is_found_by_what_they_show(
    credentials: KnownCredentials, text: str, person: str | None
) -> None:
    assert credentials.person_in(text.encode()) == person


def test_an_api_key_counts_alone_as_it_does_for_the_guard(credentials: KnownCredentials) -> None:
    cookie = (b"cookie", f"ohd_session={TOKEN}".encode())
    assert credentials.person_of([cookie]) == "robin"
    assert credentials.person_of([cookie, (b"authorization", b"Bearer ohd_sk_unknown")]) is None
    assert credentials.person_of([cookie, (b"authorization", b"Basic abc")]) == "robin"


def test_a_credential_is_forgotten_in_time_and_when_it_is_good_no_more() -> None:
    clock = Hands()
    credentials = KnownCredentials(clock)
    credentials.note(TOKEN, "robin")
    credentials.note(KEY, "program")
    credentials.forget(KEY)
    assert credentials.person(KEY.encode()) is None
    clock.now = known.KEPT_S
    assert credentials.person(TOKEN.encode()) is None


def test_no_more_than_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "MOST", 3)
    credentials = KnownCredentials(Hands())
    for number in range(10):
        credentials.note(f"{number:043}", "somebody")
    assert len(credentials) == 3
    assert credentials.person(f"{9:043}".encode()) == "somebody"


def test_a_text_of_nothing_but_signs_costs_little(credentials: KnownCredentials) -> None:
    worst = (b"ohd_session=" * 1_400, b"earer " * 2_800, b"ohd_session=" + b"x" * 16_000)
    began = time.process_time()
    for _ in range(1_000):
        assert all(credentials.person_in(text) is None for text in worst)
    assert time.process_time() - began < 2.0
