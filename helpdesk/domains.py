"""Domains of email addresses, in the one form in which they are compared. Pure.

A domain is compared whole: ``mail.example.com`` is another than ``example.com``. Names with
letters beyond ASCII are put into their ASCII form (IDNA 2008 after UTS #46), so that
``münchen.example`` and ``xn--mnchen-3ya.example`` are one, and a letter that only looks like
another is another.
"""

import re

import idna

from helpdesk.errors import Invalid
from helpdesk.text import counted

MOST = 100
"""Domains in one list."""
LONGEST = 253
"""Characters of a domain."""
_BETWEEN = re.compile(r"[\s,;]+")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")
_LONGEST_ADDRESS = 254


def with_ascii_domain(address: str) -> str:
    """Return a typed address with its domain in ASCII; what makes no sense stays as it is."""
    local, at, domain = address.strip().rpartition("@")
    if not at or domain.isascii() or len(address) > _LONGEST_ADDRESS:
        return address
    return f"{local}@{_ascii(domain) or domain}"


def domain_of(address: str) -> str:
    """Return the domain of a stored address."""
    return address.rpartition("@")[2]


def without_tag(address: str) -> str:
    """Return the address whose mailbox most servers deliver to: ``a+tag@b`` is ``a@b``."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"


def checked(field: str, text: str) -> tuple[str, ...]:
    """Read a list of domains, with spaces, commas or lines between them.

    Returns them in ASCII and lower case, sorted, each once. Raises ``Invalid`` naming ``field``.
    """
    if len(text) > MOST * (LONGEST + 2):
        raise Invalid(field, counted(len(text), "character"), f"at most {MOST} domains")
    found = {_domain(field, word) for word in _BETWEEN.split(text.strip()) if word}
    if len(found) > MOST:
        raise Invalid(field, counted(len(found), "domain"), f"at most {MOST} domains")
    return tuple(sorted(found))


def _domain(field: str, word: str) -> str:
    name = _ascii(word.removeprefix("@")) if len(word) <= LONGEST else ""
    if not _DOMAIN.fullmatch(name):
        raise Invalid(field, repr(word[:64]), "domains like example.com, without wildcards")
    return name


def _ascii(domain: str) -> str:
    try:
        return idna.encode(domain.rstrip("."), uts46=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return ""
