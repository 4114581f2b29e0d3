"""Files of time zone rules: a query process opens its file before it locks itself down."""

import os
import zoneinfo
from pathlib import Path

UTC = "UTC"


def zone_file(zone: str) -> str:
    """Return the path of a zone's file, empty for UTC. Raises ValueError for no known zone."""
    if zone == UTC:
        return ""
    if zone in zoneinfo.available_timezones():
        for folder in zoneinfo.TZPATH:
            found = Path(folder) / zone
            if found.is_file():
                return str(found)
    raise ValueError(
        f"no time zone {zone!r} on this machine; expected a name such as Europe/Berlin from"
        " /usr/share/zoneinfo (the system's package tzdata)"
    )


def server_zone() -> str:
    """Return the name of this machine's time zone; UTC if it is unknown."""
    for found in (os.environ.get("TZ", "").lstrip(":"), _linked_zone()):
        try:
            if found and zone_file(found):
                return found
        except ValueError:
            continue
    return "UTC"


def _linked_zone() -> str:
    _, _, name = os.path.realpath("/etc/localtime").partition("/zoneinfo/")
    return name
