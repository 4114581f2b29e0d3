"""Reads one manifest: bytes of the custom section in, a checked ``Manifest`` out.

It owns the order of the checks and nothing else: text, then types, then what types cannot say.
"""

from supervisor.manifest.faults import convert, unknown_keys
from supervisor.manifest.hosts import check_hosts
from supervisor.manifest.json_text import read_object
from supervisor.manifest.model import Manifest, Panel
from supervisor.manifest.rules import (
    check_events,
    check_field,
    check_field_names,
    check_homepage,
    check_texts,
)
from supervisor.manifest.shape import ManifestShape


def parse_manifest(raw: bytes) -> Manifest:
    """Return the manifest in ``raw``; raise ``ManifestError`` with the first thing wrong.

    Source: the plugin document's table of manifest fields.
    """
    content = read_object(raw)
    check_field_names(content)
    shape = convert(content)
    check_texts(shape)
    check_homepage(shape.homepage)
    check_events(shape.events)
    fields = (shape.config_schema or {}).items()
    hosts = _allowed_hosts(shape)
    return Manifest(
        id=shape.id,
        name=shape.name,
        version=shape.version,
        description=shape.description,
        author=shape.author,
        license=shape.license,
        homepage=shape.homepage,
        events=tuple(shape.events),
        allowed_hosts=hosts,
        config_schema={name: check_field(name, definition, hosts) for name, definition in fields},
        ui_panel=Panel(shape.ui_panel.title, shape.ui_panel.height) if shape.ui_panel else None,
        unknown=unknown_keys(content),
        raw=content,
    )


def _allowed_hosts(shape: ManifestShape) -> tuple[str, ...]:
    http = shape.permissions.http if shape.permissions else None
    return check_hosts(http.allowed_hosts) if http else ()
