"""Size limits of plugin modules.

A file of under a megabyte can keep a compiler busy for minutes and a binding that looks things up
by position for seconds, so the counts are bounded before either sees the bytes. The figures are
several times what real compilers emit and well below what hurts.
"""

from dataclasses import dataclass

MANIFEST_SECTION = "ohd_manifest"
MAX_CUSTOM_SECTIONS = 1_000
MAX_NAME_BYTES = 1_024


@dataclass(frozen=True, slots=True)
class Caps:
    """Highest allowed counts; sizes are in bytes."""

    module_bytes: int = 32 * 1024 * 1024
    types: int = 10_000
    signature_values: int = 1_000
    """Parameters, or results, of one function type."""
    all_signature_values: int = 200_000
    """Parameters and results of all function types together."""
    imports: int = 1_000
    exports: int = 1_000
    functions: int = 50_000
    tables: int = 16
    memories: int = 1
    globals: int = 10_000
    constant_instructions: int = 50_000
    """Instructions in the initial values of all globals together."""
    tags: int = 1_000
    elements: int = 10_000
    data: int = 100_000


DEFAULT_CAPS = Caps()
