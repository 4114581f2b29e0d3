"""Headers of a plugin's document: it has no origin, reaches nothing, and leads nowhere."""

from collections.abc import Mapping

SANDBOX = "allow-scripts allow-forms"
"""Without ``allow-same-origin``: no cookies, no storage, no API. Forms are sent by our own script,
never by the frame: ``form-action`` forbids it."""
VENDOR = "/static/vendor/"


def headers_of_frames(tls: bool = False) -> Mapping[str, str]:
    """Return the headers; scripts are the document's own, and those of others that we serve.

    Sources: Content Security Policy Level 3; the sandbox attribute of the HTML standard. ``'self'``
    is what the address says, also in a document without an origin.
    """
    headers = {
        "Content-Security-Policy": "; ".join(
            (
                f"sandbox {SANDBOX}",
                "default-src 'none'",
                "script-src 'unsafe-inline' 'self'",
                "style-src 'unsafe-inline'",
                "img-src data: blob:",
                "media-src data: blob:",
                "font-src data:",
                "connect-src 'none'",
                "worker-src 'none'",
                "frame-src 'none'",
                "form-action 'none'",
                "base-uri 'none'",
                "frame-ancestors 'self'",
            )
        ),
        "X-Content-Type-Options": "nosniff",
        "X-DNS-Prefetch-Control": "off",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Cache-Control": "no-store",
    }
    return headers | ({"Strict-Transport-Security": "max-age=31536000"} if tls else {})
