"""Time-based one-time codes (TOTP, RFC 6238): six digits, every 30 seconds. Pure."""

import hmac
from datetime import datetime

import pyotp

STEP_S = 30
DIGITS = 6
SKEW = 1
"""Steps by which the clock of somebody's phone may be early or late."""
SECRET_CHARACTERS = 32
"""160 bits in base 32, as long as the hash (RFC 4226, section 4)."""


def new_secret() -> str:
    """Return a new secret in base 32."""
    return pyotp.random_base32(SECRET_CHARACTERS)


def address(secret: str, email: str, issuer: str) -> str:
    """Return what the QR code says: an ``otpauth`` address, as apps read it."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def is_code(text: str) -> bool:
    """Tell whether this has the form of a code."""
    return len(text) == DIGITS and text.isascii() and text.isdigit()


def matching_step(secret: str, code: str, now: datetime, *, after: int) -> int | None:
    """Return the time step whose code this is; None where it is none that may be used now.

    ``after``: the newest step whose code was used. That one and all before it are used up
    (RFC 6238, section 5.2).
    """
    if not is_code(code):
        return None
    totp, current = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_S), _step(now)
    found = None
    # Each is compared, and none is left out early, so that the time says nothing.
    for step in range(current - SKEW, current + SKEW + 1):
        if hmac.compare_digest(totp.generate_otp(step), code) and step > after:
            found = step
    return found


def _step(now: datetime) -> int:
    return int(now.timestamp()) // STEP_S
