"""``ohd plugin inspect`` and ``ohd plugin embed``: they need a file and nothing else.

Inspecting compiles nothing: structure and manifest are read in bounds by the same code that an
installation uses.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

import click

from cli.errors import CannotGoOn, plain_errors, run
from cli.trial.desk import open_trial_desk
from cli.trial.manifest_file import check_manifest_file, unknown_keys
from sandbox_child.abi.contracts import examine
from sandbox_child.abi.errors import AbiRefused, TwoContracts
from sandbox_child.abi.structure import Needs
from sandbox_child.packages import DEFAULT_CAPS, read_package
from sandbox_child.packages.programs import MAGIC as PROGRAM
from sandbox_child.wasm.caps import MANIFEST_SECTION
from sandbox_child.wasm.errors import SectionMissing
from sandbox_child.wasm.module import read_module
from sandbox_child.wasm.sections import replace_custom_section
from sandbox_child.wire.entry import ModuleReport
from supervisor.administration.installer import read_manifest
from supervisor.errors import ModuleRefused
from supervisor.limits import DEFAULT_LIMITS
from supervisor.manifest import Manifest
from supervisor.native.sealed import check_file
from supervisor.text import clean_text

_SECTION = "ohd_manifest"
_LONGEST_LINE = 2_000
_MOST_BYTES = max(DEFAULT_CAPS.package_bytes, DEFAULT_CAPS.program_bytes)
"""Of a file: no plugin may be larger, packed or not."""
_OF_GOATKIT = ("gk_register", "gk_call")
_UNKNOWN = Needs(events=False, panel=False)
"""Before anything but the structure of a module is read."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """Facts about a module without running it."""

    manifest: Manifest
    report: ModuleReport

    @property
    def warnings(self) -> tuple[str, ...]:
        """Everything that is allowed and worth a look."""
        unknown = [f"the manifest has the unknown key {key!r}" for key in self.manifest.unknown]
        return (*self.report.warnings, *unknown)


def inspect_module(module: bytes) -> Inspection:
    """Return what an installation would find; raises what it would be refused for."""
    if len(module) > DEFAULT_LIMITS.module_bytes:
        raise CannotGoOn(
            f"the module has {len(module):,} bytes; at most {DEFAULT_LIMITS.module_bytes:,} "
            "are allowed"
        )
    facts = read_module(module)
    _, manifest = read_manifest(module) or _no_manifest()
    needs = Needs(bool(manifest.events), manifest.ui_panel is not None)
    return Inspection(manifest, examine(facts, needs))


def _no_manifest() -> NoReturn:
    raise ModuleRefused(str(SectionMissing(MANIFEST_SECTION)))


def read_file(path: Path) -> bytes:
    """Return a file's bytes; raises CannotGoOn."""
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
    except OSError as exc:
        raise CannotGoOn(f"{path}: {exc.strerror}") from None
    if len(raw) > _MOST_BYTES:
        raise CannotGoOn(f"{path} has more than {_MOST_BYTES:,} bytes; no plugin may be larger")
    return raw


def read_plugin(path: Path) -> bytes:
    """Return the bytes of a module, a package or a program; raises CannotGoOn, NotAProgram."""
    data = read_file(path)
    if data.startswith(PROGRAM):
        check_file(path, path.stat(), DEFAULT_CAPS.program_bytes)
    return data


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def inspect(file: Path, as_json: bool) -> None:
    """Show a module's manifest, imports and exports. Exit status 2 if it would be refused."""
    with plain_errors():
        module = read_plugin(file)
        is_goatkit = registers_itself(module)
    if is_goatkit:
        # What it is, it says itself: it is run once, in its cage.
        run(_inspect_goatkit, module, as_json)
        return
    with plain_errors():
        found = inspect_module(module)
    if as_json:
        click.echo(json.dumps(_as_json(found), indent=2, ensure_ascii=False))
    else:
        _print(found)


def registers_itself(module: bytes) -> bool:
    """Tell whether a file is a GoatKit plugin, bare or packed."""
    if read_manifest(module) is not None:
        return False
    package = read_package(module)
    if package.is_native:
        return True
    facts = read_module(package.module)
    try:
        return examine(facts, _UNKNOWN).entry.contract == "goatkit"
    except TwoContracts:
        raise
    except AbiRefused:
        if any(facts.exported_function(name) for name in _OF_GOATKIT):
            raise
        # Said as of a module that lacks its manifest.
        return False


async def _inspect_goatkit(module: bytes, as_json: bool) -> None:
    async with open_trial_desk(None) as application:
        view = await application.supervisor.installs.install(
            module, source="a file", actor="ohd plugin inspect"
        )
    if as_json:
        found = {
            "abi": view.contract,
            "id": view.id,
            "registration": view.manifest,
            "permissions": [permission.token for permission in view.permissions],
            "imports": list(view.imports),
            "toolchain": view.toolchain,
            "signature": view.signature.state,
            "warnings": list(view.warnings),
        }
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    lines = [
        f"{view.name} {view.version} ({view.id})",
        f"  {view.description}",
        f"abi         {view.contract}",
        f"toolchain   {view.toolchain or 'unknown'}",
        f"signature   {view.signature.sentence}",
        "permissions",
        *(f"  {permission.token}: {permission.sentence}" for permission in view.permissions),
        "registration",
        *(f"  {line}" for line in json.dumps(view.manifest, indent=2).splitlines()),
        *(f"warning     {warning}" for warning in view.warnings),
    ]
    for line in lines:
        click.echo(clean_text(line, _LONGEST_LINE, lines=False))


def _as_json(found: Inspection) -> dict[str, Any]:
    report = found.report
    return {
        "abi": "ohd",
        "manifest": dict(found.manifest.raw),
        "imports": [asdict(line) for line in report.imports],
        "exports": [asdict(line) for line in report.exports],
        "allocator": report.entry.allocator,
        "start": report.entry.start,
        "start_section": report.start_section,
        "panel": report.entry.panel,
        "toolchain": report.toolchain,
        "functions": report.functions,
        "memory": {"min_pages": report.memory_min_pages, "max_pages": report.memory_max_pages},
        "warnings": list(found.warnings),
    }


def _print(found: Inspection) -> None:
    manifest, report = found.manifest, found.report
    lines = [
        f"{manifest.name} {manifest.version} ({manifest.id})",
        f"  {manifest.description}",
        f"events      {', '.join(manifest.events) or 'none'}",
        f"hosts       {', '.join(manifest.allowed_hosts) or 'none'}",
        f"config      {', '.join(manifest.config_schema) or 'none'}",
        f"panel       {_panel(found)}",
        f"toolchain   {report.toolchain}",
        f"allocator   {report.entry.allocator}",
        f"start       {report.entry.start}{', start section' if report.start_section else ''}",
        "imports",
        *(f"  {line.module}.{line.name} {line.type}" for line in report.imports),
        "exports",
        *(f"  {line.name} {line.type}" for line in report.exports),
        *(f"warning     {warning}" for warning in found.warnings),
    ]
    for line in lines:
        # Names are the module's to choose, and may hold terminal escapes.
        click.echo(clean_text(line, _LONGEST_LINE, lines=False))


def _panel(found: Inspection) -> str:
    panel = found.manifest.ui_panel
    if panel is None:
        return "none"
    return f"{panel.title!r}, {panel.height} px, {found.report.entry.panel}"


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
def embed(file: Path, manifest: Path, output: Path) -> None:
    """Write MANIFEST into FILE's custom section, replacing an existing one."""
    raw = read_file(manifest)
    checked = check_manifest_file(manifest, raw)
    for warning in unknown_keys(manifest, checked):
        click.echo(f"ohd: warning: {clean_text(warning, _LONGEST_LINE, lines=False)}", err=True)
    with plain_errors():
        result = replace_custom_section(read_file(file), _SECTION, raw)
    part = output.with_name(f"{output.name}.{os.getpid()}.part")
    try:
        part.write_bytes(result)
        part.replace(output)
    except OSError as exc:
        part.unlink(missing_ok=True)
        raise CannotGoOn(f"{output}: {exc.strerror}") from None
