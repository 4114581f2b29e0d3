"""Signatures of webhooks: the right one opens, every other does not."""

import hashlib
import hmac

import pytest

from supervisor.delivery.webhooks import MOST_AN_HOUR, WebhookRefused, Webhooks, is_signed

SECRET, BODY, NOW = "hunter2", b'{"a": 1}', 1_700_000_000.0


def signature(body: bytes = BODY, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def stripe(at: int, body: bytes = BODY, secret: str = SECRET) -> str:
    return f"t={at},v1={signature(b'%d.%b' % (at, body), secret)},v0=ff"


@pytest.mark.parametrize("said", [signature(), f"sha256={signature()}", signature().upper()])
def test_the_bodys_own_signature_opens(said):
    assert is_signed("X-Hub-Signature-256", said, BODY, SECRET, NOW)


@pytest.mark.parametrize(
    "said",
    ["", "sha256=", signature(b"other"), signature(secret="x"), f"sha1={signature()}", "\udcff"],
)
def test_every_other_does_not(said):
    assert not is_signed("X-Signature-256", said, BODY, SECRET, NOW)


def test_a_signature_with_its_time_is_taken_while_it_is_fresh():
    at = int(NOW)
    assert is_signed("Stripe-Signature", stripe(at), BODY, SECRET, NOW)
    for said in (
        stripe(at - 400),
        stripe(at + 400),
        stripe(at, b"other"),
        stripe(at).replace(f"t={at}", f"t={at + 1}"),
        stripe(at) + f",t={at}",
        stripe(at).replace("t=", "t=٣"),
        signature(),
        "t=,v1=",
    ):
        assert not is_signed("Stripe-Signature", said, BODY, SECRET, NOW)


async def no_secret(_plugin_id: str, _key: str) -> None:
    return None


def test_one_address_sends_so_many_an_hour_and_others_are_not_held_up():
    webhooks = Webhooks(None, no_secret)
    for _ in range(MOST_AN_HOUR):
        webhooks.count("goatkit.a", "192.0.2.1", NOW)
    with pytest.raises(WebhookRefused, match="within an hour"):
        webhooks.count("goatkit.a", "192.0.2.1", NOW)
    webhooks.count("goatkit.a", "192.0.2.2", NOW)
    webhooks.count("goatkit.b", "192.0.2.1", NOW)
    webhooks.count("goatkit.a", "192.0.2.1", NOW + 3_600)
