"""Signatures of GoatKit modules: Ed25519 over the SHA-256 of the module, in hexadecimal.

They cover the module and not what a package holds beside it; what was installed is pinned by the
digest of the whole package. A signature says who made a module, never that it does no harm. The
supervisor checks them itself: what a child says of a signature counts for nothing.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SIGNATURE_BYTES = 64
KEY_BYTES = 32
_MOST_TEXT = 1_024

State = Literal["unsigned", "signed", "untrusted"]


@dataclass(frozen=True, slots=True)
class SignatureResult:
    """Whose signature a module bears."""

    state: State
    """``untrusted``: there is one, and no trusted key made it."""
    key: str
    """Name of the trusted key; empty where none made it."""
    sentence: str

    @property
    def is_trusted(self) -> bool:
        """Tell whether a trusted key signed this very module."""
        return self.state == "signed"


def read_public_key(text: str) -> Ed25519PublicKey:
    """Return a public key from 64 hexadecimal digits; raises ValueError with a sentence."""
    raw = _hex(text.encode("utf-8", "replace"), KEY_BYTES)
    if raw is None:
        raise ValueError(f"a public key is {2 * KEY_BYTES} hexadecimal digits (Ed25519)")
    return Ed25519PublicKey.from_public_bytes(raw)


def check_signature(
    module: bytes, signature: bytes | None, trusted: Mapping[str, Ed25519PublicKey]
) -> SignatureResult:
    """Return whose signature ``module`` bears; ``signature`` is the text of its ``.sig`` file."""
    if signature is None:
        return SignatureResult("unsigned", "", "The module is not signed.")
    raw = _hex(signature, SIGNATURE_BYTES)
    if raw is None:
        expected = f"{2 * SIGNATURE_BYTES} hexadecimal digits"
        return SignatureResult("untrusted", "", f"The signature is not {expected} (Ed25519).")
    digest = hashlib.sha256(module).digest()
    for name, key in trusted.items():
        try:
            key.verify(raw, digest)
        except InvalidSignature:
            continue
        return SignatureResult("signed", name, f"Signed by {name}.")
    sentence = (
        "No trusted key made the signature: the module was changed, or another key signed it."
        if trusted
        else "The module is signed, and no key is trusted yet, so the signature proves nothing."
    )
    return SignatureResult("untrusted", "", sentence)


def _hex(text: bytes, size: int) -> bytes | None:
    if len(text) > _MOST_TEXT:
        return None
    try:
        # fromhex alone would skip blanks anywhere.
        digits = text.decode("ascii").strip()
        raw = bytes.fromhex(digits)
    except ValueError:
        return None
    return raw if len(digits) == 2 * size == 2 * len(raw) else None
