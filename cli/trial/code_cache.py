"""Compiled code that is kept between commands, so that only a changed module is compiled again.

It lies in the user's cache folder, authenticated with a key that lies beside it and is the user's
alone: whoever can write there could as well change the programs of the user. What a server runs is
never taken from here.
"""

import os
import secrets
import shutil
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

from cli.compose import WITH_LINES
from cli.errors import CannotGoOn
from sandbox_child.abi.contracts import examine
from sandbox_child.abi.errors import AbiRefused
from sandbox_child.abi.structure import Needs
from sandbox_child.packages import PackageError, read_package
from sandbox_child.runtime.settings import settings_fingerprint
from sandbox_child.wasm.errors import ModuleError
from sandbox_child.wasm.module import read_module
from sandbox_child.wire.entry import ModuleReport
from supervisor.plugins.artifacts import ArtifactStore

_KEY_BYTES = 32
_OF_ITSELF = Needs(events=False, panel=False, manifest=False)
_MOST = 24
"""Modules that are kept; those that were used longest ago go first."""


def cache_folder() -> Path:
    """Return the folder for files that can be rebuilt (XDG Base Directory Specification)."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(given) if Path(given).is_absolute() else Path.home() / ".cache"
    return base / "ohd"


def open_kept(sha256: str, module: bytes) -> ArtifactStore:
    """Return a store that has the module, to be closed by the caller; raises CannotGoOn. Blocks."""
    folder = cache_folder()
    try:
        store = _store()
        store.save_module(sha256, module)
        os.utime(store.module_path(sha256))
        _forget_oldest(store, folder)
    except OSError as exc:
        raise CannotGoOn(
            f"{exc.filename or folder}: {exc.strerror}; set XDG_CACHE_HOME to a folder that can "
            "be written to"
        ) from None
    return store


class KeptModules:
    """A ``KeptCode`` of the supervisor: the GoatKit files that this user compiled before."""

    def fetch(self, sha256: str, target: Path) -> ModuleReport | None:
        """See the protocol."""
        try:
            with closing(_store()) as store:
                return self._copied(store, sha256, target)
        except (OSError, ModuleError, PackageError, AbiRefused):
            return None  # it is compiled again

    def keep(self, sha256: str, module: Path, code: Path) -> None:
        """See the protocol."""
        with suppress(OSError, CannotGoOn), closing(open_kept(sha256, module.read_bytes())) as kept:
            part = kept.new_artifact(sha256)
            shutil.copyfile(code, part)
            kept.adopt(sha256, part)

    def _copied(self, store: ArtifactStore, sha256: str, target: Path) -> ModuleReport | None:
        code = store.open_artifact(sha256)
        if code is None:
            return None
        with os.fdopen(code, "rb") as source, target.open("wb") as file:
            source.seek(0)  # it was read to its end when it was checked
            shutil.copyfileobj(source, file)
        kept = store.module_path(sha256)
        os.utime(kept)
        package = read_package(kept.read_bytes())
        report = examine(read_module(package.module), _OF_ITSELF)
        return replace(
            report,
            package_manifest=(package.manifest_json or b"").decode(),
            package_signature=(package.signature or b"").decode("ascii", "replace"),
        )


def _store() -> ArtifactStore:
    folder = cache_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Another engine setting than a server's: its code knows the lines of its source.
    return ArtifactStore(folder, _key(folder / "key"), settings_fingerprint() + WITH_LINES)


def _key(path: Path) -> bytes:
    """Return the key of this folder, made at the first use."""
    with suppress(FileExistsError):
        part = path.with_suffix(f".{secrets.token_hex(4)}.part")
        part.touch(mode=0o600)
        part.write_bytes(secrets.token_bytes(_KEY_BYTES))
        # A link, unlike a rename, leaves the key alone that another command has made meanwhile.
        try:
            os.link(part, path)
        finally:
            part.unlink()
    return path.read_bytes()


def _forget_oldest(store: ArtifactStore, folder: Path) -> None:
    found = []
    for path in (folder / "modules").glob("*.wasm"):
        with suppress(FileNotFoundError):  # another command forgets as well
            found.append((path.stat().st_mtime, path.stem))
    for _, sha256 in sorted(found)[:-_MOST]:
        store.delete(sha256)
