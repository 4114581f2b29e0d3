"""Secrets at rest: only the right key, in the right place, opens them."""

import base64
import stat

import pytest

from supervisor.secrets.box import KEY_VARIABLE, KeyUnusable, SecretBox, load_key

KEY, OTHER = b"k" * 32, b"o" * 32
PLACE = ("com.example.slack", "webhook_url")


@pytest.fixture(autouse=True)
def no_key_in_the_environment(monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)


@pytest.mark.parametrize("secret", ["xoxb-1", "", "päßwörd\n\0", "x" * 100_000])
def test_what_was_sealed_is_opened(secret):
    assert SecretBox(KEY).open(SecretBox(KEY).seal(secret, *PLACE), *PLACE) == secret


def test_the_sealed_form_shows_nothing_and_never_repeats():
    box = SecretBox(KEY)
    one, two = box.seal("the secret", *PLACE), box.seal("the secret", *PLACE)
    assert b"the secret" not in one
    assert one != two


@pytest.mark.parametrize(
    "place", [("com.example.other", "webhook_url"), ("com.example.slack", "token")]
)
def test_a_row_that_was_moved_to_another_place_does_not_open(place):
    sealed = SecretBox(KEY).seal("the secret", *PLACE)
    with pytest.raises(KeyUnusable) as caught:
        SecretBox(KEY).open(sealed, *place)
    assert place[1] in str(caught.value)
    assert "the secret" not in str(caught.value).replace("the secret '", "")


def test_plugin_and_field_cannot_be_shifted_against_each_other():
    sealed = SecretBox(KEY).seal("x", "com.example.a", "b")
    with pytest.raises(KeyUnusable):
        SecretBox(KEY).open(sealed, "com.example.", "ab")


def test_every_changed_byte_is_noticed():
    sealed = SecretBox(KEY).seal("secret", *PLACE)
    for position in range(len(sealed)):
        broken = bytearray(sealed)
        broken[position] ^= 1
        with pytest.raises(KeyUnusable):
            SecretBox(KEY).open(bytes(broken), *PLACE)
    for length in range(len(sealed)):
        with pytest.raises(KeyUnusable):
            SecretBox(KEY).open(sealed[:length], *PLACE)


def test_another_key_says_what_to_do():
    sealed = SecretBox(KEY).seal("secret", *PLACE)
    with pytest.raises(KeyUnusable, match="another key; restore the old key, or enter"):
        SecretBox(OTHER).open(sealed, *PLACE)


def test_keys_for_other_uses_are_independent():
    box = SecretBox(KEY)
    assert len({box.derive(b"a"), box.derive(b"b"), KEY, SecretBox(OTHER).derive(b"a")}) == 4


def test_the_key_file_is_made_once_and_only_its_owner_reads_it(tmp_path):
    path = tmp_path / "secret.key"
    key = load_key(path)
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_key(path) == key


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_file_that_others_can_read_is_refused(tmp_path, mode):
    path = tmp_path / "secret.key"
    load_key(path)
    path.chmod(mode)
    with pytest.raises(KeyUnusable, match="chmod 600"):
        load_key(path)


@pytest.mark.parametrize("text", ["", "short", "not base64 at all!", base64.b64encode(b"x" * 31)])
def test_a_key_file_that_holds_no_key_is_refused_and_left_alone(tmp_path, text):
    path = tmp_path / "secret.key"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(0o600)
    before = path.read_bytes()
    with pytest.raises(KeyUnusable, match="32 bytes"):
        load_key(path)
    assert path.read_bytes() == before


def test_the_environment_comes_before_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, base64.b64encode(OTHER).decode())
    assert load_key(tmp_path / "secret.key") == OTHER
    assert list(tmp_path.iterdir()) == []


def test_a_key_in_the_environment_that_is_none_is_named_and_not_shown(tmp_path, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "hunter2")
    with pytest.raises(KeyUnusable, match=KEY_VARIABLE) as caught:
        load_key(tmp_path / "secret.key")
    assert "hunter2" not in str(caught.value)
