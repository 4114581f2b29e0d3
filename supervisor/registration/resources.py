"""``resources``: how much a plugin asks for, and which permissions."""

from dataclasses import dataclass

from supervisor.manifest.errors import describe
from supervisor.registration.durations import MAX_CALL_S, read_duration
from supervisor.registration.errors import GrantError
from supervisor.registration.permissions import Permission, permission
from supervisor.registration.reading import Broken, Part

MAX_PERMISSIONS = 50
MAX_MEMORY_MB = 4_096
MAX_FILE_BYTES = 2**40
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Resources:
    """What a plugin asks for; None if absent. The host applies its own limits."""

    memory_bytes: int | None = None
    call_timeout_s: float | None = None
    """At most 30 s."""
    init_timeout_s: float | None = None
    shutdown_timeout_s: float | None = None
    file_storage_bytes: int | None = None
    permissions: tuple[Permission, ...] = ()


def read_resources(root: Part) -> Resources:
    """Return the section ``resources``."""
    part = root.part("resources")
    if part is None:
        return Resources()
    memory_mb = part.number("memory_mb", 0, MAX_MEMORY_MB)
    return Resources(
        memory_bytes=memory_mb * _MIB if memory_mb else None,
        call_timeout_s=read_duration(part, "call_timeout", MAX_CALL_S),
        init_timeout_s=read_duration(part, "init_timeout", MAX_CALL_S),
        shutdown_timeout_s=read_duration(part, "shutdown_timeout", MAX_CALL_S),
        file_storage_bytes=part.number("max_file_storage_bytes", 0, MAX_FILE_BYTES) or None,
        permissions=part.each("permissions", MAX_PERMISSIONS, "permission", _read_permission),
    )


def _read_permission(part: Part) -> Permission:
    kind = part.need_line("type", 40)
    if kind.strip().lower() == "entity":
        found = '"entity", which is not supported (plugins cannot delete tickets or people)'
        raise Broken(part.at("type"), found, "another type")
    try:
        permission(kind, "")
    except GrantError as error:
        raise Broken(part.at("type"), describe(kind), _expected(error)) from None
    access = part.text("access", 40)
    scopes = []
    asked_scope = part.has("scope") and part.value("scope") not in ([], "")
    for scope in part.lines("scope", 100):
        try:
            permission(kind, access, (scope,))
        except GrantError as error:
            lost = "it is ignored"
            part.notes.warn(part.at("scope"), describe(scope), _expected(error), lost)
        else:
            scopes.append(scope)
    if asked_scope and not scopes:
        # Without any scope it would ask for everything, which is more than what was meant.
        raise Broken(part.at("scope"), "without any scope that can be used", "at least one")
    try:
        return permission(kind, access, scopes)
    except GrantError as error:
        raise Broken(part.at("access"), describe(access), _expected(error)) from None


def _expected(error: GrantError) -> str:
    return str(error).partition("; expected ")[2] or "a permission as documented"
