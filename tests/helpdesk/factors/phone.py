"""An authenticator app of the test's own."""

from typing import Any

import pyotp

from helpdesk.factors.sign_in import LoginStep

PASSWORD = "correct horse"


class Phone:
    """An authenticator app that is set up, and the session in which it was."""

    def __init__(self, world: Any, secret: str, session: str, recovery: tuple[str, ...]) -> None:
        self.world = world
        self.secret = secret
        self.session = session
        self.recovery = recovery

    def code(self, *, late_s: int = 0) -> str:
        """Return the code that the app shows, or showed some seconds ago."""
        return pyotp.TOTP(self.secret).at(int(self.world.clock.now().timestamp()) - late_s)

    async def step(self) -> str:
        """Show the password and return the token of the log-in that waits."""
        waits = await self.world.helpdesk.sign_in.log_in("user@example.com", PASSWORD)
        assert isinstance(waits, LoginStep)
        return waits.token
