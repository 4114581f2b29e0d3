"""A project's ``manifest.json``: read by the supervisor's checks, faults told with their line."""

import difflib
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from cli.errors import CannotGoOn
from cli.trial.document import Document
from cli.trial.errors import FileWrong
from supervisor.manifest import Manifest, ManifestError, parse_manifest
from supervisor.manifest.shape import ManifestShape

NAME = "manifest.json"
HOSTS = "permissions.http.allowed_hosts"
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_JSON_LINE = re.compile(r" at line (\d+), column \d+")


def check_manifest_file(path: Path, raw: bytes) -> Manifest:
    """Return the manifest in ``raw``, the content of ``path``; raises FileWrong."""
    try:
        return parse_manifest(raw)
    except ManifestError as exc:
        said = _JSON_LINE.search(exc.found)
        line = int(said[1]) if said else line_of(path, exc.field)
        raise FileWrong(path, line, str(exc)) from None


def unknown_keys(path: Path, manifest: Manifest) -> Iterator[str]:
    """Yield a warning, with its line, for each key that no version of the format has."""
    known = [field.encode_name for field in msgspec.structs.fields(ManifestShape)]
    for key in manifest.unknown:
        near = difflib.get_close_matches(key, known, 1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        yield f"{path}:{line_of(path, key)}: unknown key {key!r}{meant}"


def line_of(path: Path, field: str) -> int:
    """Return the line of a field such as ``permissions.http``, or of the last part there is."""
    steps = tuple(name or int(index) for name, index in _STEP.findall(field))
    try:
        return Document(path).line(steps)
    except CannotGoOn:
        return 1
