"""``ohd schema``: the JSON Schemas, for editors, without a server."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from cli.errors import CannotGoOn
from cli.kit.function_shape import function_case_schema
from cli.kit.shape import case_schema
from webapp.api.plugin_schemas import schemas, titled


def all_schemas() -> Mapping[str, dict[str, Any]]:
    """Return every schema by name: what a server serves, and that of the cases of a test."""
    return {
        **schemas(),
        "case": titled("case", case_schema()),
        "goatkit-case": titled("goatkit-case", function_case_schema()),
    }


def as_text(schema: Mapping[str, Any]) -> str:
    """Return a schema as it is printed and shipped."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


@click.command()
@click.argument("name", required=False)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write all schemas to this folder."
)
def schema(name: str | None, output: Path | None) -> None:
    """Print the JSON Schema NAME, or list all schemas."""
    found = all_schemas()
    if output is not None:
        write_all(output)
    elif name is None:
        click.echo("\n".join(found))
    elif name in found:
        click.echo(as_text(found[name]), nl=False)
    else:
        raise CannotGoOn(f"there is no schema {name!r}; expected one of {', '.join(found)}")


def write_all(folder: Path) -> None:
    """Write every schema into a folder, as ``NAME.json``; raises CannotGoOn."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in all_schemas().items():
            (folder / f"{name}.json").write_text(as_text(content), "utf-8")
    except OSError as exc:
        raise CannotGoOn(f"{exc.filename}: {exc.strerror}") from None
