"""The language that a person has chosen: a tag such as ``pt-br``, empty for the browser's choice.

Owns the column ``users.language`` and its spelling. Which languages there are texts in, is not
known here.
"""

import re

from helpdesk.errors import Invalid

LONGEST_TAG = 35
_TAG = re.compile(r"[a-z]{2,8}(-[a-z0-9]{1,8}){0,3}", re.ASCII)


def language_tag(text: str) -> str | None:
    """Return a language in its one spelling, ``pt-br``; None for what is none."""
    tag = text.strip().lower().replace("_", "-") if len(text) <= LONGEST_TAG else ""
    return tag if _TAG.fullmatch(tag) else None


def chosen_language(text: str) -> str:
    """Return what somebody chose, empty for the browser's choice; raises ``Invalid``."""
    if not text.strip():
        return ""
    tag = language_tag(text)
    if tag is None:
        raise Invalid("language", repr(text[:40]), 'a language such as "de" or "pt-br"')
    return tag
