"""Paths that are the help desk's own, whatever a plugin declares.

A first segment is reserved with all below it, except in the areas that plugins share with the core:
there the second segment is. A test holds these lists against the URL map of the web app.
"""

from collections.abc import Mapping

OWN = frozenset(
    {
        "canned-replies",
        "dashboard",
        "events",
        "favicon.ico",
        "healthz",
        "login",
        "logout",
        "metrics",
        "notifications",
        "profile",
        "readyz",
        "robots.txt",
        "setup",
        "static",
        "tickets",
        "ui",
        ".well-known",
    }
)
SHARED: Mapping[str, frozenset[str]] = {
    "admin": frozenset(
        {
            "audit",
            "catalogue",
            "egress",
            "egress.csv",
            "groups",
            "people",
            "plugins",
            "sandbox",
            "settings",
            "statuses",
        }
    ),
    "api": frozenset(
        {
            "admin",
            "auth",
            "canned-replies",
            "catalogue",
            "docs",
            "groups",
            "me",
            "notifications",
            "openapi.json",
            "schemas",
            "statuses",
            "tickets",
            "users",
            "v1",
        }
    ),
}
_PLUGINS = ("api", "plugins")
"""Only below a plugin's name: ``/api/plugins/NAME``."""


def reserved(segments: tuple[str, ...]) -> str | None:
    """Say why a path cannot be a plugin's, as "which …", or return None."""
    # Letter case does not count: /Login would pass for the page that asks for passwords.
    first, *rest = (segment.casefold() for segment in segments)
    if first.startswith(":"):
        return "which would match every page"
    if first in OWN:
        return "which the help desk uses itself"
    if first in SHARED:
        return _shared(first, rest)
    return None


def _shared(first: str, rest: list[str]) -> str | None:
    if not rest or rest[0] in SHARED[first]:
        return "which the help desk uses itself"
    if rest[0].startswith(":"):
        return f"which would match every page below /{first}"
    if (first, rest[0]) == _PLUGINS and (len(rest) < 2 or rest[1].startswith(":")):
        return "which would match the paths of other plugins"
    return None
