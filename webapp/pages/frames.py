"""Frames that a ticket page may show: hosts that a plugin with an enabled panel declared.

Pure checks on addresses, and the one question to the plugins that the policy needs. A frame of
our own origin is never shown: with scripts and same-origin allowed it could shed its sandbox.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from supervisor.views import PanelSlot
from webapp.context import app_context

_DEFAULT_PORTS = {"http": 80, "https": 443}


async def frame_sources(slots: Sequence[PanelSlot]) -> tuple[str, ...]:
    """Return the CSP sources for these panels; asks nothing where there is none.

    A manifest declares host names without ports, so every port of a declared host fits. Plain
    ``http`` is framed only where the operator allows it.
    """
    if not slots:
        return ()
    with_panel = {slot.plugin_id for slot in slots}
    schemes = ("https", "http") if app_context().config.allow_http_panels else ("https",)
    return tuple(
        f"{scheme}://{host}:*"
        for plugin in await app_context().supervisor.overview.plugins()
        if plugin.id in with_panel
        for host in plugin.allowed_hosts
        for scheme in schemes
    )


def is_own_origin(url: str, public_url: str, host_header: str) -> bool:
    """Tell whether ``url`` leads to the help desk itself, by its public or its asked-for name.

    An address that cannot be read counts as our own: it is not framed either.
    """
    found = _endpoint(url)
    asked = (f"http://{host_header}", f"https://{host_header}")
    return found is None or found in {_endpoint(own) for own in (public_url, *asked)}


def _endpoint(url: str) -> tuple[str, int] | None:
    """Return host and port of an address, or None where it is malformed or lacks either."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (host, port) if host and port else None
