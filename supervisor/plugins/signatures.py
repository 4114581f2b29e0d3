"""Signatures of GoatKit modules: Ed25519 over the SHA-256 of the module, in hexadecimal.

They cover the module and not what a package holds beside it; what was installed is pinned by the
digest of the whole package. A signature says who made a module, never that it does no harm. The
supervisor checks them itself, against the digest of the module that was compiled: what a package
says of its signature counts for nothing.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from sandbox_child.wire.entry import ModuleReport
from supervisor.errors import ModuleRefused
from supervisor.views import SignatureView

SIGNATURE_BYTES = 64
KEY_BYTES = 32
_MOST_TEXT = 1_024

MOST_SIGNATURE_BYTES = _MOST_TEXT
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

    def view(self) -> SignatureView:
        """Return it for pages."""
        return SignatureView(self.state, self.key, self.sentence)


def read_public_key(text: str) -> Ed25519PublicKey:
    """Return a public key from 64 hexadecimal digits; raises ValueError with a sentence."""
    raw = _hex(text.encode("utf-8", "replace"), KEY_BYTES)
    if raw is None:
        raise ValueError(f"a public key is {2 * KEY_BYTES} hexadecimal digits (Ed25519)")
    return Ed25519PublicKey.from_public_bytes(raw)


@dataclass(frozen=True, slots=True)
class SignatureRules:
    """The operator's rules."""

    required: bool = False
    """Whether nothing is installed that no trusted key has signed."""
    trusted: Mapping[str, Ed25519PublicKey] = field(default_factory=dict)
    """Keys by the names that are shown."""

    def look(self, report: ModuleReport, sha256: str) -> SignatureResult:
        """Return whose signature an installed file bears; ``sha256`` is that of the file."""
        signature = report.package_signature.encode() if report.package_signature else None
        digest = bytes.fromhex(report.module_sha256 or sha256)
        return check_digest(digest, signature, self.trusted)

    def check(self, report: ModuleReport, sha256: str) -> None:
        """Raise ModuleRefused for what must not be installed."""
        found = self.look(report, sha256)
        if self.required and not found.is_trusted:
            raise ModuleRefused(
                f"{found.sentence} Only modules that a trusted key has signed are installed here "
                "([plugins] require_signature)."
            )


def check_signature(
    module: bytes, signature: bytes | None, trusted: Mapping[str, Ed25519PublicKey]
) -> SignatureResult:
    """Return whose signature ``module`` bears; ``signature`` is the text of its ``.sig`` file."""
    return check_digest(hashlib.sha256(module).digest(), signature, trusted)


def check_digest(
    digest: bytes, signature: bytes | None, trusted: Mapping[str, Ed25519PublicKey]
) -> SignatureResult:
    """Return whose signature the module with this SHA-256 bears."""
    if signature is None:
        return SignatureResult("unsigned", "", "The module is not signed.")
    raw = _hex(signature, SIGNATURE_BYTES)
    if raw is None:
        expected = f"{2 * SIGNATURE_BYTES} hexadecimal digits"
        return SignatureResult("untrusted", "", f"The signature is not {expected} (Ed25519).")
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


def read_private_key(text: str) -> Ed25519PrivateKey:
    """Return a private key from 64 hexadecimal digits, or 128 with the public key behind it.

    Raises ValueError with a sentence.
    """
    packed = text.encode("utf-8", "replace")
    raw = _hex(packed, KEY_BYTES) or _hex(packed, 2 * KEY_BYTES)
    if raw is None:
        raise ValueError(f"a private key is {2 * KEY_BYTES} hexadecimal digits (Ed25519)")
    return Ed25519PrivateKey.from_private_bytes(raw[:KEY_BYTES])


def sign(module: bytes, key: Ed25519PrivateKey) -> str:
    """Return the text of the ``.sig`` file of a module."""
    return key.sign(hashlib.sha256(module).digest()).hex() + "\n"


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
