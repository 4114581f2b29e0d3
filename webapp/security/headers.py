"""The security headers of every response, above all the Content-Security-Policy.

Nothing inline, nothing from elsewhere; frames, and requests for them, only of hosts that an enabled
panel declared, and on the ticket page alone. It must not know what a page shows.
"""

from collections.abc import Iterable

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_FOREIGN_CONTENT = "sandbox; default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
_HSTS = "max-age=31536000"


def content_security_policy(frame_sources: Iterable[str] = ()) -> str:
    """Build the policy; ``frame_sources`` are CSP source expressions such as ``https://a.b``."""
    panels = sorted(set(frame_sources))
    frames = " ".join(panels) or "'none'"
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "font-src 'self'",
            # The page asks a panel's server whether it responds before it shows the frame.
            " ".join(("connect-src 'self'", *panels)),
            f"frame-src {frames}",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


def security_headers(
    *, frame_sources: Iterable[str] = (), tls: bool = False, shared: bool = False
) -> dict[str, str]:
    """Return the headers that every response carries.

    ``shared``: for a file that documents without our origin load, such as those of plugins.
    """
    headers = dict(_ALWAYS)
    if shared:
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    headers["Content-Security-Policy"] = content_security_policy(frame_sources)
    if tls:
        headers["Strict-Transport-Security"] = _HSTS
    return headers


def foreign_content_headers(*, tls: bool = False) -> dict[str, str]:
    """Return the headers for what somebody sent: nothing in it runs, loads or has an origin."""
    return security_headers(tls=tls) | {"Content-Security-Policy": _FOREIGN_CONTENT}
