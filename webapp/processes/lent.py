"""A page process's side: the connections that it was lent, and how it gives them back."""

from dataclasses import dataclass, field
from typing import Any, Protocol

import trio

from webapp.admission.known import KnownCredentials
from webapp.processes.boundary import is_for_pages
from webapp.processes.tally import ANSWERED
from webapp.processes.wire import Back, Ended, Link


class Abortable(Protocol):
    """A connection, as far as an order to end it goes."""

    def abort(self) -> None:
        """End at once."""


class Remembered(Protocol):
    """What this process keeps in mind of the database."""

    def is_new(self) -> bool:
        """Tell whether it is still true; where not, have it read again."""
        ...


@dataclass(slots=True)
class Loans:
    """All connections that this process has."""

    link: Link
    known: KnownCredentials
    remembered: Remembered
    connections: dict[int, Abortable] = field(default_factory=dict)

    def abort(self, number: int) -> None:
        """End a connection that has to give way."""
        if (connection := self.connections.get(number)) is not None:
            connection.abort()


class Loan:
    """One connection: says of each next request whether it is answered here."""

    def __init__(self, loans: Loans, number: int) -> None:
        self._loans = loans
        self._number = number
        self._is_back = False

    def take(self, descriptor: int, said: bytes, _address: str, _connection: object, /) -> bool:
        """Give the connection back where its next request is not for this process.

        True: a duplicate of the descriptor is on its way, and the caller closes its own.
        """
        loans = self._loans
        is_ours = (
            is_for_pages(said)
            and loans.known.person_in(said) is not None
            and loans.remembered.is_new()
        )
        if not is_ours:
            self.give_back(descriptor, said)
        return not is_ours

    def give_back(self, descriptor: int, said: bytes) -> None:
        """Give the connection back with a request that was not answered."""
        self._is_back = True
        self._loans.link.send(Back(self._number, said), descriptor)

    def end(self) -> None:
        """Say that the connection has been closed, unless it was given back."""
        self._loans.connections.pop(self._number, None)
        if not self._is_back:
            self._loans.link.send(Ended(self._number))


class PlainAnswers:
    """The app of a page process: what comes to anything but a plain answer is given back."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one ASGI scope."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_back = False

        async def send_on(message: Any) -> None:
            nonlocal is_back
            if message["type"] == "http.response.start" and message["status"] not in ANSWERED:
                is_back = True
                scope["state"]["connection"].give_back()
            if is_back:
                await trio.lowlevel.checkpoint()
                return
            await send(message)

        await self._app(scope, receive, send_on)
