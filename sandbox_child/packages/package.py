"""Reads one package: a bare module, or a ZIP file with one in it.

Runs in a child that is discarded, since nothing here may be trusted to have understood a stranger's
bytes. The host computes digests and checks signatures itself.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from sandbox_child.packages.caps import DEFAULT_CAPS, Caps
from sandbox_child.packages.directory import Entry, read_directory
from sandbox_child.packages.errors import PackageError
from sandbox_child.packages.inflate import check_sizes, contents
from sandbox_child.packages.manifest import (
    PackageManifest,
    find_manifest,
    find_module,
    is_native,
    read_manifest,
)
from sandbox_child.packages.programs import HEAD_BYTES, MAGIC, candidates, choose

_WASM = b"\0asm"
_ZIP = (b"PK\3\4", b"PK\5\6")
_ARCHIVES = {
    b"PK\3\4": "a ZIP file",
    b"PK\5\6": "a ZIP file",
    b"\x1f\x8b": "a gzip file",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ\0": "an XZ file",
    b"7z\xbc\xaf\x27\x1c": "a 7z file",
    b"Rar!\x1a\x07": "a RAR file",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
}
_TAR_MARK, _TAR_AT = b"ustar", 257
_LEFT_BEHIND = ("__MACOSX/",)
_LEFT_BEHIND_NAMES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
"""Files that file managers add to archives; checked, but not part of the package."""


@dataclass(frozen=True, slots=True)
class PackagedFile:
    """One file beside manifest and module; ``path`` begins at the manifest's folder."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Package:
    """A package that was read to its end."""

    kind: str
    """``module``, ``program`` or ``zip``."""
    module: bytes
    """Of a native plugin the program for this machine."""
    module_name: str
    """As in the archive; empty for a bare module or program."""
    manifest_json: bytes | None
    """One JSON object; the registration wins over it."""
    manifest_name: str
    signature: bytes | None
    """What stands in the file named as the module with ``.sig`` behind it."""
    files: tuple[PackagedFile, ...]
    is_native: bool = False
    """Whether it is a program and no WebAssembly module."""
    _data: bytes = field(default=b"", repr=False)
    _entries: Mapping[str, Entry] = field(default_factory=dict, repr=False)

    def chunks(self, path: str) -> Iterator[bytes]:
        """Yield a file's content in pieces of at most 64 KiB; KeyError where there is none."""
        yield from contents(self._data, self._entries[path])


def read_package(data: bytes, caps: Caps = DEFAULT_CAPS) -> Package:
    """Return the package in ``data``; raises PackageError, with one sentence."""
    if len(data) > caps.package_bytes:
        raise PackageError(f"has {len(data):,} bytes; at most {caps.package_bytes:,} are allowed")
    if data.startswith(_WASM):
        if len(data) > caps.file_bytes:
            raise PackageError(f"has {len(data):,} bytes; a module may have {caps.file_bytes:,}")
        return Package("module", data, "", None, "", None, ())
    if data.startswith(MAGIC):
        choose({"": data[:HEAD_BYTES]})
        return Package("program", data, "", None, "", None, (), is_native=True)
    if not data.startswith(_ZIP):
        raise PackageError("is neither a WebAssembly module nor a ZIP file")
    return _read_zip(data, caps)


def _read_zip(data: bytes, caps: Caps) -> Package:
    entries = read_directory(data, caps)
    # Programs may be larger than modules; which it holds is known once the manifest is read.
    check_sizes(entries, replace(caps, file_bytes=max(caps.file_bytes, caps.program_bytes)))
    digests = {entry.name: _proved(data, entry) for entry in entries}
    files = {entry.name: entry for entry in entries if not entry.is_folder and _is_part(entry.name)}
    manifest_name = find_manifest(files)
    manifest = None
    if manifest_name is not None:
        raw = _whole(data, files[manifest_name], caps.manifest_bytes)
        manifest = read_manifest(manifest_name, raw, caps)
    folder = _folder_of(manifest_name or "")
    native = manifest is not None and is_native(manifest)
    if manifest is not None and native:
        module_name = _find_program(data, files, folder, manifest)
        module = _whole(data, files[module_name], caps.program_bytes)
    else:
        check_sizes(entries, caps)
        module_name = find_module(files, folder, manifest)
        module = _whole(data, files[module_name], caps.file_bytes)
        if not module.startswith(_WASM):
            raise PackageError("is not a WebAssembly module", module_name)
    if manifest_name is None:
        folder = _folder_of(module_name)
    signed = files.get(f"{module_name}.sig")
    own = {manifest_name, module_name, f"{module_name}.sig"}
    beside = {
        name.removeprefix(folder): entry
        for name, entry in files.items()
        if name.startswith(folder) and name not in own
    }
    return Package(
        kind="zip",
        module=module,
        module_name=module_name,
        manifest_json=manifest.text if manifest else None,
        manifest_name=manifest_name or "",
        signature=_whole(data, signed, caps.signature_bytes) if signed else None,
        files=tuple(
            PackagedFile(path, entry.size, digests[entry.name])
            for path, entry in sorted(beside.items())
        ),
        is_native=native,
        _data=data,
        _entries=beside,
    )


def _find_program(
    data: bytes, files: Mapping[str, Entry], folder: str, manifest: PackageManifest
) -> str:
    found = candidates(files, folder, manifest)
    for name in found:
        if files[name].set_id:
            raise PackageError(
                "is set-user-id or set-group-id; a plugin's program is neither", name
            )
    return choose({name: next(contents(data, files[name]), b"")[:HEAD_BYTES] for name in found})


def _proved(data: bytes, entry: Entry) -> str:
    """Unpack an entry to its end and return its SHA-256; refuses archives in the archive."""
    digest = hashlib.sha256()
    head = b""
    for piece in contents(data, entry):
        digest.update(piece)
        if len(head) < _TAR_AT + len(_TAR_MARK):
            head += piece[: _TAR_AT + len(_TAR_MARK)]
    kind = next((kind for mark, kind in _ARCHIVES.items() if head.startswith(mark)), None)
    if kind is None and head[_TAR_AT:].startswith(_TAR_MARK):
        kind = "a tar file"
    if kind is not None:
        raise PackageError(f"is {kind}; a package must not contain archives: unpack it", entry.name)
    return digest.hexdigest()


def _whole(data: bytes, entry: Entry, most: int) -> bytes:
    if entry.size > most:
        raise PackageError(f"has {entry.size:,} bytes; at most {most:,} are allowed", entry.name)
    return b"".join(contents(data, entry))


def _is_part(name: str) -> bool:
    return not name.startswith(_LEFT_BEHIND) and name.rpartition("/")[2] not in _LEFT_BEHIND_NAMES


def _folder_of(name: str) -> str:
    folder, slash, _ = name.rpartition("/")
    return folder + slash
