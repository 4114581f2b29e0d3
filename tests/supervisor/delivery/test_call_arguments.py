"""Arguments of calls in the delivery log: enough to understand a failure, and no secret."""

import json

import pytest

from supervisor.delivery.call_arguments import KEPT, READ_BYTES, shown_arguments


def shown(value: object) -> object:
    text = shown_arguments(json.dumps(value).encode(), lambda t: t.replace("hunter2", "[secret]"))
    assert text is not None
    assert len(text) <= KEPT + 10
    return json.loads(text)


def test_plain_values_are_kept_as_they_are():
    assert shown({"range": "30d", "limit": 5, "all": True}) == {
        "range": "30d",
        "limit": 5,
        "all": True,
    }


@pytest.mark.parametrize(
    "name", ["password", "newPassword", "api_key", "apikey", "access_token", "Authorization", "PIN"]
)
def test_what_is_named_as_a_secret_is_hidden(name):
    assert "s3cr3t" not in json.dumps(shown({"form": [{name: "s3cr3t"}], name: ["s3cr3t"]}))


def test_the_plugins_own_secrets_are_redacted_wherever_they_stand():
    assert "hunter2" not in json.dumps(shown({"hunter2": ["x" * 295 + "hunter2"], "a": "hunter2"}))


def test_long_deep_and_many_values_are_cut():
    deep: object = "end"
    for _ in range(40):
        deep = [deep]
    found = json.dumps(shown({"text": "x" * 10_000, "deep": deep, "many": list(range(5_000))}))
    assert len(found) < KEPT
    assert "end" not in found


def test_what_is_too_large_is_not_even_read():
    large = b'"' + b"x" * READ_BYTES + b'"'
    assert "bytes" in str(shown_arguments(large, str))


def test_nothing_stays_nothing_and_no_json_is_said_to_be_none():
    assert shown_arguments(b"", str) is None
    assert shown_arguments(b"\xff{", str) == '"(not JSON)"'
