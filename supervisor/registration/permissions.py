"""Permissions of a GoatKit plugin: kinds of access, each with a scope.

As text, in commands and in the store: ``KIND:ACCESS:SCOPE,SCOPE`` such as ``db:read:ticket,queue``;
without the access for kinds that tell none apart, ``http:api.example.com``. Without a scope a grant
is for everything of its kind, and ``cache`` alone is all accesses.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from supervisor.manifest.errors import describe
from supervisor.registration.errors import GrantError
from supervisor.registration.scopes import BY_KIND

READ, WRITE, READWRITE, USE = "read", "write", "readwrite", "use"
MAX_SCOPES = 100
MAX_GRANT_TEXT = 8_000

ACCESSES: Mapping[str, tuple[str, ...]] = {
    "db": (READ, WRITE),
    "cache": (READ, WRITE),
    "http": (USE,),
    "email": (USE,),
    "notice": (USE,),
    "config": (USE,),
    "secure_config": (READ, WRITE),
    "plugin_call": (USE,),
    "file": (READ, WRITE),
    "article": (READ, WRITE),
    "ticket": (READ, WRITE),
    "custom_field": (READ, WRITE),
    "record": (READ, WRITE),
    "change_ticket": (USE,),
    "publish_event": (USE,),
    "ticket_event": (USE,),
    "public_route": (USE,),
    "navigation": (USE,),
    "new_ticket": (USE,),
}
"""Every kind with the accesses that it tells apart."""
KINDS = tuple(ACCESSES)
_ACCESS_WORDS = (READ, WRITE, READWRITE, USE)


@dataclass(frozen=True, slots=True)
class Permission:
    """One grant or one wish; made by ``permission`` or ``parse_grant``, which check it."""

    kind: str
    access: str
    """``read``, ``write``, ``readwrite``, or ``use`` for kinds that tell none apart."""
    scope: tuple[str, ...] = ()
    """Sorted, each once; empty for everything of the kind."""

    @property
    def text(self) -> str:
        """The text form, which ``parse_grant`` reads."""
        access = () if self.access == USE else (self.access,)
        scope = (",".join(self.scope),) if self.scope else ()
        return ":".join((self.kind, *access, *scope))


def permission(kind: str, access: str, scope: Iterable[str] = ()) -> Permission:
    """Return a checked permission; raises GrantError.

    An empty access is all that there is of the kind. Kinds that tell no accesses apart take any.
    """
    kind = kind.strip().lower() if len(kind) <= 40 else kind
    if kind not in ACCESSES:
        raise GrantError(
            f"{describe(kind)} is not a permission; expected one of {', '.join(KINDS)}"
        )
    access = access.strip().lower() if len(access) <= 40 else access
    if access and access not in _ACCESS_WORDS:
        allowed = ", ".join((READ, WRITE, READWRITE))
        raise GrantError(
            f"{describe(access)} is not an access of {kind}; expected one of {allowed}"
        )
    if ACCESSES[kind] == (USE,):
        access = USE
    elif access in {"", USE}:
        access = READWRITE
    return Permission(kind, access, _read_scope(kind, tuple(scope)))


def _read_scope(kind: str, scope: tuple[str, ...]) -> tuple[str, ...]:
    if not scope or "*" in scope:
        return ()
    how = BY_KIND.get(kind)
    if how is None:
        raise GrantError(f"{kind} has no scopes; leave {describe(scope[0])} out")
    if len(scope) > MAX_SCOPES:
        raise GrantError(f"{kind} has {len(scope)} scopes; expected at most {MAX_SCOPES}")
    read: set[str] = set()
    for text in scope:
        one = how.read(text)
        if one is None:
            raise GrantError(f"{describe(text)} is not a scope of {kind}; expected {how.expected}")
        read.add(one)
    return tuple(sorted(read))


def parse_grant(text: str) -> Permission:
    """Return the permission that ``text`` names; raises GrantError."""
    if len(text) > MAX_GRANT_TEXT:
        raise GrantError(f"a permission has at most {MAX_GRANT_TEXT:,} characters")
    text = text.strip()
    kind, _, rest = text.partition(":")
    if text.endswith(":") or rest.startswith(":"):
        raise GrantError(f"{describe(text)} has one colon too many; expected KIND:ACCESS:SCOPE")
    word, _, scope = rest.partition(":")
    if ACCESSES.get(kind.strip().lower()) == (USE,) and word.strip().lower() not in _ACCESS_WORDS:
        # No access is told apart, so the scope follows at once; it may hold colons, as in /kb/:id.
        word, scope = "", rest
    scopes = [part.strip() for part in scope.split(",")] if scope else []
    return permission(kind, word, scopes)


def allows(grants: Iterable[Permission], kind: str, access: str, subject: str | None) -> bool:
    """Tell whether ``grants`` allow ``access`` to ``subject``.

    ``access``: ``read``, ``write``, or ``use``. ``subject``: a table, host, address, plugin, event
    or path; None where the kind has no scopes. What cannot be such a subject is never allowed.
    """
    if kind not in ACCESSES or access not in ACCESSES[kind]:
        return False
    how = BY_KIND.get(kind)
    asked_for = None
    if how is not None:
        asked_for = None if subject is None else how.subject(subject)
        if asked_for is None:
            return False
    return any(
        grant.kind == kind
        and grant.access in (access, READWRITE)
        and (
            not grant.scope
            or (how and asked_for and any(how.covers(scope, asked_for) for scope in grant.scope))
        )
        for grant in grants
    )


def covers(grants: Iterable[Permission], wanted: Permission) -> bool:
    """Tell whether ``grants`` allow all of ``wanted``, whose scopes are subjects, not patterns.

    Without a scope, anything of the kind is enough: that is what a call wants that names nothing.
    """
    held = tuple(grants)
    accesses = (READ, WRITE) if wanted.access == READWRITE else (wanted.access,)
    if not wanted.scope:
        return all(holds(held, wanted.kind, access) for access in accesses)
    return all(
        allows(held, wanted.kind, access, subject)
        for access in accesses
        for subject in wanted.scope
    )


def needed(kind: str, access: str, subject: str | None) -> Permission:
    """Return the narrowest permission that allows this; raises GrantError where none does."""
    return permission(kind, access, () if subject is None or kind not in BY_KIND else (subject,))


def holds(grants: Iterable[Permission], kind: str, access: str) -> bool:
    """Tell whether anything of this kind is granted, whatever its scope."""
    return any(grant.kind == kind and grant.access in (access, READWRITE) for grant in grants)
