"""Validation of ``allowed_hosts``: exact hostnames, and nothing that only looks like one.

The list is a promise that an admin reads before enabling a plugin, and what egress compares with,
so there is one spelling of each name: ASCII, lower case. Egress checks again what it is given.
Sources: RFC 1123 and RFC 2181 for names; the WHATWG URL standard for "ends in a number".
"""

import re
from collections.abc import Sequence

from supervisor.manifest.errors import ManifestError, describe

MAX_HOST_LENGTH = 253
MAX_LABEL_LENGTH = 63

_EXPECTED = 'an exact hostname such as "hooks.slack.com"'
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)


def check_hosts(hosts: Sequence[str]) -> tuple[str, ...]:
    """Return ``hosts`` without doubles, or raise ``ManifestError`` for the first bad one."""
    for index, host in enumerate(hosts):
        problem = _problem(host)
        if problem is not None:
            field = f"permissions.http.allowed_hosts[{index}]"
            raise ManifestError(field, describe(host), _EXPECTED, problem)
    return tuple(dict.fromkeys(hosts))


def _problem(host: str) -> str | None:
    return _foreign_part(host) or _bad_name(host)


def _foreign_part(host: str) -> str | None:
    """Name the part of a URL, or the pattern, that does not belong in a hostname."""
    if "://" in host:
        return "leave the scheme out"
    if "*" in host:
        return "wildcards are not allowed: list each host"
    if "[" in host or host.count(":") > 1:
        return "an IP address cannot be declared: use a name"
    for mark, fix in (
        ("@", "leave user and password out"),
        ("/", "leave the path out"),
        ("?", "leave the query out"),
        ("#", "leave the fragment out"),
        (":", "leave the port out"),
    ):
        if mark in host:
            return fix
    return None


def _bad_name(host: str) -> str | None:
    if not host.isascii():
        return "write a name with other letters in its xn-- form"
    if host != host.lower():
        return f"write it in lower case: {describe(host.lower())}"
    if host.endswith("."):
        return "leave the dot at the end out"
    if len(host) > MAX_HOST_LENGTH:
        return f"a hostname has at most {MAX_HOST_LENGTH} characters"
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return "an IP address cannot be declared: use a name"
    return next((fix for label in labels if (fix := _bad_label(label))), None)


def _bad_label(label: str) -> str | None:
    if not label:
        return "two dots, or one at the start, leave a part of the name empty"
    if len(label) > MAX_LABEL_LENGTH:
        return f"a part between dots has at most {MAX_LABEL_LENGTH} characters"
    if not _LABEL.fullmatch(label):
        return "the parts between dots hold letters, digits and, inside, hyphens"
    if label.startswith("xn--") and not _decodes(label):
        return f"{label} is not a valid xn-- name"
    return None


def _decodes(label: str) -> bool:
    """Tell whether an xn-- label means other letters and is spelled the one right way."""
    encoded = label.removeprefix("xn--")
    try:
        decoded = encoded.encode("ascii").decode("punycode")
        again = decoded.encode("punycode").decode("ascii")
    except (UnicodeError, OverflowError):
        return False
    return again == encoded and not decoded.isascii()
