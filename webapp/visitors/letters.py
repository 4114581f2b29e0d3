"""How often a visitor may have a letter sent: counted by network address and by mailbox.

The limits are the same whether the address has an account or not.
"""

from quart import request

from helpdesk import domains
from webapp.context import app_context
from webapp.errors import TooManyAttempts
from webapp.security.origin import client_address
from webapp.visitors.origin import forwarded_for, peer_of

PER_ADDRESS = 10
"""Requests from one network address within the window of log-ins."""
PER_MAILBOX = 3
"""To one mailbox, whatever the tag in its address."""


def require_turn(purpose: str, email: str) -> None:
    """Count one letter of a purpose to ``email``. Raises ``TooManyAttempts``."""
    throttle, config = app_context().throttle, app_context().config
    address = client_address(peer_of(request), forwarded_for(request), config.proxy_hops)
    mailbox = domains.without_tag(domains.with_ascii_domain(email.strip().lower()[:254]))
    for key, most in (
        (f"{purpose} from {address}", PER_ADDRESS),
        (f"{purpose} by {mailbox}", PER_MAILBOX),
    ):
        if wait := throttle.begin(key, most):
            raise TooManyAttempts(wait)
