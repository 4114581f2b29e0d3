"""Requests as a plugin sees them: who asks, in which language, and nothing that they sent."""

from dataclasses import dataclass
from typing import Any

from quart import request

from helpdesk import numbers
from helpdesk.actors import Role
from helpdesk.service import HelpDesk
from helpdesk.users import User
from supervisor.calls.behalf import Behalf
from supervisor.query import Audience
from webapp.context import app_context
from webapp.visitors.languages import languages
from webapp.visitors.sessions import current_visit

NO_ORG = {"_org_id": 0, "org_id": 0}
"""By both names that plugins read: plugins do not see organizations."""
_ROLES = {Role.ADMIN: "Admin", Role.STAFF: "Agent", Role.USER: "Customer"}


@dataclass(frozen=True, slots=True)
class Asking:
    """For whom a function is called, and what the plugin learns about them."""

    user: User | None
    behalf: Behalf
    envelope: dict[str, Any]

    @property
    def language(self) -> str:
        """The preferred language."""
        return next(iter(self.behalf.languages), "en")


async def asking() -> Asking:
    """Return what holds for this request."""
    return Asking(current_visit().user, behalf(), await envelope())


async def envelope() -> dict[str, Any]:
    """Return what the host says of the request, and nobody else can."""
    said: dict[str, Any] = {"_method": request.method, "_path": request.path, **NO_ORG}
    said["_lang"] = next(iter(languages()), "en").partition("-")[0]
    user = current_visit().user
    return said if user is None else said | await about(app_context().helpdesk, user)


async def about(helpdesk: HelpDesk, user: User) -> dict[str, Any]:
    """Return what a plugin learns about the person for whom it is called."""
    number = await helpdesk.database.read(lambda db: numbers.number_of(db, "user", user.id))
    return {
        "_user_id": number,
        "_user_email": user.email,
        "_user_login": user.email,
        "_user_role": _ROLES[user.role],
        "_is_admin": user.role is Role.ADMIN,
        **({"_customer_login": user.email} if user.role is Role.USER else {}),
    }


def behalf() -> Behalf:
    """Return for whom the request asks: what they may see, and the languages that they read."""
    user = current_visit().user
    audience = Audience.nobody() if user is None else Audience.person_of(user.id)
    return Behalf(audience, languages(), is_look=request.method in {"GET", "HEAD"})
