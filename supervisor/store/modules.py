"""A module as it is kept: the installed version of a plugin, and every other one."""

import sqlite3
from dataclasses import dataclass
from typing import Any

import msgspec

from sandbox_child.wire.entry import ModuleReport
from supervisor.contracts import Description, describe
from supervisor.manifest import Manifest


@dataclass(frozen=True, slots=True)
class StoredModule:
    """What all versions of a plugin have in common."""

    description: Description
    """What it says about itself."""
    manifest_text: str
    """That, as it was: the manifest, or what its registration returned."""
    report: ModuleReport
    sha256: str
    size: int
    source: str
    installed_at: int
    installed_by: str

    @property
    def manifest(self) -> Manifest:
        """What both contracts know of a plugin."""
        return self.description.manifest


def module_columns(kept: StoredModule) -> dict[str, object]:
    """Return the columns that say which version it is."""
    return {
        "manifest": kept.manifest_text,
        "report": msgspec.json.encode(kept.report).decode(),
        "sha256": kept.sha256,
        "size": kept.size,
        "source": kept.source,
        "installed_at": kept.installed_at,
        "installed_by": kept.installed_by,
    }


def module_fields(found: sqlite3.Row) -> dict[str, Any]:
    """Return the fields of a StoredModule from those columns.

    Raises ModuleRefused or MsgspecError where this version of the help desk cannot read them.
    """
    text = str(found["manifest"])
    report = msgspec.json.decode(str(found["report"]), type=ModuleReport)
    return {
        "description": describe(text, report),
        "manifest_text": text,
        "report": report,
        **{name: found[name] for name in ("sha256", "size", "source")},
        **{name: found[name] for name in ("installed_at", "installed_by")},
    }
