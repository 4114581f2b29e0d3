"""Size limits of packages."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Caps:
    """Highest allowed sizes in bytes, and counts."""

    package_bytes: int = 64 * MIB
    entries: int = 1_000
    """Files and folders together."""
    file_bytes: int = 32 * MIB
    """One file, unpacked; the module is one of them."""
    program_bytes: int = 100 * MIB
    """One file of a native plugin's package, unpacked; the programs are among them."""
    total_bytes: int = 128 * MIB
    """All files, unpacked."""
    ratio: int = 200
    """Unpacked size over packed size of one file, where it is larger than ``ratio_from_bytes``."""
    ratio_from_bytes: int = MIB
    manifest_bytes: int = 256 * 1024
    manifest_depth: int = 16
    manifest_values: int = 20_000
    signature_bytes: int = 1_024
    name_bytes: int = 240
    name_depth: int = 16


DEFAULT_CAPS = Caps()
