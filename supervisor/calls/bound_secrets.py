"""Secrets that a plugin may use and never holds.

A field with ``"secret": true, "bind": ["api.example.com"]`` reaches the guest as a placeholder. The
supervisor puts the secret in its place in outbound requests: over https alone, to one of those
hosts, and only in the parts of the request that the manifest names (``bind_in``, the headers by
default), each time written as that part needs it. In the answer every form of the secret becomes
the placeholder again, so that a host which repeats what it was sent gives nothing away. Any other
request that carries the placeholder is refused.
"""

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

import msgspec

from supervisor.egress import EgressRequest
from supervisor.egress.errors import HostNotDeclared, RequestFailed
from supervisor.egress.url import parse_target
from supervisor.manifest import ConfigValue, Manifest
from supervisor.secrets.forms import forms_of

_ALL_PORTS = frozenset(range(1, 65536))
_PATH_SAFE = "/:@!$&'()*+,;=~"
_HEADER_TEXT = re.compile(r"[\x20-\x7e\x80-\xff]*")
_SHORTEST = 4

_Encode = Callable[[str], str]


class SecretNotUsable(Exception):
    """A request carries a bound secret where it must not go; the message says why."""


@dataclass(frozen=True, slots=True)
class _Bound:
    name: str
    secret: str
    hosts: frozenset[str]
    places: frozenset[str]


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
                self._bound[placeholder] = _Bound(
                    name, str(config[name]), frozenset(field.bind), frozenset(field.bind_in)
                )
                self.config[name] = placeholder
        self._forms, self._pattern = self._known_forms()

    def fill(self, request: EgressRequest, most_bytes: int) -> EgressRequest:
        """Return ``request`` with its secrets; raises SecretNotUsable.

        What would be larger than ``most_bytes`` is refused before it is made.
        """
        used = {p: b for p, b in self._bound.items() if any(p in t for t in _texts(request))}
        if not used:
            return request
        for placeholder, bound in used.items():
            _check_places(request, placeholder, bound)
        growth = sum(
            text.count(placeholder) * 12 * len(bound.secret)
            for placeholder, bound in used.items()
            for text in _texts(request)
        )
        if request.size() + growth > 12 * most_bytes:
            raise SecretNotUsable("the request would be too large with its secrets")
        filled = _filled(request, used)
        for bound in used.values():
            _check_target(filled.url, bound)
        return filled

    def hide(self, body: bytes) -> bytes:
        """Return an answer in which every form of a bound secret is its placeholder."""
        if self._pattern is None:
            return body
        return self._pattern.sub(lambda match: self._forms[match[0]], body)

    def _known_forms(self) -> tuple[dict[bytes, bytes], re.Pattern[bytes] | None]:
        forms = {
            form.encode("utf-8", "surrogatepass"): placeholder.encode()
            for placeholder, bound in self._bound.items()
            for form in forms_of(bound.secret)
            if len(form) >= _SHORTEST
        }
        longest_first = sorted(forms, key=len, reverse=True)
        return forms, re.compile(b"|".join(map(re.escape, longest_first))) if forms else None


def _texts(request: EgressRequest) -> Iterator[str]:
    yield request.url
    yield request.body or ""
    yield from request.headers
    yield from request.headers.values()


def _split(url: str) -> tuple[str, str, str]:
    """Return scheme with host, path, and query with what follows, without judging any of it."""
    scheme, slashes, rest = url.partition("://")
    at = min((i for i in map(rest.find, "/?#") if i >= 0), default=len(rest))
    path, mark, query = rest[at:].partition("?")
    return f"{scheme}{slashes}{rest[:at]}", path, f"{mark}{query}"


def _check_places(request: EgressRequest, placeholder: str, bound: _Bound) -> None:
    origin, path, query = _split(request.url)
    whole_url = request.url.startswith(placeholder)
    found = {
        "name of a header": any(placeholder in name for name in request.headers),
        "host": placeholder in origin and not whole_url,
        "path": placeholder in path or whole_url,
        "query": placeholder in query,
        "header": any(placeholder in value for value in request.headers.values()),
        "body": placeholder in (request.body or ""),
    }
    for place, is_there in found.items():
        if is_there and place not in bound.places:
            allowed = ", ".join(sorted(bound.places))
            raise SecretNotUsable(
                f"the secret {bound.name} is in the {place} of the request; the manifest "
                f"allows it only in: {allowed} (bind_in)"
            )


def _check_target(url: str, bound: _Bound) -> None:
    try:
        target = parse_target(url, bound.hosts, _ALL_PORTS)
    except HostNotDeclared:
        hosts = ", ".join(sorted(bound.hosts))
        raise SecretNotUsable(
            f"the request carries the secret {bound.name} to a host that it is not bound to; "
            f"it is bound to {hosts}"
        ) from None
    except RequestFailed as exc:
        raise SecretNotUsable(str(exc)) from None
    if target.scheme != "https":
        raise SecretNotUsable(f"the secret {bound.name} can be sent only over https")


def _filled(request: EgressRequest, used: Mapping[str, _Bound]) -> EgressRequest:
    url = request.url
    for placeholder, bound in used.items():
        if url.startswith(placeholder):
            url = bound.secret + url[len(placeholder) :]
    origin, path, query = _split(url)
    headers = {name: _put(value, used, _in_header) for name, value in request.headers.items()}
    return msgspec.structs.replace(
        request,
        url=origin
        + _put(path, used, lambda secret: quote(secret, safe=_PATH_SAFE))
        + _put(query, used, lambda secret: quote(secret, safe="")),
        headers=headers,
        body=None if request.body is None else _put(request.body, used, _body_encoding(request)),
    )


def _put(text: str, used: Mapping[str, _Bound], encode: _Encode) -> str:
    for placeholder, bound in used.items():
        if placeholder in text:
            text = text.replace(placeholder, encode(bound.secret))
    return text


def _in_header(secret: str) -> str:
    if not _HEADER_TEXT.fullmatch(secret):
        raise SecretNotUsable("the secret has characters that headers can't contain")
    return secret


def _body_encoding(request: EgressRequest) -> _Encode:
    type_ = next((v for k, v in request.headers.items() if k.lower() == "content-type"), "").lower()
    if "json" in type_ or (not type_ and (request.body or "").lstrip()[:1] in ("{", "[")):
        return lambda secret: json.dumps(secret)[1:-1]
    if "x-www-form-urlencoded" in type_:
        return quote_plus
    return str
