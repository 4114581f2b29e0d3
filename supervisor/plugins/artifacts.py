"""Module files and their compiled code, by content hash, out of reach of anything uploaded.

wasmtime runs whatever a compiled file holds, so each is authenticated: a MAC over its name and its
bytes, with a key that only this installation has, lies beside it and is checked before the file is
first used. To check 14 MB takes longer than to start a child, so files that were checked stay open,
a bounded number of them, and are checked again only when they look changed. The name contains the
hash of the module, the engine's version and settings, and the processor's features.
"""

import hashlib
import hmac
import os
import platform
import secrets
import threading
from collections import OrderedDict
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

_CHUNK = 1 << 20
_HASH_LENGTH = 64
_MODULES, _COMPILED = "modules", "compiled"


_Look = tuple[int, int, int, int, int]


def module_hash(module: bytes) -> str:
    """Return the SHA-256 of a module, in hexadecimal."""
    return hashlib.sha256(module).hexdigest()


class ArtifactStore:
    """Files under the data directory. Every method blocks; run them in a thread."""

    def __init__(self, directory: Path, key: bytes, settings: str, keep_open: int = 0) -> None:
        """``key`` authenticates; ``settings`` names the engine's version and settings.

        ``keep_open``: how many checked files stay open until :meth:`close`.
        """
        self._modules = directory / _MODULES
        self._compiled = directory / _COMPILED
        for folder in (self._modules, self._compiled):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._key = key
        features = hashlib.sha256((settings + _processor_features()).encode()).hexdigest()[:16]
        self._suffix = f"{platform.machine()}-{features}"
        self._checked: OrderedDict[str, tuple[int, _Look]] = OrderedDict()
        """Descriptors of files that were found authentic, and how each looked then, by hash."""
        self._keep_open = keep_open
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close what was kept open."""
        with self._lock:
            while self._checked:
                os.close(self._checked.popitem()[1][0])

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
        self._let_go(sha256)
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

        A file whose MAC does not fit is deleted, so that it is compiled again.
        """
        descriptor = self._reopen(sha256)
        if descriptor is None and (descriptor := self._open_checked(sha256)) is not None:
            self._keep(sha256, descriptor)
        return descriptor

    def _open_checked(self, sha256: str) -> int | None:
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

    def _reopen(self, sha256: str) -> int | None:
        """Return a copy of a descriptor that is kept open, unless the file looks changed."""
        with self._lock:
            kept = self._checked.get(sha256)
            if kept is None:
                return None
            self._checked.move_to_end(sha256)
            try:
                on_disk = _look(self._artifact(sha256).stat())
            except FileNotFoundError:
                on_disk = None
            if on_disk == kept[1] == _look(os.fstat(kept[0])):
                return os.dup(kept[0])
        self._let_go(sha256)
        return None

    def _keep(self, sha256: str, descriptor: int) -> None:
        with self._lock:
            if sha256 in self._checked or not self._keep_open:
                return
            self._checked[sha256] = (os.dup(descriptor), _look(os.fstat(descriptor)))
            if len(self._checked) > self._keep_open:
                os.close(self._checked.popitem(last=False)[1][0])

    def _let_go(self, sha256: str) -> None:
        with self._lock:
            if kept := self._checked.pop(sha256, None):
                os.close(kept[0])

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


def _look(stat: os.stat_result) -> _Look:
    """Return what changes with the bytes of a file.

    Every write sets the time of the last change, and no program can set it back.
    """
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def _processor_features() -> str:
    """Return what the kernel says of the processor: compiled code may use its instructions."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor()
    wanted = ("flags", "Features")
    return next((line for line in text.splitlines() if line.startswith(wanted)), "")
