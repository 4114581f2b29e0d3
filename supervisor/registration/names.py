"""A plugin's name, and the id that it is known by here: ``goatkit.NAME``.

That platform takes any name; here it is part of addresses, commands and file names. So capitals
become small letters, and blanks, dots and underscores become hyphens; what is still no name of
letters, digits and hyphens is refused.
"""

import re

from supervisor.manifest.errors import describe
from supervisor.registration.errors import RegistrationRefused

PREFIX = "goatkit."
MAX_NAME = 60
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", re.ASCII)
_GAPS = re.compile(r"[ ._-]+")
_EXPECTED = f"a name of 1 to {MAX_NAME} letters a to z, digits and hyphens between them"


def plugin_name(name: object) -> str:
    """Return the name as used here; raises RegistrationRefused."""
    if name is None:
        raise RegistrationRefused("name", "missing", _EXPECTED)
    # Length first: nothing of a stranger's is walked through before it is known to be short.
    if isinstance(name, str) and name.isascii() and len(name) <= MAX_NAME:
        mapped = _GAPS.sub("-", name.lower())
        if _NAME.fullmatch(mapped):
            return mapped
    raise RegistrationRefused("name", describe(name), _EXPECTED)


def plugin_id(name: object) -> str:
    """Return ``goatkit.NAME``; raises RegistrationRefused."""
    return PREFIX + plugin_name(name)
