"""The plugin manifest: read from untrusted bytes, checked, and used to check configuration.

::

    config       values for ``config_schema``: offered, saved, effective
    parse        bytes to Manifest, or the one sentence that says which field is wrong and how
    hosts        hosts in ``allowed_hosts``: exact names and nothing that only looks like one
    rules        what the types alone cannot say
    faults       the type checker's complaints as sentences
    shape        the types, which also give the published JSON Schema
    json_text    bounded JSON
    permissions  what a plugin asks to be allowed, and what its admin has granted
    model        a manifest that passed every check
    errors       what can be wrong

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
