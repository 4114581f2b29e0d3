"""Encryption at rest: a ring of keys, and secrets that cannot be moved to another place.

AES-256-GCM with a random nonce. The place of a secret (plugin and field) is authenticated with it,
so that a row copied to another plugin or field does not decrypt. Keys for other uses are derived
from the same one with HKDF, so that no use can stand in for another.

The first key of a ring seals; all of them open, which is what lets a key be replaced
(``rotation``) without a moment in which a secret cannot be read.

Stored form: one version byte, 8 bytes that name the key, 12 bytes of nonce, ciphertext with tag.
"""

import base64
import binascii
import hashlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

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


class _Key:
    """One key, its name and its cipher."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise KeyUnusable(f"the secret key has {len(key)} bytes; expected {KEY_BYTES}")
        self.raw = key
        self.cipher = AESGCM(self.derive(b"config secrets"))
        self.name = hashlib.sha256(b"key name" + key).digest()[:_KEY_NAME_BYTES]

    def derive(self, use: bytes) -> bytes:
        return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=use).derive(self.raw)


class SecretBox:
    """Seals and opens secrets. Used by several threads; the ring is replaced as a whole."""

    def __init__(self, key: bytes, older: Sequence[bytes] = ()) -> None:
        """``older``: keys that still open what was sealed with them."""
        self._ring: tuple[_Key, ...] = (_Key(key), *(_Key(each) for each in older))

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The keys, the one that seals first."""
        return tuple(key.raw for key in self._ring)

    def derive(self, use: bytes) -> bytes:
        """Return a key of 32 bytes for another use, from the key that seals."""
        return self._ring[0].derive(use)

    def put_first(self, key: bytes) -> None:
        """Seal with ``key`` from now on; the others still open."""
        self._ring = (_Key(key), *(each for each in self._ring if each.raw != key))

    def forget_older(self) -> None:
        """Keep the key that seals alone."""
        self._ring = self._ring[:1]

    def is_current(self, sealed: bytes) -> bool:
        """Tell whether the key that seals now has sealed this."""
        return sealed[1 : 1 + _KEY_NAME_BYTES] == self._ring[0].name

    def seal(self, secret: str, plugin_id: str, field: str) -> bytes:
        """Encrypt ``secret`` for one field of one plugin."""
        key = self._ring[0]
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = key.cipher.encrypt(nonce, secret.encode(), _place(plugin_id, field))
        return _VERSION + key.name + nonce + sealed

    def open(self, sealed: bytes, plugin_id: str, field: str) -> str:
        """Decrypt; raises KeyUnusable where no key fits, or the place or a byte is another."""
        body = sealed[1:]
        name, body = body[:_KEY_NAME_BYTES], body[_KEY_NAME_BYTES:]
        key = next((key for key in self._ring if key.name == name), None)
        if sealed[:1] != _VERSION or key is None:
            raise KeyUnusable(
                f"the secret {field!r} of {plugin_id} was encrypted with another key; "
                "restore the old key, or enter the secret again"
            )
        nonce, ciphertext = body[:_NONCE_BYTES], body[_NONCE_BYTES:]
        try:
            return key.cipher.decrypt(nonce, ciphertext, _place(plugin_id, field)).decode()
        except (InvalidTag, ValueError):
            raise KeyUnusable(
                f"the secret {field!r} of {plugin_id} is damaged; enter it again"
            ) from None


def _place(plugin_id: str, field: str) -> bytes:
    return b"\0".join((b"ohd config", plugin_id.encode(), field.encode()))


def load_key(path: Path) -> bytes:
    """Return the key that seals; see :func:`load_keys`. Blocking."""
    return load_keys(path)[0]


def load_keys(path: Path) -> tuple[bytes, ...]:
    """Return the keys: from the environment, else from ``path``, which is made at first use.

    Each is 32 bytes in base64, the one that seals first: separated by blanks in the variable, one a
    line in the file. The file is readable by its owner alone; one that others can read is refused.
    Blocking. Raises KeyUnusable.
    """
    given = os.environ.get(KEY_VARIABLE)
    if given:
        return _decode(given, f"the environment variable {KEY_VARIABLE}")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    key = new_key()
    with os.fdopen(descriptor, "wb") as file:
        _write(file, (key,))
    _sync_folder(path.parent)
    return (key,)


def new_key() -> bytes:
    """Return a fresh key."""
    return secrets.token_bytes(KEY_BYTES)


def replace_keys(path: Path, keys: Sequence[bytes]) -> None:
    """Put ``keys`` into the key file, whole or not at all, durably. Blocking."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            _write(file, keys)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def keys_come_from_environment() -> bool:
    """Tell whether the operator gives the keys, so that no key file is used."""
    return bool(os.environ.get(KEY_VARIABLE))


def _write(file: BinaryIO, keys: Sequence[bytes]) -> None:
    file.writelines(base64.b64encode(key) + b"\n" for key in keys)
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make a new or a renamed file durable in its folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> tuple[bytes, ...]:
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise KeyUnusable(
            f"the key file {path} is readable by others (mode {mode:o}); run: chmod 600 {path}"
        )
    return _decode(path.read_text(encoding="ascii", errors="replace"), f"the key file {path}")


def _decode(text: str, where: str) -> tuple[bytes, ...]:
    try:
        keys = tuple(base64.b64decode(word, validate=True) for word in text.split())
    except (binascii.Error, ValueError):
        keys = ()
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise KeyUnusable(f"{where} does not hold {KEY_BYTES} bytes in base64")
    return keys
