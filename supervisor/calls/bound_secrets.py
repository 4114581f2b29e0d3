"""Secrets that a plugin may use and never holds.

A field with ``"secret": true, "bind": ["hooks.slack.com"]`` reaches the guest as a placeholder. The
supervisor puts the secret in its place, in the URL, the headers and the body of a request to one of
those hosts, and refuses any other request that carries the placeholder.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from supervisor.egress import EgressRequest
from supervisor.egress.errors import RequestFailed
from supervisor.egress.url import parse_target
from supervisor.manifest import ConfigValue, Manifest

_ALL_PORTS = frozenset(range(1, 65536))


class SecretNotForHost(Exception):
    """A request carries a bound secret to a host that it is not bound to."""


@dataclass(frozen=True, slots=True)
class _Bound:
    secret: str
    hosts: frozenset[str]


class BoundSecrets:
    """The bound secrets of one plugin, and the configuration that its guest gets instead."""

    def __init__(
        self,
        manifest: Manifest,
        config: Mapping[str, ConfigValue],
        before: "BoundSecrets | None" = None,
    ) -> None:
        """``before``: those of the configuration that this one replaces, whose placeholders stay.

        An event that is under way during the change can still use its own.
        """
        self.placeholders: dict[str, str] = dict(before.placeholders) if before else {}
        """Of each bound field."""
        self.config: dict[str, ConfigValue] = dict(config)
        """``config`` with placeholders for bound secrets."""
        self._bound: dict[str, _Bound] = {}
        for name, field in manifest.config_schema.items():
            if field.bind and config.get(name):
                placeholder = self.placeholders.setdefault(
                    name, f"ohd-secret-{secrets.token_hex(16)}"
                )
                self._bound[placeholder] = _Bound(str(config[name]), frozenset(field.bind))
                self.config[name] = placeholder

    def fill(self, request: EgressRequest) -> EgressRequest:
        """Return ``request`` with its secrets; raises SecretNotForHost."""
        texts = (request.url, request.body or "", *request.headers, *request.headers.values())
        used = [p for p in self._bound if any(p in text for text in texts)]
        if not used:
            return request
        filled = msgspec.structs.replace(
            request,
            url=self._put(request.url, used),
            headers={self._put(k, used): self._put(v, used) for k, v in request.headers.items()},
            body=None if request.body is None else self._put(request.body, used),
        )
        for placeholder in used:
            try:
                parse_target(filled.url, self._bound[placeholder].hosts, _ALL_PORTS)
            except RequestFailed:
                raise SecretNotForHost(
                    "the request carries a secret to a host that the secret is not bound to"
                ) from None
        return filled

    def _put(self, text: str, used: list[str]) -> str:
        for placeholder in used:
            text = text.replace(placeholder, self._bound[placeholder].secret)
        return text
