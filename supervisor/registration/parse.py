"""Reads one registration: the bytes that ``gk_register`` gave, and a package's manifest, if any.

It owns the order of things and what refuses the whole. The work is bounded by ``MAX_BYTES`` and by
the counts of each section; it takes up to some tens of milliseconds, so callers with an event loop
run it in a thread.
"""

from typing import Any

from supervisor.manifest.errors import ManifestError, describe
from supervisor.manifest.json_text import read_object
from supervisor.registration.errors import RegistrationRefused
from supervisor.registration.extras import read_custom_fields, read_error_codes, read_groups
from supervisor.registration.jobs import read_jobs
from supervisor.registration.model import Registration
from supervisor.registration.names import PREFIX, plugin_name
from supervisor.registration.notes import Notes, Unsupported
from supervisor.registration.reading import MAX_TEXT, Part
from supervisor.registration.resources import Resources, read_resources
from supervisor.registration.routes import read_routes
from supervisor.registration.settings import read_config_schema, read_events
from supervisor.registration.support import FIELDS
from supervisor.registration.translations import read_translations
from supervisor.registration.widgets import (
    read_hidden,
    read_landing_page,
    read_menu,
    read_widgets,
)

MAX_BYTES = 1024 * 1024
_EMPTY: tuple[Any, ...] = (None, "", False, [], {})


def parse_registration(raw: bytes, package: bytes | None = None) -> Registration:
    """Return what a plugin registers; raises RegistrationRefused where nothing of it can be used.

    ``package``: the package's manifest as JSON. What ``gk_register`` says wins, key by key.
    """
    notes = Notes()
    root = Part(_merged(raw, package, notes), "", notes)
    declared = root.value("name")
    name = plugin_name(declared)
    if declared != name:
        root.warn("name", "a name of lower-case letters, digits and hyphens", f'"{name}" is used')
    resources = read_resources(root)
    return Registration(
        id=PREFIX + name,
        name=name,
        declared_name=declared,
        version=root.text("version", 100),
        description=root.text("description", MAX_TEXT, lines=True),
        author=root.text("author"),
        license=root.text("license", 100),
        homepage=_read_homepage(root),
        min_host_version=root.text("min_host_version", 100),
        routes=read_routes(root),
        menu_items=read_menu(root),
        widgets=read_widgets(root),
        jobs=read_jobs(root),
        translations=read_translations(root, name),
        error_codes=read_error_codes(root, name),
        resources=resources,
        hide_menu_items=read_hidden(root),
        landing_page=read_landing_page(root),
        groups=read_groups(root),
        custom_fields=read_custom_fields(root),
        events=read_events(root),
        config_schema=read_config_schema(root, _hosts(resources)),
        dependencies=root.lines("dependencies", 50, 100),
        warnings=notes.result(),
        unsupported=tuple(
            Unsupported(field, support.words)
            for field, support in FIELDS.items()
            if not support.served and root.value(field) not in _EMPTY
        ),
    )


def _merged(raw: bytes, package: bytes | None, notes: Notes) -> dict[str, Any]:
    registered = _read(raw, "the registration")
    if package is None:
        return registered
    packaged = _read(package, "the package's manifest")
    Part(packaged, "the package's manifest", notes)  # refuses doubled keys
    known = {key.casefold() for key, value in registered.items() if value is not None}
    added = {key: value for key, value in packaged.items() if key.casefold() not in known}
    kept = {key: value for key, value in registered.items() if value is not None}
    _compare_names(registered, packaged, notes)
    return kept | added


def _compare_names(registered: dict[str, Any], packaged: dict[str, Any], notes: Notes) -> None:
    names = [
        next((value for key, value in each.items() if key.casefold() == "name"), None)
        for each in (registered, packaged)
    ]
    if None not in names and names[0] != names[1]:
        expected = f"{describe(names[0])}, as in gk_register"
        notes.warn(
            "the package's name", describe(names[1]), expected, "the name of gk_register is used"
        )


def _read(raw: bytes, what: str) -> dict[str, Any]:
    try:
        return read_object(raw, MAX_BYTES)
    except ManifestError as error:
        field = "" if what == "the registration" else what
        raise RegistrationRefused(field, error.found, error.expected, error.fix) from None


def _read_homepage(root: Part) -> str:
    text = root.text("homepage", 2_048)
    if text and (not text.startswith(("https://", "http://")) or set(text) & set(' <>"\\')):
        root.warn("homepage", 'an address such as "https://example.com"', "it is ignored")
        return ""
    return text


def _hosts(resources: Resources) -> tuple[str, ...]:
    return tuple(
        host
        for wish in resources.permissions
        if wish.kind == "http"
        for host in wish.scope
        if not host.startswith("*.")
    )
