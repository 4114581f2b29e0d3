"""Secrets that people hold and the database does not: only their SHA-256 is stored.

256 random bits need no salt and no slow hash: nobody can try them all.
"""

import hashlib
import secrets


def new_token() -> str:
    """Return 256 random bits as 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """Return what is stored in place of the token."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


def derived(token: str, purpose: str) -> str:
    """Return a second secret that follows from the first, as 64 hexadecimal digits.

    It does not give the first away, and what is stored gives neither.
    """
    return hashlib.sha256(f"{purpose}\0{token}".encode(errors="replace")).hexdigest()
