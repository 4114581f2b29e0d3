"""The form of a backup: one tar file whose first member says what it holds, each with its hash.

::

    manifest.json       {format, version, made_at, files: {name: {size, sha256}}}
    ohd.sqlite3         the database, one moment of it
    modules/<hash>.wasm every plugin's module
    files/<aa>/<hash>   every file of a ticket
    mail/<aa>/<hash>    every message as it came
    plugin-data/<hash>/own.sqlite3   each plugin's own database, a moment later
    config.toml         the settings file, where there is one; never put in place by itself
    secret.key          only where it was asked for

Nothing is unpacked by its own word: a reader takes the members that the manifest names, as plain
files, under names that it checks, and compares size and hash.
"""

import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from cli.errors import CannotGoOn

FORMAT = 1
DATABASE, CONFIG, KEY, MODULES = "ohd.sqlite3", "config.toml", "secret.key", "modules"
FILES = "files"
MAIL = "mail"
_MANIFEST = "manifest.json"
_MOST_MANIFEST = 16 << 20
_CHUNK = 1 << 20
_NAME = re.compile(
    r"ohd\.sqlite3|config\.toml|secret\.key|modules/[0-9a-f]{64}\.wasm"
    r"|(files|mail)/[0-9a-f]{2}/[0-9a-f]{64}"
    r"|plugin-data/[0-9a-f]{32}/own\.sqlite3",
    re.ASCII,
)


class Entry(msgspec.Struct, frozen=True):
    """One file of a backup."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """Contents of a backup."""

    format: int
    version: str
    """Of Open Help Desk."""
    made_at: str
    files: dict[str, Entry]


@dataclass(frozen=True, slots=True)
class Contents:
    """Files of a backup: names in the archive to files on disk."""

    version: str
    made_at: str
    files: Mapping[str, Path]


def write_archive(target: Path, contents: Contents) -> Manifest:
    """Write a backup, readable by its owner alone, whole or not at all."""
    entries = {name: _measure(path) for name, path in contents.files.items()}
    manifest = Manifest(FORMAT, contents.version, contents.made_at, entries)
    part = target.with_name(f".{target.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                _add(tar, _MANIFEST, json.dumps(msgspec.to_builtins(manifest), indent=1).encode())
                for name, path in contents.files.items():
                    _add_file(tar, name, path, entries[name])
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return manifest


@contextmanager
def open_archive(path: Path) -> Iterator["Archive"]:
    """Open a backup; raises CannotGoOn where it is none, or of another format."""
    try:
        with tarfile.open(path, mode="r:") as tar:
            yield Archive(path, tar)
    except tarfile.TarError as exc:
        raise CannotGoOn(f"{path}: this is not a complete backup: {exc}") from None


class Archive:
    """A backup that is being read, from its beginning to its end."""

    def __init__(self, path: Path, tar: tarfile.TarFile) -> None:
        self._path = path
        self._tar = tar
        self.manifest = self._read_manifest()

    def unpack(self, folder: Path) -> None:
        """Write every file that the manifest names below ``folder``; raises CannotGoOn."""
        missing = dict(self.manifest.files)
        while (member := self._tar.next()) is not None:
            expected = missing.pop(member.name, None)
            source = self._tar.extractfile(member) if member.isreg() else None
            if expected is None or source is None or member.size != expected.size:
                raise CannotGoOn(
                    f"{self._path}: {member.name!r} does not match the manifest; the backup is "
                    "damaged"
                )
            self._copy(source, folder / member.name, expected)
        if missing:
            raise CannotGoOn(f"{self._path}: the backup is missing {', '.join(sorted(missing))}")

    def _copy(self, source: IO[bytes], target: Path, expected: Entry) -> None:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        digest = hashlib.sha256()
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if digest.hexdigest() != expected.sha256:
            raise CannotGoOn(f"{self._path}: {target.name} was changed since the backup was made")

    def _read_manifest(self) -> Manifest:
        member = self._tar.next()
        source = self._tar.extractfile(member) if member is not None and member.isreg() else None
        if member is None or source is None or member.name != _MANIFEST:
            raise CannotGoOn(f"{self._path}: this is not a backup: it has no manifest")
        if member.size > _MOST_MANIFEST:
            raise CannotGoOn(f"{self._path}: its manifest is too large")
        try:
            manifest = msgspec.json.decode(source.read(), type=Manifest)
        except msgspec.MsgspecError as exc:
            raise CannotGoOn(f"{self._path}: its manifest cannot be read: {exc}") from None
        if manifest.format != FORMAT:
            raise CannotGoOn(
                f"{self._path}: the backup has format {manifest.format}, this version reads "
                f"{FORMAT}; use Open Help Desk {manifest.version}"
            )
        for name in manifest.files:
            if not _NAME.fullmatch(name):
                raise CannotGoOn(
                    f"{self._path}: the backup contains {name!r}, which is not part of a backup"
                )
        if DATABASE not in manifest.files:
            raise CannotGoOn(f"{self._path}: the backup contains no database")
        return manifest


def _measure(path: Path) -> Entry:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return Entry(file.tell(), digest.hexdigest())


def _add(tar: tarfile.TarFile, name: str, body: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(body), 0o600
    tar.addfile(member, io.BytesIO(body))


def _add_file(tar: tarfile.TarFile, name: str, path: Path, entry: Entry) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = entry.size, 0o600
    with path.open("rb") as file:
        tar.addfile(member, file)
