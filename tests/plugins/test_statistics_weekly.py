"""The weekly report of Statistics: the job fires on Monday, and nobody gets the report twice."""

from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import trio

from cli.compose import Application, open_application
from cli.config import Config
from helpdesk.actors import SYSTEM, Actor, Role
from helpdesk.numbers import number_of
from supervisor.calls.behalf import Behalf
from supervisor.config import SupervisorConfig
from supervisor.limits import Limits
from supervisor.query import Audience
from tests.guests.toolchains import ROOT
from tests.plugins.test_statistics import ID, ask
from webapp.config import WebConfig

PATIENCE_S = 120.0


def desk_at(path: Path) -> AbstractAsyncContextManager[Application]:
    supervisor = SupervisorConfig(path, Limits(deadline_s=PATIENCE_S), box=ROOT / "plugins")
    config = Config(data=path, web=WebConfig(port=0), supervisor=supervisor)
    return open_application(config, run_plugins=True)


def monday(now: datetime) -> datetime:
    """Return the first Monday after this day, at 08:00."""
    day = now + timedelta(days=7 - now.weekday())
    return day.replace(hour=8, minute=0, second=0, microsecond=0)


async def arrived(opened: Application, person: Actor) -> tuple[list[tuple[str, str]], list[str]]:
    """Return what was mailed, and the titles of the person's notices of reports."""
    letters = "SELECT address, subject FROM mail_outgoing WHERE kind = 'plugin'"
    desk = opened.helpdesk
    mailed = await desk.database.read(lambda c: [tuple(row) for row in c.execute(letters)])
    notices = await desk.notifications.list(person)
    return mailed, [one.title for one in notices if (one.link or "").startswith("/statistics?")]


async def test_the_report_is_sent_on_monday_and_not_again_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    async with desk_at(tmp_path) as opened:
        supervisor, desk = opened.supervisor, opened.helpdesk
        plugin = await supervisor.box.install("statistics", actor="test")
        for asked in plugin.permissions:
            await supervisor.controls.grant(plugin.id, asked.token, actor="test")
        await supervisor.controls.set_enabled(plugin.id, True, actor="test")
        await desk.mail.show_on_page()
        ana = await desk.users.create(SYSTEM, email="ana@example.com", name="Ana", role=Role.STAFF)
        number = await desk.database.read(partial(number_of, kind="user", thing_id=ana.id))
        about = {"_user_id": number, "_user_email": ana.email}
        await ask(opened, "subscribe", Behalf(Audience.person_of(ana.id)), on="1", **about)
        now = datetime.now(UTC)
        await supervisor.jobs.start_due(now)
        due = monday(now.astimezone(ZoneInfo("Europe/Berlin")))
        await supervisor.jobs.start_due(due.astimezone(UTC))
        with trio.fail_after(PATIENCE_S):
            while (await supervisor.jobs.all(ID))[0].outcome != "ok":  # noqa: ASYNC110 - nobody tells
                await trio.sleep(0.05)
        mailed, notices = await arrived(opened, ana.actor)
        assert [address for address, _ in mailed] == ["ana@example.com"]
        assert notices == [subject for _, subject in mailed]
    async with desk_at(tmp_path) as opened:
        # Five minutes later the job runs again.
        assert (await opened.supervisor.jobs.run_now(ID, "weekly")).outcome == "ok"
        assert await arrived(opened, ana.actor) == (mailed, notices)
