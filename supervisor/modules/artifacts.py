"""Module files and their compiled code, by content hash, out of reach of anything uploaded.

wasmtime runs whatever a compiled file holds, so each is authenticated: a MAC over its name and its
bytes, with a key that only this installation has, lies beside it and is checked before the file is
first used. The name contains the hash of the module, the engine's version and settings, and the
processor's features.
"""

import hashlib
import hmac
import os
import platform
import secrets
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

_CHUNK = 1 << 20
_HASH_LENGTH = 64
_MODULES, _COMPILED = "modules", "compiled"


def module_hash(module: bytes) -> str:
    """Return the SHA-256 of a module, in hexadecimal."""
    return hashlib.sha256(module).hexdigest()


class ArtifactStore:
    """Files under the data directory. Every method blocks; run them in a thread."""

    def __init__(self, directory: Path, key: bytes, settings: str) -> None:
        """``key`` authenticates; ``settings`` names the engine's version and settings."""
        self._modules = directory / _MODULES
        self._compiled = directory / _COMPILED
        for folder in (self._modules, self._compiled):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._key = key
        features = hashlib.sha256((settings + _processor_features()).encode()).hexdigest()[:16]
        self._suffix = f"{platform.machine()}-{features}"

    def save_module(self, sha256: str, module: bytes) -> None:
        """Keep a module's bytes, whole or not at all."""
        path = self.module_path(sha256)
        if path.exists():
            return
        part = path.with_suffix(f".{secrets.token_hex(4)}.part")
        try:
            with part.open("xb") as file:
                part.chmod(0o600)
                file.write(module)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise

    def module_path(self, sha256: str) -> Path:
        """Return where a module's bytes lie."""
        return self._modules / f"{sha256}.wasm"

    def delete(self, sha256: str) -> None:
        """Forget a module and everything compiled from it."""
        self.module_path(sha256).unlink(missing_ok=True)
        for path in self._compiled.glob(f"{sha256}-*"):
            path.unlink(missing_ok=True)

    def keep_only(self, hashes: Collection[str]) -> None:
        """Delete every file of a module that is not among ``hashes``, and what is half written."""
        for path in [*self._modules.iterdir(), *self._compiled.iterdir()]:
            if path.suffix == ".part" or path.name[:_HASH_LENGTH] not in hashes:
                path.unlink(missing_ok=True)

    def new_artifact(self, sha256: str) -> Path:
        """Return the path of a new, empty file for a compile child to write into."""
        path = self._compiled / f"{sha256}-{secrets.token_hex(4)}.part"
        path.touch(mode=0o600, exist_ok=False)
        return path

    def adopt(self, sha256: str, part: Path) -> None:
        """Authenticate a file that a compile child wrote, once that child is gone."""
        path = self._artifact(sha256)
        mac = self._mac(path.name, part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        mac_part = path.with_suffix(f".{secrets.token_hex(4)}.part")
        try:
            mac_part.write_bytes(mac)
            mac_part.replace(path.with_suffix(".mac"))
        except BaseException:
            with suppress(OSError):
                mac_part.unlink()
            raise
        part.replace(path)

    def open_artifact(self, sha256: str) -> int | None:
        """Return a descriptor of the authenticated compiled code; None where there is none.

        A file whose MAC does not fit is deleted, so that it is compiled anew.
        """
        path = self._artifact(sha256)
        mac_path = path.with_suffix(".mac")
        try:
            expected = mac_path.read_bytes()
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        with os.fdopen(os.dup(descriptor), "rb") as file:
            found = self._digest(path.name, file)
        if hmac.compare_digest(expected, found):
            return descriptor
        os.close(descriptor)
        path.unlink(missing_ok=True)
        mac_path.unlink(missing_ok=True)
        return None

    def _artifact(self, sha256: str) -> Path:
        return self._compiled / f"{sha256}-{self._suffix}.cwasm"

    def _mac(self, name: str, path: Path) -> bytes:
        with path.open("rb") as file:
            return self._digest(name, file)

    def _digest(self, name: str, file: BinaryIO) -> bytes:
        mac = hashlib.blake2b(name.encode() + b"\0", key=self._key, digest_size=32)
        while chunk := file.read(_CHUNK):
            mac.update(chunk)
        return mac.digest()


def _processor_features() -> str:
    """Return what the kernel says of the processor: compiled code may use its instructions."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor()
    wanted = ("flags", "Features")
    return next((line for line in text.splitlines() if line.startswith(wanted)), "")
