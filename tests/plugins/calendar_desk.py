"""A help desk with Calendar out of the box, and people who use its functions."""

import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from cli.compose import Application, open_application
from cli.config import Config
from helpdesk.actors import SYSTEM, Role
from helpdesk.notifications import Notification
from helpdesk.numbers import number_of
from helpdesk.users import User
from supervisor.calls.behalf import EVERYTHING, NOBODY, Behalf
from supervisor.config import SupervisorConfig
from supervisor.limits import Limits
from supervisor.query import Audience
from tests.guests.toolchains import ROOT
from webapp.config import WebConfig

ID = "goatkit.calendar"
ROLES = {Role.STAFF: "Agent", Role.ADMIN: "Admin", Role.USER: "Customer"}


@dataclass
class CalendarDesk:
    """The help desk, and by their names those who have an account."""

    opened: Application
    people: dict[str, User]

    async def ask(self, who: str, function: str, /, **args: Any) -> Any:
        """Call a function as somebody does; "" is a visitor without an account."""
        about: dict[str, Any] = {}
        behalf = NOBODY
        if who:
            person = self.people[who]
            database = self.opened.helpdesk.database
            number = await database.read(partial(number_of, kind="user", thing_id=person.id))
            behalf = Behalf(Audience.person_of(person.id))
            about = {
                "_user_id": number,
                "_user_login": person.email,
                "_user_email": person.email,
                "_user_role": ROLES[person.role],
                "_is_admin": person.role is Role.ADMIN,
            }
        return await self._call(function, behalf, {"_lang": "en", **about, **args})

    async def job(self) -> Any:
        """Call the function of the job that sends reminders, as the job does."""
        return await self._call("send_reminders", EVERYTHING, {})

    async def _call(self, function: str, behalf: Behalf, args: dict[str, Any]) -> Any:
        encoded = json.dumps(args).encode()
        answer = await self.opened.supervisor.functions.call(ID, function, encoded, behalf)
        assert answer.error is None, answer.error
        return json.loads(answer.value)

    async def notices(self, name: str) -> Sequence[Notification]:
        """Return somebody's reminders: notices whose titles begin with a day."""
        found = await self.opened.helpdesk.notifications.list(self.people[name].actor)
        return [one for one in found if re.match(r"\d{4}-\d\d-\d\d", one.title)]

    async def calendar(self, name: str, title: str = "My calendar") -> str:
        """Return the id of a calendar by what it is called for somebody."""
        shown = (await self.ask(name, "page"))["html"]
        (before,) = [one for one in shown.split("</a>") if one.endswith(f">{title}")]
        return str(before.rpartition("only=")[2].partition('"')[0])

    async def save(self, name: str, title: str, start: datetime, **fields: Any) -> Any:
        """Save an appointment of half an hour, its start in UTC; return the answer."""
        end = start + timedelta(minutes=30)
        return await self.ask(
            name,
            "save_event",
            **{
                "title": title,
                "zone": "UTC",
                "remind": "-1",
                "repeat": "none",
                "start_day": f"{start:%Y-%m-%d}",
                "start_time": f"{start:%H:%M}",
                "end_day": f"{end:%Y-%m-%d}",
                "end_time": f"{end:%H:%M}",
                "calendar": fields.pop("calendar", None) or await self.calendar(name),
                **fields,
            },
        )

    async def found(
        self, name: str, first: datetime, last: datetime, title: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the occurrences that somebody sees, of one title or all."""
        asked = {"from": f"{first:%Y-%m-%dT%H:%M:%S}Z", "to": f"{last:%Y-%m-%dT%H:%M:%S}Z"}
        answer = await self.ask(name, "occurrences", **asked)
        assert answer["incomplete"] is None
        return [one for one in answer["occurrences"] if title in {None, one.get("title")}]


@asynccontextmanager
async def calendar_desk(folder: Path) -> AsyncIterator[CalendarDesk]:
    """Open the help desk of a folder; the first time with people, and with the plugin installed.

    Ana and Bo are staff, Cy is the admin, and Sam writes tickets.
    """
    # A busy machine may take its time: what is computed is tried here, not how fast.
    supervisor = SupervisorConfig(folder, Limits(deadline_s=120.0), box=ROOT / "plugins")
    config = Config(data=folder, web=WebConfig(port=0), supervisor=supervisor)
    async with open_application(config, run_plugins=True) as opened:
        users = opened.helpdesk.users
        if not (known := {one.name: one for one in (await users.list(SYSTEM)).rows}):
            roles = {"Ana": Role.STAFF, "Bo": Role.STAFF, "Cy": Role.ADMIN, "Sam": Role.USER}
            for name, role in roles.items():
                email = f"{name.lower()}@example.com"
                known[name] = await users.create(SYSTEM, email=email, name=name, role=role)
            plugin = await opened.supervisor.box.install("calendar", actor="test")
            for asked in plugin.permissions:
                await opened.supervisor.controls.grant(plugin.id, asked.token, actor="test")
            await opened.supervisor.controls.set_enabled(plugin.id, True, actor="test")
        yield CalendarDesk(opened, known)
