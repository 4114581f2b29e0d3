"""Promises of a release, as data: the API, the command line, schemas, settings, tables.

``python -m docs.tools.surface`` writes it into ``docs/released``, as a release does; a test
compares the code with what is there. Texts for people are left out: they are no promise.
"""

import hashlib
import json
import re
import sqlite3
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import msgspec
import sqlite_utils
from quart import Quart
from sqlite_utils.migrations import Migrations

from cli.config_file import File, limit_bounds
from cli.kit.schema import all_schemas
from cli.main import main as ohd
from helpdesk.service import MIGRATIONS
from helpdesk.storage.connections import connect_writer
from sandbox_child.abi.goatkit import signatures as goatkit
from sandbox_child.abi.ohd import signatures as ohd_contract
from supervisor.calls.host_functions import SERVED
from supervisor.limits import Limits
from supervisor.store.migrations import migrations as supervisor_migrations
from webapp.api import openapi
from webapp.app import BLUEPRINTS

ROOT = Path(__file__).resolve().parents[2]
RELEASED = ROOT / "docs" / "released"
_TEXTS = {"description", "summary", "title", "examples", "$comment"}


def surface() -> dict[str, Any]:
    """Return today's promises by kind."""
    return {
        "openapi": api(),
        "cli": dict(commands(ohd, "ohd")),
        "schemas": {name: without_texts(schema) for name, schema in all_schemas().items()},
        "settings": settings(),
        "contracts": contracts(),
        "migrations": migrations(),
    }


def released() -> dict[str, Any]:
    """Return the promises of the last release."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in RELEASED.glob("*.json")}


def version() -> str:
    """Return the version that the code is, or becomes."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def without_texts(schema: Any, *, names: bool = False) -> Any:
    """Return a schema without its texts; ``names``: whether its keys are names, not keywords."""
    if isinstance(schema, list):
        return [without_texts(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        key: without_texts(value, names=not names and key in {"properties", "schemas", "$defs"})
        for key, value in schema.items()
        if names or key not in _TEXTS
    }


def api() -> dict[str, Any]:
    """Return the OpenAPI document."""
    app = Quart(__name__, static_folder=None)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    document = without_texts(openapi.document(app))
    return {"paths": document["paths"], "components": document["components"]}


def commands(command: click.Command, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each command with what it takes."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for below in sorted(command.list_commands(context)):
            found = command.get_command(context, below)
            if found is not None:
                yield from commands(found, f"{name} {below}")
        return
    options: dict[str, Any] = {}
    arguments: list[dict[str, Any]] = []
    for parameter in command.params:
        facts: dict[str, Any] = {"required": parameter.required}
        if isinstance(parameter.type, click.Choice):
            facts["choices"] = sorted(map(str, parameter.type.choices))
        if isinstance(parameter, click.Option):
            facts |= {"flag": parameter.is_flag, "multiple": parameter.multiple}
            options |= dict.fromkeys((*parameter.opts, *parameter.secondary_opts), facts)
        else:
            arguments.append(facts | {"most": parameter.nargs})
    yield name, {"arguments": arguments, "options": options}


def settings() -> dict[str, Any]:
    """Return each key of config.toml with its schema."""
    (schema,), parts = msgspec.json.schema_components([File])
    sections = parts[schema["$ref"].rpartition("/")[2]]["properties"]
    found: dict[str, Any] = {}
    for section, about in sections.items():
        keys = parts.get(about.get("$ref", "").rpartition("/")[2], {}).get("properties", {})
        found |= {f"[{section}] {key}": without_texts(kind) for key, kind in keys.items()}
    for limit in fields(Limits):
        least, most = limit_bounds(limit.name)
        found[f"[limits] {limit.name}"] = {"type": "number", "minimum": least, "maximum": most}
    return found


def contracts() -> dict[str, str]:
    """Return the host functions of each contract with their types, and GoatKit's by their names."""
    return {f"host_call {name}": "by name" for name in SERVED} | {
        f"{module}.{name}": f"{','.join(kind.params)} -> {','.join(kind.results)}"
        for table in (ohd_contract.IMPORTS, goatkit.IMPORTS)
        for (module, name), kind in table.items()
    }


def migrations() -> dict[str, str]:
    """Return a fingerprint of a set's tables after each of its steps, in order."""
    return {
        f"{steps.name} {name}": tables
        for steps in (*MIGRATIONS, supervisor_migrations)
        for name, tables in _after_each(steps)
    }


def _after_each(steps: Migrations) -> Iterator[tuple[str, str]]:
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(connect_writer(Path(folder) / "tables.sqlite3")) as connection,
    ):
        database = sqlite_utils.Database(connection, execute_plugins=False)
        names = [step.name for step in steps.pending(database)]
        for name, following in zip(names, [*names[1:], None], strict=True):
            steps.apply(database, stop_before=following)
            yield name, _tables(connection)


def _tables(connection: sqlite3.Connection) -> str:
    query = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name"
    texts = [re.sub(r"--[^\n]*", "", sql) for (sql,) in connection.execute(query)]
    return hashlib.sha256(" ".join(" ".join(texts).split()).encode()).hexdigest()[:16]


def write() -> None:
    """Make today's promises those of the last release."""
    RELEASED.mkdir(exist_ok=True)
    for name, content in (surface() | {"version": version()}).items():
        text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        (RELEASED / f"{name}.json").write_text(text, "utf-8")


def is_written() -> bool:
    """Tell whether ``docs/released`` is what the code promises today."""
    return released() == json.loads(json.dumps(surface() | {"version": version()}))


if __name__ == "__main__":
    if "--check" not in sys.argv:
        write()
    elif not is_written():
        sys.exit("docs/released is not what the code is; run: python -m docs.tools.surface")
