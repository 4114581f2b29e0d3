"""Webhooks: requests of other systems to a plugin's route, each with a signature of its body.

The signature is HMAC-SHA256 with a secret that the plugin stored itself, in hexadecimal, in one of
a few headers. A request that bears one is made for nobody in particular: it gets what the plugin
was granted. Must not know how requests come.
"""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from supervisor.contracts import GoatkitDescription
from supervisor.plugins.registry import PluginRegistry
from supervisor.secrets.box import KeyUnusable

MOST_BYTES = 1024 * 1024
"""Of a request's body."""
MOST_AN_HOUR = 500
"""Requests of one address to one plugin."""
HEADERS: Final = (
    "X-Signature-256",
    "X-Hub-Signature-256",
    "X-Webhook-Signature",
    "Stripe-Signature",
)
"""In the order in which they are looked for."""
_HOUR_S = 3_600.0
_TOLERANCE_S = 300.0
_MOST_ADDRESSES = 10_000
_LONGEST = 1_000

Secret = Callable[[str, str], Awaitable[str | None]]
"""Returns what a plugin stored under a key; raises KeyUnusable."""


class WebhookRefused(Exception):
    """Why a request does not reach the plugin; ``is_flood``: it would another time."""

    def __init__(self, reason: str, *, is_flood: bool = False) -> None:
        self.is_flood = is_flood
        super().__init__(reason)


class Webhooks:
    """See the module."""

    def __init__(self, installed: PluginRegistry, secret: Secret) -> None:
        self._installed = installed
        self._secret = secret
        self._seen: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()

    def count(self, plugin_id: str, address: str, now: float) -> None:
        """Count a request before its body is read; ``now``: seconds. Raises WebhookRefused."""
        key = (plugin_id, address)
        since, count = self._seen.pop(key, (now, 0))
        if now - since >= _HOUR_S:
            since, count = now, 0
        self._seen[key] = (since, count + 1)
        if len(self._seen) > _MOST_ADDRESSES:
            self._seen.popitem(last=False)
        if count >= MOST_AN_HOUR:
            why = f"more than {MOST_AN_HOUR} webhooks of one address within an hour"
            raise WebhookRefused(why, is_flood=True)

    async def check(
        self, plugin_id: str, headers: Mapping[str, str], body: bytes, now: float
    ) -> None:
        """Raise WebhookRefused unless the body bears a signature; ``now``: seconds since 1970."""
        name, said = next(
            ((name, headers[name]) for name in HEADERS if headers.get(name)), ("", "")
        )
        if not said:
            raise WebhookRefused(f"the request has no signature; send {HEADERS[0]}")
        secret = await self._secret_of(plugin_id)
        if not secret:
            raise WebhookRefused("the plugin has stored no webhook_secret yet")
        if not is_signed(name, said[:_LONGEST], body, secret, now):
            raise WebhookRefused(f"the signature in {name} is not that of the body")

    async def _secret_of(self, plugin_id: str) -> str | None:
        row = self._installed.row(plugin_id)
        if not isinstance(row.description, GoatkitDescription):
            return None
        registration = row.description.registration
        try:
            for name in dict.fromkeys((registration.declared_name, registration.name)):
                if found := await self._secret(plugin_id, f"{name}_webhook_secret"):
                    return found
        except KeyUnusable as exc:
            raise WebhookRefused(str(exc)) from None
        return None


def is_signed(header: str, said: str, body: bytes, secret: str, now: float) -> bool:
    """Tell whether a header's value is the signature of a body. Pure."""
    if header == "Stripe-Signature":
        return _is_signed_with_time(said, body, secret, now)
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    offered = said.strip().removeprefix("sha256=").lower()
    return hmac.compare_digest(wanted.encode(), offered.encode("utf-8", "replace"))


def _is_signed_with_time(said: str, body: bytes, secret: str, now: float) -> bool:
    """Check ``t=1700000000,v1=HEX``, where the time is signed with the body and must be recent."""
    parts = [part.strip().partition("=") for part in said.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdecimal() and len(times[0]) < 16):
        return False
    if abs(now - int(times[0])) > _TOLERANCE_S:
        return False
    signed = b"%b.%b" % (times[0].encode(), body)
    wanted = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()
    offered = [value.lower().encode("utf-8", "replace") for name, _, value in parts if name == "v1"]
    return any(hmac.compare_digest(wanted, one) for one in offered)
