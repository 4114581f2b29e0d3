"""One call of a GoatKit function on a disposable help desk, and what came of it.

Must not know where the call was read from.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cli.compose import Application
from cli.errors import CannotGoOn
from helpdesk.actors import SYSTEM, Role
from helpdesk.demo_data import ADMIN, STAFF, USER
from helpdesk.users import User
from supervisor.calls.behalf import Behalf
from supervisor.contracts.native import PERMISSION
from supervisor.query import Audience
from supervisor.views import CallResult, LogLine, PluginView
from webapp.pages.plugin_requests import NO_ORG, about

ACTOR = "ohd"
"""Who installs and grants, in the audit log of a help desk that nobody reads."""
REQUESTED = "requested"
"""In the place of a permission: all that the plugin requests."""
_SAMPLES = {Role.ADMIN: ADMIN, Role.STAFF: STAFF, Role.USER: USER}
_ROLES = {"admin": Role.ADMIN, "agent": Role.STAFF, "staff": Role.STAFF, "customer": Role.USER}


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """What is called, for whom, and with what allowed."""

    function: str
    arguments: dict[str, Any] | None = None
    user: str | None = None
    """A role, or the email address of somebody; None for a job's call."""
    language: str = "en"
    grants: Sequence[str] = ()
    most_s: float | None = None


async def install(application: Application, module: bytes) -> PluginView:
    """Install a GoatKit plugin; raises ModuleRefused, CannotGoOn."""
    view = await application.supervisor.installs.install(module, source="a file", actor=ACTOR)
    if not view.id.startswith("goatkit."):
        raise CannotGoOn("this is no GoatKit plugin; use `ohd plugin run` for its events")
    return view


async def call_function(
    application: Application, plugin: PluginView, asked: FunctionCall
) -> tuple[CallResult, Sequence[LogLine]]:
    """Grant, enable and call; return the result and the plugin's log, oldest line first.

    Raises CannotGoOn, GrantError, NotRunning.
    """
    supervisor = application.supervisor
    # Whoever runs a program on a machine of their own has agreed to that.
    native = [PERMISSION] if plugin.contract == "goatkit-native" else []
    for token in (*native, *asked.grants):
        tokens = [token]
        if token == REQUESTED:
            tokens = [permission.token for permission in plugin.permissions]
        for each in tokens:
            await supervisor.controls.grant(plugin.id, each, actor=ACTOR)
    sent, behalf = asked.arguments, Behalf(languages=(asked.language,))
    if asked.user is not None:
        person = await _person(application, asked.user)
        behalf = Behalf(Audience.person_of(person.id), (asked.language,))
        said = await about(application.helpdesk, person)
        sent = {**(sent or {}), **said, **NO_ORG, "_lang": asked.language}
    await supervisor.controls.set_enabled(plugin.id, True, actor=ACTOR)
    encoded = b"" if sent is None else json.dumps(sent).encode()
    result = await supervisor.functions.call(
        plugin.id, asked.function, encoded, behalf, most_s=asked.most_s
    )
    return result, await supervisor.logs.read(plugin.id)


async def _person(application: Application, wanted: str) -> User:
    users = application.helpdesk.users
    role = _ROLES.get(wanted.lower())
    if role is None and wanted.lower() != "user":
        found = await users.find_by_email(SYSTEM, wanted)
        if found is None:
            raise CannotGoOn(f"nobody has the address {wanted!r}, and it is no role")
        return found
    sample = await users.find_by_email(SYSTEM, _SAMPLES[role or Role.USER])
    if sample is not None and sample.role is (role or Role.USER):
        return sample
    page = await users.list(SYSTEM)
    people = [each for each in page.rows if each.role is (role or Role.USER)]
    if not people:
        raise CannotGoOn(f"nobody has the role {wanted}")
    return people[0]
