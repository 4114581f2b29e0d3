"""Encryption at rest: one key, and secrets that cannot be moved to another place.

AES-256-GCM with a random nonce. The place of a secret (plugin and field) is authenticated with it,
so that a row copied to another plugin or field does not decrypt. Keys for other uses are derived
from the same one with HKDF, so that no use can stand in for another.

Stored form: one version byte, 8 bytes that name the key, 12 bytes of nonce, ciphertext with tag.
"""

import base64
import binascii
import hashlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from supervisor.errors import SupervisorError

KEY_BYTES = 32
KEY_VARIABLE = "OHD_SECRET_KEY"
_VERSION = b"\x01"
_KEY_NAME_BYTES, _NONCE_BYTES = 8, 12


class KeyUnusable(SupervisorError):
    """The key is missing, malformed, or not the one that a secret was encrypted with."""


class SecretBox:
    """Seals and opens secrets with one key."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise KeyUnusable(f"the secret key has {len(key)} bytes; expected {KEY_BYTES}")
        self._key = key
        self._cipher = AESGCM(self.derive(b"config secrets"))
        self._name = hashlib.sha256(b"key name" + key).digest()[:_KEY_NAME_BYTES]

    def derive(self, use: bytes) -> bytes:
        """Return a key of 32 bytes for another use."""
        return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=use).derive(self._key)

    def seal(self, secret: str, plugin_id: str, field: str) -> bytes:
        """Encrypt ``secret`` for one field of one plugin."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, secret.encode(), _place(plugin_id, field))
        return _VERSION + self._name + nonce + sealed

    def open(self, sealed: bytes, plugin_id: str, field: str) -> str:
        """Decrypt; raises KeyUnusable where the key, the place or a byte is another."""
        body = sealed[1:]
        name, body = body[:_KEY_NAME_BYTES], body[_KEY_NAME_BYTES:]
        if sealed[:1] != _VERSION or name != self._name:
            raise KeyUnusable(
                f"the secret {field!r} of {plugin_id} was encrypted with another key; "
                "put the old key back, or enter the secret again"
            )
        nonce, ciphertext = body[:_NONCE_BYTES], body[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, ciphertext, _place(plugin_id, field)).decode()
        except InvalidTag:
            raise KeyUnusable(
                f"the secret {field!r} of {plugin_id} is damaged; enter it again"
            ) from None


def _place(plugin_id: str, field: str) -> bytes:
    return b"\0".join((b"ohd config", plugin_id.encode(), field.encode()))


def load_key(path: Path) -> bytes:
    """Return the key: from the environment, else from ``path``, which is made at first use.

    The file is readable by its owner alone; one that others can read is refused. Blocking.
    """
    given = os.environ.get(KEY_VARIABLE)
    if given:
        return _decode(given, f"the environment variable {KEY_VARIABLE}")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    key = secrets.token_bytes(KEY_BYTES)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(key) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return key


def _read(path: Path) -> bytes:
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise KeyUnusable(
            f"the key file {path} can be read by others (mode {mode:o}); run: chmod 600 {path}"
        )
    return _decode(path.read_text(encoding="ascii", errors="replace"), f"the key file {path}")


def _decode(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyUnusable(f"{where} does not hold {KEY_BYTES} bytes in base64")
    return key
