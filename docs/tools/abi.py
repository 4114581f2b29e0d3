"""Write what the code knows into the pages for authors: ``abi.md`` and ``limits.md``.

    python -m docs.tools.abi

A thing without words, and words without a thing, are errors. ``tests/docs/test_abi.py`` compares.
"""

# ruff: noqa: SLF001 - what is documented here is nobody else's to use

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec
import trio

from docs.tools import payloads, wording
from docs.tools.parts import names_of, replace_part, table
from sandbox_child.abi.ohd import examine
from sandbox_child.abi.ohd.signatures import IMPORTS
from sandbox_child.abi.signatures import ENV, GOJS, RUNTIME_IMPORTS, WASI
from sandbox_child.abi.wasi import Wasi
from sandbox_child.wire.messages import LogLevel
from supervisor.calls import host_calls
from supervisor.egress import messages
from supervisor.limits import DEFAULT_LIMITS, KIB, MIB, Limits
from supervisor.manifest import manifest_schema
from supervisor.plugins.limits import TABLE as OVERRIDABLE
from supervisor.plugins.limits import Overridable
from supervisor.ports import ActionResult
from supervisor.states import Outcome

AUTHORS = Path(__file__).resolve().parents[1] / "authors"
PAGES = (AUTHORS / "abi.md", AUTHORS / "limits.md")


def _paired(words: Mapping[Any, str], things: Iterable[Any]) -> list[tuple[Any, str]]:
    """Return the words in the order of the things; both must be the same."""
    listed = list(things)
    if missing := [thing for thing in listed if thing not in words]:
        raise LookupError(f"docs/tools/wording.py has no words for {missing}")
    if extra := words.keys() - set(listed):
        raise LookupError(
            f"docs/tools/wording.py has words for {extra}, which the code does not have"
        )
    return [(thing, words[thing]) for thing in listed]


def _functions() -> str:
    permissions = {entry.name: entry.permission for entry in host_calls._TABLE.values()}
    types = {name: str(type_) for (_, name), type_ in IMPORTS.items()}
    rows = [
        (
            f"`{name}`",
            f"`{types[name]}`",
            words,
            f"`{permissions[name]}`" if name in permissions else "",
        )
        for name, words in _paired(wording.FUNCTIONS, types)
    ]
    return table(("function", "type", "what it does", "permission"), rows)


def _levels() -> str:
    return ", ".join(f"{level.value} {level.name.lower()}" for level in LogLevel)


def _request(shape: type) -> str:
    inner = msgspec.json.schema(shape)["$defs"][shape.__name__]
    required = inner.get("required", [])
    rows = [
        (f"`{name}`", _type_of(value), "yes" if name in required else "")
        for name, value in inner["properties"].items()
    ]
    return table(("key", "type", "required"), rows)


def _type_of(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_type_of(one) for one in schema["anyOf"])
    if schema.get("type") == "object" and "additionalProperties" in schema:
        return f"object of {schema['additionalProperties']['type']}s"
    return str(schema["type"])


def _statuses() -> str:
    rows = ((str(status.value), words) for status, words in _paired(wording.STATUSES, ActionResult))
    return table(("status", "meaning"), rows)


def _outcomes() -> str:
    rows = ((f"`{outcome}`", words) for outcome, words in _paired(wording.OUTCOMES, Outcome))
    return table(("outcome", "when"), rows)


def _exports() -> str:
    types = {
        "memory": "memory",
        "on_event": str(examine._ON_EVENT),
        "render_panel": "",
        "_initialize": str(examine._NOTHING),
        "_start": str(examine._NOTHING),
    }
    rows = (
        (f"`{name}`", f"`{types[name]}`" if types[name] else "", words)
        for name, words in _paired(wording.EXPORTS, types)
    )
    return table(("export", "type", "needed"), rows)


def _allocators() -> str:
    known = {name: (type_, free, free_type) for name, type_, free, free_type in examine._ALLOCATORS}
    rows = []
    for name, words in _paired(wording.ALLOCATORS, known):
        type_, free, free_type = known[name]
        rows.append((f"`{name}` `{type_}`", f"`{free}` `{free_type}`" if free else "none", words))
    return table(("allocator", "its free", "from"), rows)


def _panels() -> str:
    shapes = {shape: str(type_) for type_, shape in examine._PANELS.items()}
    rows = ((f"`{shapes[shape]}`", words) for shape, words in _paired(wording.PANELS, shapes))
    return table(("type of `render_panel`", "from"), rows)


def _imports() -> str:
    wasi = [name for module, name in RUNTIME_IMPORTS if module == WASI]
    works = [name for name in wasi if hasattr(Wasi, f"_{name}")]
    refused = [name for name in wasi if name not in works]
    rows = [
        (f"`{WASI}`", _code(works), "works, without any file, argument, variable or socket"),
        (f"`{WASI}`", _code(refused), "answers with an error number"),
        (
            f"`{GOJS}`",
            _code(n for m, n in RUNTIME_IMPORTS if m == GOJS),
            "TinyGo's clock (the time of day, which only moves forward), sleep, random bytes",
        ),
        (
            f"`{GOJS}`",
            "`syscall/js.*`",
            "a small table of JavaScript values; calling what is not in it traps",
        ),
        (
            f"`{ENV}`",
            _code(n for m, n in RUNTIME_IMPORTS if m == ENV),
            "AssemblyScript: `abort` logs an error and traps, `trace` logs; Emscripten: growth",
        ),
    ]
    return table(("module", "functions", "here"), rows)


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _event_fields(found: list[payloads.Field]) -> str:
    known = {field.path: field for field in found}
    rows = [
        (f"`{path}`", known[path].types, words)
        for path, words in _sorted_like_words(known)
        if not path.startswith("data.")
    ]
    return table(("key", "type", ""), rows)


def _event_data(found: list[payloads.Field]) -> str:
    known = {field.path: field for field in found}
    rows = [
        (", ".join(f"`{e}`" for e in known[path].events), f"`{path}`", known[path].types, words)
        for path, words in _sorted_like_words(known)
        if path.startswith("data.")
    ]
    return table(("event", "key", "type", ""), rows)


def _sorted_like_words(known: Mapping[str, payloads.Field]) -> list[tuple[str, str]]:
    words = dict(_paired(wording.FIELDS, known))
    return [(path, words[path]) for path in wording.FIELDS]


def _manifest() -> str:
    definitions = manifest_schema()["$defs"]
    rows = list(_keys(definitions, "ManifestShape", ""))
    return table(("key", "required", "expected"), rows)


def _keys(definitions: Mapping[str, Any], name: str, above: str) -> Iterator[tuple[str, str, str]]:
    shape = definitions[name]
    for key, value in shape["properties"].items():
        given = _without_null(value)
        path = f"{above}{key}"
        inner = given.get("$ref", given.get("additionalProperties", {}).get("$ref", ""))
        inner = inner.removeprefix("#/$defs/")
        words = given.get("description") or definitions.get(inner, {}).get("description", "")
        required = "yes" if key in shape.get("required", []) else ""
        yield f"`{path}`", required, _with_default(words, value)
        if inner:
            below = f"{path}.<name>." if "additionalProperties" in given else f"{path}."
            yield from _keys(definitions, inner, below)


def _without_null(value: Mapping[str, Any]) -> Mapping[str, Any]:
    options = [one for one in value.get("anyOf", [value]) if one.get("type") != "null"]
    return {**value, **options[0]} if len(options) == 1 else value


def _with_default(words: str, value: Mapping[str, Any]) -> str:
    default = value.get("default")
    return f"{words}; {json.dumps(default)} where it is absent" if default is False else words


def _limits() -> str:
    defaults = {field.name: getattr(DEFAULT_LIMITS, field.name) for field in fields(Limits)}
    own = {one.field: one for one in OVERRIDABLE.values()}
    said = wording.LIMITS | {field: one.sentence for field, one in own.items()}
    rows = [
        (f"`{name}`", _size(name, defaults[name]), _range(own.get(name)), words)
        for name, words in _paired(said, defaults)
    ]
    return table(("`[limits]` in config.toml", "default", "for one plugin", "of what"), rows)


def _range(one: Overridable | None) -> str:
    if one is None:
        return ""
    return f"`{one.name}`: {one.least:,g} to {one.most:,g} {one.unit}".rstrip()


def _size(name: str, value: float) -> str:
    if name.endswith("_s"):
        return f"{value:g} s"
    if not name.endswith("_bytes"):
        return f"{value:,}"
    return f"{value // MIB} MiB" if value >= MIB else f"{value // KIB} KiB"


def _fixed() -> str:
    rows = [
        ("a panel's URL", "8 KiB", "the panel shows an error: `render_panel returned … bytes`"),
        ("tables, memories", "16, 1", "the module is refused at install"),
    ]
    return table(("limit", "maximum", "when exceeded"), rows)


async def parts() -> dict[str, str]:
    """Return every generated part by the name of its markers."""
    played = await payloads.play()
    found = payloads.describe(played)
    return {
        "functions": _functions(),
        "levels": f"Levels: {_levels()}. Another number is taken as info.",
        "http request": _request(messages.GuestRequest),
        "reply": _request(host_calls.AddReply),
        "custom field": _request(host_calls.SetCustomField),
        "statuses": _statuses(),
        "outcomes": _outcomes(),
        "exports": _exports(),
        "allocators": _allocators(),
        "panels": _panels(),
        "imports": _imports(),
        "event keys": _event_fields(found),
        "event data": _event_data(found),
        "example": f"```json\n{payloads.shown(played[0])}\n```",
        "manifest": _manifest(),
        "limits": _limits(),
        "fixed": _fixed(),
    }


def rewritten(page: Path, fresh: Mapping[str, str]) -> str:
    """Return what a page should say, its parts taken from ``fresh``."""
    text = page.read_text(encoding="utf-8")
    for name in names_of(text):
        text = replace_part(text, name, fresh[name])
    return text


def main() -> None:
    """Rewrite the pages."""
    fresh = trio.run(parts)
    for page in PAGES:
        page.write_text(rewritten(page, fresh), encoding="utf-8")


if __name__ == "__main__":
    main()
