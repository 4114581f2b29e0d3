"""Secrets are redacted in text in every form in which they travel."""

import json
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.secrets.redaction import MARK, Redactor

SECRETS = ["xoxb-17-abc", 'quo"ted\\back', "sp ace&=?", "ünïcödé-secret", "line\nbreak"]
FORMS = {
    "plain": lambda secret: secret,
    "json": lambda secret: json.dumps({"a": secret}),
    "json with its own characters": lambda secret: json.dumps({"a": secret}, ensure_ascii=False),
    "a path": lambda secret: f"https://h/{quote(secret, safe='')}",
    "a query": lambda secret: urlencode({"token": secret}),
    "a form": quote_plus,
    "twice": lambda secret: f"{secret}{secret}",
}


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("form", FORMS)
def test_no_form_of_a_secret_stays(secret, form):
    text = f"before {FORMS[form](secret)} after"
    shown = Redactor([secret])(text)
    assert MARK in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    for other in FORMS.values():
        assert other(secret) not in shown


def test_the_parts_of_a_secret_url_that_stand_alone_in_a_request_are_secret_too():
    redact = Redactor(["https://hooks.slack.com/services/T000/B000/XXXX?token=abcd1234"])
    for text in (
        "POST /services/T000/B000/XXXX HTTP/1.1",
        "path services/T000/B000/XXXX",
        "query token=abcd1234",
    ):
        assert MARK in redact(text), text
    assert redact("connecting to hooks.slack.com") == "connecting to hooks.slack.com"


def test_a_secret_that_contains_another_leaves_nothing_behind():
    redact = Redactor(["secret", "secret-and-more"])
    assert redact("secret-and-more") == MARK


def test_short_secrets_do_not_blot_out_ordinary_text():
    assert Redactor(["a", "abc"])("abc of a") == "abc of a"


def test_without_secrets_nothing_changes():
    assert Redactor()("anything") == "anything"


@given(st.text(min_size=4, max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_a_secret_never_survives(secret, before, after):
    if secret in MARK:
        return
    assert secret not in Redactor([secret])(f"{before}{secret}{after}").replace(MARK, "\0")
