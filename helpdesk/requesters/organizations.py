"""Organizations: where requesters belong, by the domain of their address or as an admin says.

A person belongs to one organization at most, and only requesters do. Members see each other's
tickets where their organization shares them, which it does not at first; what that means is decided
in ``access``. Must not know of tickets.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from helpdesk import access, accounts, checks, domains
from helpdesk.accounts import User
from helpdesk.actors import Actor, Role
from helpdesk.audit import AuditLog, differences
from helpdesk.errors import Conflict, Invalid, LimitReached, NotFound
from helpdesk.ids import new_id
from helpdesk.paging import Page, PageRequest
from helpdesk.storage import sql
from helpdesk.storage.database import Database
from helpdesk.viewers import load_viewer

MOST = 10_000
"""Organizations in all."""
_DOMAIN_ROWS = "SELECT domain FROM organization_domains WHERE organization_id = ? ORDER BY domain"
_COUNT = "SELECT count(*) FROM organization_members WHERE organization_id = ?"


@dataclass(frozen=True, slots=True)
class Organization:
    """A company, a school, a department: requesters who belong together."""

    id: str
    name: str
    domains: tuple[str, ...]
    """In ASCII, sorted. Whoever gets an account with an address at one of them is a member."""
    notes: str
    """For staff."""
    shares: bool
    """Whether members see each other's tickets."""
    members: int
    """How many there are."""


class Organizations:
    """Makes, changes and lists organizations: staff read, admins change."""

    def __init__(self, database: Database, audit: AuditLog) -> None:
        self._database = database
        self._audit = audit

    async def list(
        self, actor: Actor, *, text: str = "", page: int = 1, per_page: int = 50
    ) -> Page[Organization]:
        """Return organizations by name; ``text`` is looked for in names."""
        request = PageRequest(page, per_page)

        def job(connection: sqlite3.Connection) -> Page[Organization]:
            _require_staff(connection, actor)
            where = "WHERE instr(search_text(name), search_text(:text))"
            values = {"text": text.strip()[:200], "most": per_page, "offset": request.offset}
            query = (
                f"SELECT * FROM organizations {where}"  # noqa: S608 - our own words
                " ORDER BY name, id LIMIT :most OFFSET :offset"
            )
            found = [_from_row(connection, row) for row in sql.rows(connection, query, values)]
            count = f"SELECT count(*) FROM organizations {where}"  # noqa: S608
            total = sql.scalar(connection, count, {"text": values["text"]})
            return Page(found, request.page, request.per_page, total)

        return await self._database.read(job)

    async def get(self, actor: Actor, organization_id: str) -> Organization:
        """Return one. Raises ``NotFound``."""

        def job(connection: sqlite3.Connection) -> Organization:
            _require_staff(connection, actor)
            return _find(connection, organization_id)

        return await self._database.read(job)

    async def of_person(self, actor: Actor, user_id: str) -> Organization | None:
        """Return somebody's organization, for staff; None for none."""

        def job(connection: sqlite3.Connection) -> Organization | None:
            _require_staff(connection, actor)
            found = _id_of(connection, user_id)
            return None if found is None else _find(connection, found)

        return await self._database.read(job)

    async def shared_by(self, user_id: str) -> str | None:
        """Return the organization whose tickets a person sees; None where it shares none.

        For whoever has checked who asks: it is for that person themselves.
        """
        query = (
            "SELECT o.id FROM organizations AS o JOIN organization_members AS m"
            " ON o.id = m.organization_id WHERE m.user_id = ? AND o.shares"
        )
        found: str | None = await self._database.read(lambda c: sql.scalar(c, query, (user_id,)))
        return found

    async def members(
        self, actor: Actor, organization_id: str, *, page: int = 1, per_page: int = 50
    ) -> Page[User]:
        """Return the members of an organization by name. Raises ``NotFound``."""
        request = PageRequest(page, per_page)

        def job(connection: sqlite3.Connection) -> Page[User]:
            _require_staff(connection, actor)
            total = _find(connection, organization_id).members
            query = (
                "SELECT u.* FROM users AS u JOIN organization_members AS m ON m.user_id = u.id"
                " WHERE m.organization_id = ? ORDER BY u.name COLLATE NOCASE, u.id LIMIT ? OFFSET ?"
            )
            values = (organization_id, request.per_page, request.offset)
            found = [accounts.from_row(row) for row in sql.rows(connection, query, values)]
            return Page(found, request.page, request.per_page, total)

        return await self._database.read(job)

    async def create(
        self,
        actor: Actor,
        *,
        name: str,
        domains: str = "",
        notes: str = "",
        shares: bool = False,
    ) -> Organization:
        """Create one; requesters with an address at its domains become members, unless elsewhere.

        ``domains``: with spaces, commas or lines between them. Raises ``Invalid``, ``Conflict``.
        """
        made = _checked(Organization(new_id(), name, (), notes, shares, 0), domains)
        record = self._audit.stamp(actor.id, "organization.created", made.name)

        def job(connection: sqlite3.Connection) -> Organization:
            _require_admin(connection, actor)
            if sql.scalar(connection, "SELECT count(*) FROM organizations") >= MOST:
                raise LimitReached("another organization", MOST)
            _require_free(connection, made)
            connection.execute(
                "INSERT INTO organizations (id, name, notes, shares) VALUES (?, ?, ?, ?)",
                (made.id, made.name, made.notes, made.shares),
            )
            _replace_domains(connection, made, before=())
            found = _find(connection, made.id)
            record(connection, _facts(found))
            return found

        return await self._database.write(job)

    async def update(
        self,
        actor: Actor,
        organization_id: str,
        *,
        name: str | None = None,
        domains: str | None = None,
        notes: str | None = None,
        shares: bool | None = None,
    ) -> Organization:
        """Change one; None leaves a thing as it is. A domain that is taken away moves nobody."""
        record = self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> Organization:
            _require_admin(connection, actor)
            old = _find(connection, organization_id)
            wanted = Organization(
                old.id,
                old.name if name is None else name,
                old.domains,
                old.notes if notes is None else notes,
                old.shares if shares is None else shares,
                old.members,
            )
            new = _checked(wanted, " ".join(old.domains) if domains is None else domains)
            _require_free(connection, new)
            connection.execute(
                "UPDATE organizations SET name = ?, notes = ?, shares = ? WHERE id = ?",
                (new.name, new.notes, new.shares, new.id),
            )
            _replace_domains(connection, new, before=old.domains)
            if different := differences(_facts(old), _facts(new)):
                record(connection, "organization.changed", old.name, different)
            return _find(connection, new.id)

        return await self._database.write(job)

    async def delete(self, actor: Actor, organization_id: str) -> None:
        """Delete one; its members belong nowhere then, and keep their accounts and tickets."""
        record = self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> None:
            _require_admin(connection, actor)
            old = _find(connection, organization_id)
            connection.execute("DELETE FROM organizations WHERE id = ?", (old.id,))
            record(connection, "organization.deleted", old.name, _facts(old))

        await self._database.write(job)

    async def add_member(self, actor: Actor, organization_id: str, person: str) -> User:
        """Move a requester here, by the id or the address of their account.

        Raises ``NotFound`` for the organization, ``Invalid`` for the person.
        """

        def job(connection: sqlite3.Connection) -> tuple[User, str]:
            found = _find(connection, organization_id)
            query = "SELECT * FROM users WHERE id = ? OR email = ?"
            row = sql.row(connection, query, (person, accounts.typed_email(person[:254])))
            if row is None or row["role"] != Role.USER:
                expected = "the email address of an account with the role user"
                raise Invalid("email", repr(person[:64]), expected)
            user = accounts.from_row(row)
            # Deleted first, so that the pages that the person has open notice.
            connection.execute("DELETE FROM organization_members WHERE user_id = ?", (user.id,))
            connection.execute(
                "INSERT INTO organization_members (user_id, organization_id) VALUES (?, ?)",
                (user.id, found.id),
            )
            return user, found.name

        return await self._change_members(actor, "organization.member_added", job)

    async def remove_member(self, actor: Actor, organization_id: str, user_id: str) -> User:
        """Let somebody belong nowhere. Raises ``NotFound``."""

        def job(connection: sqlite3.Connection) -> tuple[User, str]:
            found = _find(connection, organization_id)
            query = "DELETE FROM organization_members WHERE user_id = ? AND organization_id = ?"
            if not connection.execute(query, (user_id, found.id)).rowcount:
                raise NotFound("member", user_id)
            return accounts.find(connection, user_id), found.name

        return await self._change_members(actor, "organization.member_removed", job)

    async def _change_members(
        self, actor: Actor, action: str, act: Callable[[sqlite3.Connection], tuple[User, str]]
    ) -> User:
        record = self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> User:
            _require_admin(connection, actor)
            user, organization = act(connection)
            record(connection, action, organization, {"member": user.email})
            return user

        return await self._database.write(job)


def _checked(wanted: Organization, listed: str) -> Organization:
    return Organization(
        wanted.id,
        checks.name("name", wanted.name),
        domains.checked("domains", listed),
        checks.body("notes", wanted.notes, least=0),
        wanted.shares,
        wanted.members,
    )


def _find(connection: sqlite3.Connection, organization_id: str) -> Organization:
    row = sql.row(connection, "SELECT * FROM organizations WHERE id = ?", (organization_id,))
    if row is None:
        raise NotFound("organization", organization_id)
    return _from_row(connection, row)


def _from_row(connection: sqlite3.Connection, row: sqlite3.Row) -> Organization:
    listed = tuple(domain for (domain,) in connection.execute(_DOMAIN_ROWS, (row["id"],)))
    members = int(sql.scalar(connection, _COUNT, (row["id"],)))
    return Organization(row["id"], row["name"], listed, row["notes"], bool(row["shares"]), members)


def _id_of(connection: sqlite3.Connection, user_id: str) -> str | None:
    query = "SELECT organization_id FROM organization_members WHERE user_id = ?"
    found: str | None = sql.scalar(connection, query, (user_id,))
    return found


def _require_free(connection: sqlite3.Connection, wanted: Organization) -> None:
    query = "SELECT 1 FROM organizations WHERE name_key(name) = name_key(?) AND id != ?"
    if sql.row(connection, query, (wanted.name, wanted.id)) is not None:
        raise Conflict(f"the organization {wanted.name!r} already exists", "choose another name")
    query = (
        "SELECT name FROM organizations JOIN organization_domains ON id = organization_id"
        " WHERE domain = ? AND id != ?"
    )
    for domain in wanted.domains:
        owner = sql.scalar(connection, query, (domain, wanted.id))
        if owner is not None:
            raise Conflict(f"{domain} belongs to {owner}", "take it away there first")


def _replace_domains(
    connection: sqlite3.Connection, wanted: Organization, *, before: tuple[str, ...]
) -> None:
    connection.execute("DELETE FROM organization_domains WHERE organization_id = ?", (wanted.id,))
    connection.executemany(
        "INSERT INTO organization_domains (domain, organization_id) VALUES (?, ?)",
        [(domain, wanted.id) for domain in wanted.domains],
    )
    for domain in wanted.domains:
        if domain not in before:
            connection.execute(
                "INSERT INTO organization_members (user_id, organization_id)"
                " SELECT id, ? FROM users WHERE role = 'user'"
                " AND substr(email, -length(?2)) = ?2"
                " AND NOT EXISTS (SELECT 1 FROM organization_members WHERE user_id = users.id)",
                (wanted.id, f"@{domain}"),
            )


def _facts(one: Organization) -> dict[str, object]:
    return {
        "name": one.name,
        "domains": list(one.domains),
        "notes": one.notes[:200],
        "shares": one.shares,
    }


def _require_staff(connection: sqlite3.Connection, actor: Actor) -> None:
    access.require_staff(load_viewer(connection, actor), "view organizations")


def _require_admin(connection: sqlite3.Connection, actor: Actor) -> None:
    access.require_admin(load_viewer(connection, actor), "change organizations")
