"""Write what the code knows into the page about GoatKit plugins: ``goatkit.md``.

    python -m docs.tools.goatkit

``tests/docs/test_goatkit.py`` compares.
"""

from dataclasses import fields
from pathlib import Path

from docs.tools.parts import names_of, replace_part, table
from sandbox_child.packages import DEFAULT_CAPS
from supervisor.limits import KIB, MIB
from supervisor.registration import FIELDS, choices
from supervisor.registration.scopes import BY_KIND

PAGE = Path(__file__).resolve().parents[1] / "goatkit.md"
_CAPS = {
    "package_bytes": "the package as it is uploaded",
    "entries": "files and folders in it",
    "file_bytes": "one file, unpacked; the module is one of them",
    "total_bytes": "all files, unpacked",
    "ratio": "unpacked size over packed size, of a file of more than 1 MiB",
    "manifest_bytes": "`manifest.json` or `plugin.yaml`",
    "manifest_depth": "levels of `plugin.yaml`",
    "manifest_values": "keys, values and brackets of `plugin.yaml`",
    "signature_bytes": "the signature",
    "name_bytes": "one name, with its folders",
    "name_depth": "folders in folders",
}


def _registration() -> str:
    rows = (
        (f"`{name}`", "served" if support.served else "not supported", support.words)
        for name, support in FIELDS.items()
    )
    return table(("field", "", "what becomes of it, or why nothing does"), rows)


def _permissions() -> str:
    rows = (
        (
            f"`{choice.permission.text}`",
            choice.sentence,
            BY_KIND[kind].expected if (kind := choice.permission.kind) in BY_KIND else "none",
        )
        for choice in choices()
    )
    return table(("permission", "without a scope", "scopes"), rows)


def _limits() -> str:
    known = {field.name for field in fields(DEFAULT_CAPS)} - {"ratio_from_bytes"}
    if known != _CAPS.keys():
        raise LookupError(f"words and limits differ: {sorted(known ^ _CAPS.keys())}")
    rows = ((words, _size(name, getattr(DEFAULT_CAPS, name))) for name, words in _CAPS.items())
    return table(("limit", "maximum"), rows)


def _size(name: str, value: int) -> str:
    if not name.endswith("_bytes"):
        return f"{value:,}"
    if value < KIB:
        return f"{value} bytes"
    return f"{value // MIB} MiB" if value >= MIB else f"{value // KIB} KiB"


def parts() -> dict[str, str]:
    """Return every generated part by the name of its markers."""
    return {
        "registration": _registration(),
        "permissions": _permissions(),
        "package limits": _limits(),
    }


def rewritten() -> str:
    """Return what the page should say."""
    text, fresh = PAGE.read_text(encoding="utf-8"), parts()
    for name in names_of(text):
        if name in fresh:
            text = replace_part(text, name, fresh[name])
    return text


if __name__ == "__main__":
    PAGE.write_text(rewritten(), encoding="utf-8")
