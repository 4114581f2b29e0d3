"""The plugin manifest: read from untrusted bytes, checked, and used to check configuration.

Layers, lower ones know nothing of higher ones::

    config       values for ``config_schema``: offered, saved, effective
    parse        bytes -> Manifest, or the one sentence that says which field is wrong and how
    hosts, rules what the types alone cannot say
    shape        the types, which also give the published JSON Schema
    json_text    bounded JSON
    model, errors what comes out

Knows nothing of WebAssembly, of storage or of processes.
"""

from supervisor.manifest.config import check_config, effective_config
from supervisor.manifest.errors import ManifestError
from supervisor.manifest.model import ConfigField, ConfigValue, Manifest, Panel
from supervisor.manifest.parse import parse_manifest
from supervisor.manifest.shape import manifest_schema

__all__ = [
    "ConfigField",
    "ConfigValue",
    "Manifest",
    "ManifestError",
    "Panel",
    "check_config",
    "effective_config",
    "manifest_schema",
    "parse_manifest",
]
