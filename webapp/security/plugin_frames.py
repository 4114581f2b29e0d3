"""Headers of a plugin's document: it has no origin, reaches nothing, and leads nowhere."""

from collections.abc import Mapping

SANDBOX = "allow-scripts allow-forms"
"""Without ``allow-same-origin``: no cookies, no storage, no API. Forms are sent by our own script,
never by the frame: ``form-action`` forbids it."""


def plugin_frame_headers(own_origin: str) -> Mapping[str, str]:
    """Return the headers; ``own_origin`` serves the stylesheet and the script of frames.

    Sources: Content Security Policy Level 3; the sandbox attribute of the HTML standard.
    """
    static = f"{own_origin}/static/"
    return {
        "Content-Security-Policy": "; ".join(
            (
                f"sandbox {SANDBOX}",
                "default-src 'none'",
                f"script-src 'unsafe-inline' {static}",
                f"style-src 'unsafe-inline' {static}",
                f"img-src data: {static}",
                "font-src data:",
                "connect-src 'none'",
                "form-action 'none'",
                "base-uri 'none'",
                "frame-ancestors 'self'",
            )
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Cache-Control": "no-store",
    }
