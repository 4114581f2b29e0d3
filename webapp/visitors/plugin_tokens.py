"""Tokens with which frames of one plugin change things at that plugin's routes, and nowhere else.

Derived from the visitor's own token, so that it ends with it. A plugin that learned its token could
do with it what its routes do for the visitor anyway.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode

from webapp.visitors.sessions import Visit


def plugin_token(visit: Visit, plugin_id: str) -> str:
    """Return the visitor's token for one plugin."""
    digest = hmac.digest(
        visit.csrf_token.encode(), b"plugin\0" + plugin_id.encode(), hashlib.sha256
    )
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
