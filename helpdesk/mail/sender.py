"""The task that sends what is queued: one letter at a time, over a connection that is kept a while.

Owns when letters are sent. A letter is claimed in one transaction and settled in another, before
the next is begun, so that a stop leaves at most one in doubt (``outgoing``). Blocking calls run on
a worker thread; each has a deadline, at which the connection is cut.
"""

import logging
import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import trio

from helpdesk.clock import Clock
from helpdesk.errors import StorageError
from helpdesk.mail import letters, marks, outgoing, settings
from helpdesk.mail.letters import Envelope, Letter
from helpdesk.mail.oauth import NoToken, Tokens
from helpdesk.mail.outgoing import Queued
from helpdesk.mail.settings import MailSettings, MailValues
from helpdesk.mail.smtp import Connection, Refused, Server, Unavailable
from helpdesk.settings import Settings
from helpdesk.storage import sql
from helpdesk.storage.database import Database

T = TypeVar("T")

BATCH = 50
LETTER_S = 60.0
"""Longest that one letter may take to be handed over."""
OPEN_S = 45.0
_LOOK_S = 60.0
"""Longest wait before the queue is looked at again."""
_AFTER_FAULT_S = 15.0

_log = logging.getLogger(__name__)


class Sender:
    """Sends letters; run it beside the server."""

    def __init__(
        self, database: Database, clock: Clock, site: Settings, mail: MailSettings, tokens: Tokens
    ) -> None:
        self._database = database
        self._clock = clock
        self._site = site
        self._mail = mail
        self._tokens = tokens
        self._wake = trio.Event()
        self._newest = 0
        mail.observe(self.wake)

    async def run(self) -> None:
        """Send until cancelled."""
        self._database.observe_commits(self._observe)
        in_doubt = True
        while True:
            self._wake = trio.Event()
            try:
                if in_doubt:
                    await self._database.write(outgoing.recover)
                    in_doubt = False
                if await self._pass():
                    continue
                wait = await self._until_due()
            except Exception:
                # A full disk heals, and one odd letter must not stop the others, or the server.
                _log.exception("the queue of letters could not be worked on")
                wait, in_doubt = _AFTER_FAULT_S, True
            with trio.move_on_after(wait):
                await self._wake.wait()

    def wake(self) -> None:
        """Look at the queue now."""
        self._wake.set()

    async def test(self, to: str) -> None:
        """Send a letter past the queue, to try the settings; raises ``MailProblem``."""
        values = await self._mail.all()
        site = await self._site.all()
        letter = Letter(
            to=to,
            subject=f"Test from {site.site_name}",
            text="Sending mail works.",
            kind="test",
        )
        key = await self._database.read(marks.key_of)
        message_id = marks.message_id(key, f"test{self._clock.now():%Y%m%d%H%M%S}", values.domain)
        envelope = Envelope(
            message_id, values.address, values.name or site.site_name, "", self._clock.now()
        )
        connection = await self._open(values)
        try:
            message = letters.to_message(letter, envelope)
            await _bounded(connection, LETTER_S, connection.send, values.address, [to], message)
        finally:
            await _closed(connection)

    async def _pass(self) -> bool:
        """Send what is due; return whether there was something."""
        values = await self._mail.all()
        if values.outgoing == settings.OFF:
            return False
        now = self._clock.now()
        claimed = list(await self._database.write(lambda c: outgoing.claim(c, now, BATCH)))
        if not claimed:
            return False
        try:
            if values.outgoing == settings.PAGE:
                await self._show(claimed)
            else:
                await self._send_all(values, claimed)
        finally:
            if claimed:
                left = [each.seq for each in claimed]
                with trio.CancelScope(shield=True):
                    await self._database.write(lambda c: outgoing.give_back(c, left))
        return True

    async def _show(self, claimed: list[Queued]) -> None:
        def job(connection: sqlite3.Connection) -> None:
            for each in claimed:
                outgoing.done(connection, each, self._clock.now(), shown=True)

        await self._database.write(job)
        claimed.clear()

    async def _send_all(self, values: MailValues, claimed: list[Queued]) -> None:
        """Send letters, taking each from the list once it is settled."""
        try:
            connection = await self._open(values)
        except Unavailable as exc:
            _log.warning("no mail is sent: %s", exc)
            await self._put_off(claimed, str(exc))
            claimed.clear()
            return
        site = await self._site.all()
        key = await self._database.read(marks.key_of)
        try:
            while claimed:
                await trio.lowlevel.checkpoint()
                with trio.CancelScope(shield=True):
                    name = values.name or site.site_name
                    goes_on = await self._send(connection, values, name, key, claimed[0])
                    claimed.pop(0)
                if not goes_on:
                    return
        finally:
            await _closed(connection)

    async def _send(
        self, connection: Connection, values: MailValues, name: str, key: bytes, each: Queued
    ) -> bool:
        """Send one and settle it; return whether the connection can be used further."""
        letter = each.letter
        if letter is None:
            await self._settle(lambda c: outgoing.fail(c, each, "it has no text", self._now()))
            return True
        tagged = letter.number is not None and letter.user_id and values.reply_tags == "yes"
        reply_to = (
            marks.reply_address(key, values.address, letter.number or 0, letter.user_id or "")
            if tagged
            else ""
        )
        envelope = Envelope(each.message_id, values.address, name, reply_to, each.created_at)
        try:
            message = letters.to_message(letter, envelope)
        except Exception as exc:  # what the library makes of odd addresses is not always one error
            problem = f"it cannot be written: {type(exc).__name__}"
            await self._settle(lambda c: outgoing.fail(c, each, problem, self._now()))
            return True
        try:
            await _bounded(
                connection, LETTER_S, connection.send, values.address, [letter.to], message
            )
        except Refused as exc:
            problem = str(exc)
            await self._settle(lambda c: outgoing.fail(c, each, problem, self._now()))
        except Unavailable as exc:
            problem = str(exc)
            await self._settle(lambda c: outgoing.try_again(c, each, problem, self._now()))
            return False
        else:
            await self._settle(lambda c: outgoing.done(c, each, self._now(), shown=False))
        return True

    async def _put_off(self, claimed: list[Queued], problem: str) -> None:
        def job(connection: sqlite3.Connection) -> None:
            for each in claimed:
                outgoing.try_again(connection, each, problem, self._now())

        await self._database.write(job)

    async def _settle(self, job: Callable[[sqlite3.Connection], object]) -> None:
        await self._database.write(job)

    def _now(self) -> datetime:
        return self._clock.now()

    async def _open(self, values: MailValues) -> Connection:
        """Connect; raises ``Unavailable``."""
        token = password = ""
        try:
            if values.smtp_auth == "oauth":
                token = await self._tokens.get(values)
            elif values.smtp_auth == "password":
                password = await self._mail.secret("smtp_password")
        except NoToken as exc:
            raise Unavailable(str(exc)) from None
        except StorageError:
            raise
        except Exception as exc:  # the sealer's own errors: a key that is another
            raise Unavailable(f"the password cannot be read: {exc}") from None
        server = Server(
            values.smtp_host,
            values.smtp_port,
            values.smtp_security,
            values.smtp_user,
            password,
            token,
            values.domain,
        )
        connection = Connection(server)
        try:
            await _bounded(connection, OPEN_S, connection.open)
        except BaseException:
            self._tokens.forget()
            await _closed(connection)
            raise
        return connection

    async def _until_due(self) -> float:
        """Return how many seconds to wait for the next letter."""
        due = await self._database.read(outgoing.next_due)
        if due is None:
            return _LOOK_S
        return min(_LOOK_S, max(1.0, (due - self._clock.now()).total_seconds()))

    def _observe(self, connection: sqlite3.Connection) -> Callable[[], None] | None:
        newest = int(sql.scalar(connection, "SELECT max(seq) FROM mail_outgoing") or 0)
        if newest <= self._newest:
            return None
        self._newest = newest
        return self.wake


async def _bounded(
    connection: Connection, seconds: float, act: Callable[..., T], *values: object
) -> T:
    """Run a blocking step on a worker thread; cut the connection where it takes too long."""
    result: list[T] = []

    async def cut() -> None:
        await trio.sleep(seconds)
        connection.abort()

    with trio.CancelScope(shield=True):
        problem: Exception | None = None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(cut)
            try:
                result.append(await trio.to_thread.run_sync(act, *values))
            except (Refused, Unavailable, ValueError) as exc:
                problem = exc
            nursery.cancel_scope.cancel()
    if problem is not None:
        raise problem
    return result[0]


async def _closed(connection: Connection) -> None:
    with trio.CancelScope(shield=True):
        await trio.to_thread.run_sync(connection.close)
