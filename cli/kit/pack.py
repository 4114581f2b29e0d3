"""``ohd plugin pack``: makes a GoatKit package of a folder, the same bytes from the same files."""

import hashlib
import json
import os
import stat
from pathlib import Path

import click

from cli.errors import CannotGoOn, plain_errors
from cli.kit.keygen import read_key
from sandbox_child.packages import DEFAULT_CAPS, Package, write_package
from supervisor.plugins.signatures import sign
from supervisor.registration import parse_registration
from supervisor.registration.errors import RegistrationRefused
from supervisor.text import clean_text

_NOT_PACKED = frozenset({"__pycache__", "build", "cases", "node_modules", "target", "zig-out"})
"""Folders of what builds and tests leave behind; so are all whose names begin with a dot."""
_LONGEST_LINE = 1_000


@click.command("pack")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where to write it.  [default: NAME-VERSION.zip]",
)
@click.option(
    "--sign",
    "key",
    metavar="KEY",
    type=click.Path(path_type=Path),
    help="Sign the module with this private key (see `ohd plugin keygen`).",
)
def pack_plugin(folder: Path, output: Path | None, key: Path | None) -> None:
    """Create a GoatKit package (ZIP) from the folder DIR.

    Everything in DIR is packed except hidden files, ZIP files beside the manifest, and the folders
    build, cases, node_modules, target, zig-out and __pycache__. The output is reproducible.
    """
    with plain_errors():
        files = collect(folder)
        packed, package = write_package(files)
        if key is not None:
            files[f"{package.module_name}.sig"] = sign(package.module, read_key(key)).encode()
            packed, package = write_package(files)
        target = output or Path(_file_name(package))
        _write(target, packed)
    click.echo(f"wrote {target}: {len(packed):,} bytes, {len(files)} files")
    click.echo(f"sha256 {hashlib.sha256(packed).hexdigest()}")
    for name in sorted(files):
        click.echo(f"  {name}")
    for warning in _warnings(package):
        click.echo(f"warning: {clean_text(warning, _LONGEST_LINE, lines=False)}", err=True)


def collect(folder: Path) -> dict[str, bytes]:
    """Return the contents of a folder's files by name; raises CannotGoOn for links and the like."""
    if not folder.is_dir():
        raise CannotGoOn(f"{folder}: there is no such folder")
    files: dict[str, bytes] = {}
    room = DEFAULT_CAPS.total_bytes
    for path in _walk(folder, folder):
        if len(files) == DEFAULT_CAPS.entries:
            raise CannotGoOn(f"{folder} has more than {DEFAULT_CAPS.entries:,} files to pack")
        # Not more than there is room for, however the file grows.
        with path.open("rb") as file:
            content = file.read(room + 1)
        room -= len(content)
        if room < 0:
            most = f"{DEFAULT_CAPS.total_bytes:,}"
            raise CannotGoOn(f"the files in {folder} have more than {most} bytes")
        files[path.relative_to(folder).as_posix()] = content
    return files


def _walk(folder: Path, top: Path) -> list[Path]:
    if len(folder.relative_to(top).parts) > DEFAULT_CAPS.name_depth:
        raise CannotGoOn(f"{folder} is more than {DEFAULT_CAPS.name_depth} folders deep")
    found: list[Path] = []
    with os.scandir(folder) as listing:
        entries = sorted(listing, key=lambda entry: entry.name)
    for entry in entries:
        path = Path(entry.path)
        mode = entry.stat(follow_symlinks=False).st_mode
        if entry.name.startswith("."):
            continue
        if stat.S_ISDIR(mode):
            if entry.name not in _NOT_PACKED:
                found.extend(_walk(path, top))
        elif not stat.S_ISREG(mode):
            kind = "a link" if stat.S_ISLNK(mode) else "no plain file"
            raise CannotGoOn(f"{path} is {kind}, and a package holds plain files alone")
        elif folder != top or not entry.name.lower().endswith(".zip"):
            found.append(path)
        if len(found) > DEFAULT_CAPS.entries:
            break
    return found


def _file_name(package: Package) -> str:
    values = json.loads(package.manifest_json or b"{}")
    words = {key.casefold(): value for key, value in values.items()}
    stem = package.module_name.rpartition("/")[2].removesuffix(".wasm") or "plugin"
    name, version = (str(words.get(key) or "") for key in ("name", "version"))
    plain = "".join(
        c if c.isascii() and (c.isalnum() or c in "._-") else "-"
        for c in "-".join(part for part in (name or stem, version) if part)
    )
    return f"{plain.lstrip('.-')[:100] or 'plugin'}.zip"


def _warnings(package: Package) -> list[str]:
    """Return what an installation would say of the manifest; gk_register may still change it."""
    if package.manifest_json is None:
        return []
    try:
        registration = parse_registration(b'{"name": null}', package.manifest_json)
    except RegistrationRefused as refused:
        return [str(refused)]
    return [*map(str, registration.warnings), *map(str, registration.unsupported)]


def _write(target: Path, packed: bytes) -> None:
    part = target.with_name(f".{target.name}.part")
    try:
        part.write_bytes(packed)
        part.replace(target)
    except OSError:
        part.unlink(missing_ok=True)
        raise
