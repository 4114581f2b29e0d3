"""Accounts over the API: readable by staff, changed by admins."""

from helpdesk.clock import rfc3339
from webapp.api.bodies import PasswordBody, UserBody, UserPatch, given
from webapp.api.operations import operation
from webapp.api.people_shapes import InvitationOut, KeyOut, UserOut, key_json, user_json
from webapp.api.queries import UserQuery
from webapp.api.shapes import Listing, listing, whole_list
from webapp.context import app_context
from webapp.rendering.links import invitation_url
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("api_users", __name__, Access.SIGNED_IN)

_ONE = "/api/users/<user_id>"


@operation(blueprint, "GET", "/api/users", errors=(403,))
async def users(query: UserQuery) -> Listing[UserOut]:
    """List accounts by name (staff)."""
    found = await app_context().helpdesk.users.list(
        current_visit().actor, text=query.q, page=query.page, per_page=query.per_page
    )
    return listing(found, user_json)


@operation(
    blueprint, "POST", "/api/users", status=201, location="/api/users/{id}", errors=(403, 409)
)
async def create(body: UserBody) -> UserOut:
    """Create an account (admins)."""
    return user_json(
        await app_context().helpdesk.users.create(
            current_visit().actor,
            email=body.email,
            name=body.name,
            role=body.role,
            password=body.password,
        )
    )


@operation(blueprint, "GET", _ONE, of="user")
async def user(user_id: str) -> UserOut:
    """Return one account: your own, or any for staff."""
    return user_json(await app_context().helpdesk.users.get(current_visit().actor, user_id))


@operation(blueprint, "PATCH", _ONE, of="user", errors=(403, 409))
async def change(user_id: str, body: UserPatch) -> UserOut:
    """Change an account: admins everything, others their own name.

    Disabling ends the person's sessions, and their API keys stop working.
    """
    changes = given(name=body.name, email=body.email, role=body.role, disabled=body.disabled)
    return user_json(
        await app_context().helpdesk.users.update(current_visit().actor, user_id, **changes)
    )


@operation(blueprint, "PUT", f"{_ONE}/password", of="user", errors=(403,))
async def set_password(user_id: str, body: PasswordBody) -> None:
    """Set the password of an account and end its sessions (admins)."""
    await app_context().helpdesk.users.set_password(current_visit().actor, user_id, body.password)


@operation(blueprint, "DELETE", f"{_ONE}/sessions", of="user", errors=(403,))
async def end_sessions(user_id: str) -> None:
    """End all sessions of an account: your own, or any for admins."""
    desk, actor = app_context().helpdesk, current_visit().actor
    await desk.users.get(actor, user_id)
    await desk.sessions.revoke_all(actor, user_id)


@operation(blueprint, "DELETE", f"{_ONE}/second-factor", of="user", errors=(403,))
async def reset_second_factor(user_id: str) -> None:
    """Remove all second factors of an account, and end its sessions (admins)."""
    desk, actor = app_context().helpdesk, current_visit().actor
    await desk.users.get(actor, user_id)
    await desk.factors.reset(actor, user_id)


@operation(blueprint, "GET", f"{_ONE}/keys", of="user", errors=(403,))
async def keys(user_id: str) -> Listing[KeyOut]:
    """List the API keys of an account: your own, or any for admins."""
    desk, actor = app_context().helpdesk, current_visit().actor
    await desk.users.get(actor, user_id)
    return whole_list([key_json(key) for key in await desk.api_keys.list(actor, user_id)])


@operation(blueprint, "DELETE", f"{_ONE}/keys/<key_id>", of="API key")
async def revoke_key(user_id: str, key_id: str) -> None:
    """Revoke an API key: your own, or any for admins."""
    await app_context().helpdesk.api_keys.revoke(current_visit().actor, key_id, owner_id=user_id)


@operation(
    blueprint, "POST", "/api/users/<user_id>/invitation", of="user", status=201, errors=(403, 409)
)
async def invite(user_id: str) -> InvitationOut:
    """Make a link by which somebody sets their password, once, within three days (admins).

    An earlier link for the same account is good no longer.
    """
    here = app_context()
    made = await here.helpdesk.invitations.create(current_visit().actor, user_id)
    url = invitation_url(here.config.public_url, made.token)
    return InvitationOut(url, rfc3339(made.expires_at))
