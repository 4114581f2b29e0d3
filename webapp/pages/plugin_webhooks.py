"""Requests to a plugin's route that bear a signature of their body, in the place of a login."""

import time
from collections.abc import Mapping

from quart import request

from supervisor.calls.behalf import EVERYTHING
from supervisor.delivery.functions import FoundRoute
from supervisor.delivery.webhooks import HEADERS, MOST_BYTES, WebhookRefused
from webapp.context import app_context
from webapp.errors import WebhookNotSigned
from webapp.pages.plugin_requests import NO_ORG, Asking
from webapp.security.origin import forwarded_address
from webapp.visitors.origin import forwarded_for, peer_of


def is_by_signature(found: FoundRoute) -> bool:
    """Tell whether a signature is all that the route needs: granted to be public."""
    return found.route.access.webhook and found.is_public


async def require_signature(found: FoundRoute) -> None:
    """Raise unless the request bears a signature; what is refused is on record."""
    here = app_context()
    address = forwarded_address(peer_of(request), forwarded_for(request), here.config.proxy_hops)
    webhooks = here.supervisor.webhooks
    try:
        webhooks.count(found.plugin_id, address, time.monotonic())
        _check_size(request.content_length or 0)
        body = bytes(await request.body)
        _check_size(len(body))
        await webhooks.check(found.plugin_id, _headers(), body, time.time())
    except WebhookRefused as exc:
        here.supervisor.functions.refused(found, str(exc))
        raise WebhookNotSigned(str(exc), is_flood=exc.is_flood) from None


def _headers() -> Mapping[str, str]:
    return {name: request.headers[name] for name in HEADERS if name in request.headers}


def _check_size(size: int) -> None:
    if size > MOST_BYTES:
        raise WebhookRefused(f"its body has {size:,} bytes; at most {MOST_BYTES:,} are taken")


def signed() -> Asking:
    """Return for whom such a request is: nobody in particular, as a job is."""
    envelope = {
        "_method": request.method,
        "_path": request.path,
        **NO_ORG,
        "_lang": "en",
    }
    return Asking(None, EVERYTHING, envelope)
