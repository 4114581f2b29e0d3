"""Paths that are the help desk's own, whatever a plugin declares.

A first segment is reserved with all below it, except ``/admin``, which plugins share with the core,
and ``/api/plugins/NAME``. A test holds these lists against the URL map of the web app.
"""

_TAKEN = "which the help desk uses itself"

OWN = frozenset(
    {
        "canned-replies",
        "dashboard",
        "drafts",
        "events",
        "files",
        "invitation",
        "favicon.ico",
        "healthz",
        "login",
        "logout",
        "mail",
        "metrics",
        "organizations",
        "plugin-frames",
        "plugin-widgets",
        "notifications",
        "password",
        "profile",
        "rate",
        "readyz",
        "robots.txt",
        "setup",
        "signup",
        "static",
        "thumbnails",
        "tickets",
        "ui",
        "views",
        ".well-known",
    }
)
ADMIN = frozenset(
    {
        "audit",
        "catalogue",
        "egress",
        "egress.csv",
        "groups",
        "mail",
        "organizations",
        "people",
        "plugins",
        "sandbox",
        "settings",
        "statuses",
    }
)
"""Second segments behind ``/admin``; the others are free."""


def reserved(segments: tuple[str, ...]) -> str | None:
    """Say why a path cannot be a plugin's, as "which …", or return None."""
    # Letter case does not count: /Login would pass for the page that asks for passwords.
    first, *rest = (segment.casefold() for segment in segments)
    if first.startswith(":"):
        return "which would match every page"
    if first == "admin":
        return _admin(rest)
    if first == "api":
        return _api(rest)
    return _TAKEN if first in OWN else None


def _admin(rest: list[str]) -> str | None:
    if rest and rest[0].startswith(":"):
        return "which would match every page below /admin"
    return _TAKEN if not rest or rest[0] in ADMIN else None


def _api(rest: list[str]) -> str | None:
    if rest[:1] != ["plugins"]:
        return f"{_TAKEN}; /api/plugins/NAME is for plugins"
    if len(rest) < 2 or rest[1].startswith(":"):
        return "which would match the paths of other plugins"
    return None
