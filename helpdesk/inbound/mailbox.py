"""One connection to a server that keeps mail. Blocking: for a worker thread.

Every step has a time limit of the socket; ``abort`` may be called from another thread and ends a
step. Messages are fetched in pieces, so that none is held in memory.
"""

import contextlib
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import imapclient
from imapclient.exceptions import CapabilityError, LoginError

STEP_S = 30.0
PIECE_BYTES = 1024 * 1024
MOST_AT_ONCE = 500
"""Messages whose sizes are asked for at once."""
_LONGEST_ANSWER = 300


class MailboxAway(Exception):
    """The mailbox cannot be read now; the message says why, for admins, without any secret."""


@dataclass(frozen=True, slots=True)
class MailboxServer:
    """Where mail is kept."""

    host: str
    port: int
    security: str
    """``tls``, ``starttls`` or ``none``."""
    user: str
    password: str = ""
    token: str = ""
    """An OAuth 2.0 access token, in the place of a password."""
    folder: str = "INBOX"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that is in the folder."""

    uid: int
    size: int
    """Bytes."""


class MailboxConnection:
    """Reads one folder."""

    def __init__(self, server: MailboxServer) -> None:
        self._server = server
        self._client: Any = None
        self._has_idle = False
        self._aborted = False

    def open(self) -> int:
        """Connect, encrypt, log in, and return the folder's UIDVALIDITY."""
        server = self._server
        with _in_words(f"{server.host}, port {server.port}"):
            context = ssl.create_default_context() if server.security != "none" else None
            self._client = client = imapclient.IMAPClient(
                server.host,
                server.port,
                ssl=server.security == "tls",
                ssl_context=context if server.security == "tls" else None,
                timeout=STEP_S,
            )
            if server.security == "starttls":
                client.starttls(context)
            if server.token:
                client.oauth2_login(server.user, server.token)
            else:
                client.login(server.user, server.password)
            self._has_idle = bool(client.has_capability("IDLE"))
            chosen = client.select_folder(server.folder)
            return int(chosen[b"UIDVALIDITY"])

    def waiting(self, after: int | None) -> Sequence[Waiting]:
        """Return messages in order: those behind a UID, or all that are unread for None."""
        with _in_words():
            criteria = "UNSEEN" if after is None else ["UID", f"{after + 1}:*"]
            # A range that begins behind the last message still names that one.
            uids = sorted(uid for uid in self._client.search(criteria) if uid > (after or 0))
            found = self._client.fetch(uids[:MOST_AT_ONCE], ["RFC822.SIZE"])
            return [
                Waiting(uid, int(found[uid][b"RFC822.SIZE"]))
                for uid in uids[:MOST_AT_ONCE]
                if uid in found
            ]

    def newest(self) -> int:
        """Return the greatest UID in the folder, 0 for an empty one."""
        with _in_words():
            return max(self._client.search("ALL"), default=0)

    def piece(self, uid: int, start: int) -> bytes:
        """Return the next bytes of a message; none at its end."""
        with _in_words():
            asked = f"BODY.PEEK[]<{start}.{PIECE_BYTES}>"
            found = self._client.fetch([uid], [asked]).get(uid, {})
            for name, value in found.items():
                if name.startswith(b"BODY[]"):
                    return bytes(value or b"")
            return b""

    def done(self, uid: int, *, delete: bool) -> None:
        """Mark a message as read, or delete it."""
        with _in_words():
            if delete:
                self._client.delete_messages([uid], silent=True)
                with contextlib.suppress(CapabilityError):
                    self._client.uid_expunge([uid])
            else:
                self._client.add_flags([uid], [imapclient.SEEN], silent=True)

    def wait(self, seconds: float) -> bool:
        """Wait until the server tells of something new, or so long; return whether it can tell."""
        if not self._has_idle:
            with _in_words():
                self._client.noop()
            return False
        with _in_words():
            self._client.idle()
            self._client.idle_check(timeout=seconds)
            self._client.idle_done()
        return True

    def close(self) -> None:
        """Say goodbye where that is quick, and close."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                if self._aborted:
                    client.shutdown()
                else:
                    client.socket().settimeout(1.0)
                    client.logout()

    def abort(self) -> None:
        """End whatever another thread is doing here."""
        self._aborted = True
        if self._client is not None:
            with contextlib.suppress(Exception):
                self._client.socket().shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def _in_words(where: str = "the mailbox") -> Any:
    try:
        yield
    except LoginError as exc:
        raise MailboxAway(f"login refused: {_words(exc)}") from None
    except Exception as exc:  # a server may say anything
        raise MailboxAway(f"{where}: {_words(exc)}") from None


def _words(exc: Exception) -> str:
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {exc.verify_message}"
    if isinstance(exc, TimeoutError):
        return "it did not answer in time"
    text = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
    folded = " ".join("".join(c for c in text if c.isprintable() or c.isspace()).split())
    return (folded or type(exc).__name__)[:_LONGEST_ANSWER]
