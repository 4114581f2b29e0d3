"""People whose second factors are real: codes of a secret, and a passkey made here."""

from typing import Any

import pytest

from helpdesk.actors import SYSTEM
from supervisor.secrets.box import SecretBox
from tests.helpdesk.factors.phone import PASSWORD, Phone


@pytest.fixture
async def desk(world: Any) -> Any:
    """Return the help desk, with a key for secrets and a password for the user."""
    world.helpdesk.apps.sealer = SecretBox(b"k" * 32)
    await world.helpdesk.users.set_password(SYSTEM, world.user.id, PASSWORD)
    return world.helpdesk


@pytest.fixture
async def phone(world: Any, desk: Any) -> Phone:
    """Return the user's phone; its clock is past the code that set it up."""
    session = (await desk.sessions.start(world.user.id)).token
    secret = (await desk.apps.begin(session, "Desk")).text
    shown = Phone(world, secret, session, ())
    shown.recovery = await desk.apps.confirm(world.user.id, session, shown.code())
    world.clock.turn(seconds=90)
    return shown
