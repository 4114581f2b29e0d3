"""Manifest and module among the entries of an archive, and what the manifest says."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sandbox_child.packages.caps import Caps
from sandbox_child.packages.errors import PackageError, quoted
from sandbox_child.packages.yaml_text import read_yaml

NAMES = ("plugin.yaml", "manifest.json")
"""In one folder, the first that is there wins: it belongs to the newer generation."""


@dataclass(frozen=True, slots=True)
class PackageManifest:
    """A manifest: as JSON for the host, and as values for what the package itself needs."""

    text: bytes
    values: dict[str, Any]

    def word(self, key: str) -> str:
        """Return the text at a key, in any letter case; empty where there is none."""
        found = next((v for k, v in self.values.items() if k.casefold() == key), None)
        return found if isinstance(found, str) else ""


def find_manifest(names: Iterable[str]) -> str | None:
    """Return the manifest's name, the one nearest to the root; raises PackageError for two."""
    found = [name for name in names if name.rpartition("/")[2] in NAMES]
    if not found:
        return None
    depth = min(name.count("/") for name in found)
    nearest = [name for name in found if name.count("/") == depth]
    folders = {name.rpartition("/")[0] for name in nearest}
    if len(folders) > 1:
        both = " and ".join(quoted(name) for name in sorted(nearest)[:2])
        raise PackageError(f"has two manifests, {both}; expected one")
    return min(nearest, key=lambda name: NAMES.index(name.rpartition("/")[2]))


def read_manifest(name: str, raw: bytes, caps: Caps) -> PackageManifest:
    """Return a checked manifest; raises PackageError."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise PackageError("is not UTF-8", name) from None
    if name.endswith(".json"):
        # The host reads the very bytes, so that a doubled key cannot be lost on the way.
        values, text_bytes = _json(name, text), raw
    else:
        values = read_yaml(text, name, caps)
        text_bytes = json.dumps(values).encode()
    if not isinstance(values, dict):
        kind = "a list" if isinstance(values, list) else "not an object"
        raise PackageError(f"is {kind}; expected an object with keys and values", name)
    return PackageManifest(text_bytes, values)


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise PackageError(f"is not JSON ({error.msg} at {where})", name) from None
    except (ValueError, RecursionError):
        raise PackageError("is JSON with a number too long, or nested too deep", name) from None


def find_module(names: Iterable[str], folder: str, manifest: PackageManifest | None) -> str:
    """Return the module's name; raises PackageError where there is not exactly one."""
    every = sorted(name for name in names if name.lower().endswith(".wasm"))
    if manifest is not None:
        wanted = manifest.word("wasm")
        if wanted:
            name = f"{folder}{wanted.removeprefix('./')}"
            if name not in every:
                raise PackageError(f"has no module {quoted(wanted)}, which its manifest names")
            return name
    if len(every) != 1:
        found = ", ".join(quoted(name) for name in every[:5]) or "none"
        raise PackageError(
            f"has {len(every)} .wasm files ({found}); expected one. "
            'If there are more, set "wasm" in plugin.yaml'
        )
    return every[0]


def is_native(manifest: PackageManifest) -> bool:
    """Tell whether the package holds programs and no module; raises PackageError."""
    runtime = manifest.word("runtime").lower()
    if runtime == "grpc" or (manifest.word("binary") and not manifest.word("wasm")):
        return True
    if runtime not in {"", "wasm", "template"}:
        raise PackageError(f'has the runtime {quoted(runtime)}; expected "wasm" or "grpc"')
    return False
