"""One connection to a server that takes mail. Blocking: for a worker thread.

Every step has a time limit of the socket; ``abort`` may be called from another thread and ends a
step that drips. What a server answers is told apart as it must be: *refused for good* concerns one
letter, everything else is tried again.
"""

import base64
import contextlib
import smtplib
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage

from helpdesk.mail import letters

STEP_S = 20.0
"""Limit of one step of the socket."""
_LONGEST_ANSWER = 300


@dataclass(frozen=True, slots=True)
class Server:
    """Where letters are handed over."""

    host: str
    port: int
    security: str
    """``starttls``, ``tls`` or ``none``."""
    user: str = ""
    password: str = ""
    token: str = ""
    """An OAuth 2.0 access token, in the place of a password."""
    own_name: str = "localhost"


class MailProblem(Exception):
    """A letter was not handed over; the message says why, for admins, without any secret."""


class Refused(MailProblem):
    """The server refuses this letter for good."""


class Unavailable(MailProblem):
    """It may work later: no connection, no login, a server that is busy."""


class Connection:
    """Hands over letters, one after another."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._smtp: smtplib.SMTP | None = None
        self._aborted = False

    def open(self) -> None:
        """Connect, encrypt and log in; raises ``Unavailable``."""
        server = self._server
        try:
            self._smtp = smtp = self._connect()
            smtp.ehlo_or_helo_if_needed()
            if server.security == "starttls":
                smtp.starttls(context=ssl.create_default_context())
                smtp.ehlo()
            if server.token:
                self._log_in_with_token(smtp)
            elif server.user and server.password:
                smtp.login(server.user, server.password)
        except smtplib.SMTPAuthenticationError as exc:
            raise Unavailable(f"login refused: {_answer(exc.smtp_code, exc.smtp_error)}") from None
        except Exception as exc:  # a server may say anything
            raise Unavailable(f"{server.host}, port {server.port}: {_words(exc)}") from None

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        if server.security == "tls":
            return smtplib.SMTP_SSL(
                server.host,
                server.port,
                local_hostname=server.own_name,
                timeout=STEP_S,
                context=ssl.create_default_context(),
            )
        return smtplib.SMTP(
            server.host, server.port, local_hostname=server.own_name, timeout=STEP_S
        )

    def _log_in_with_token(self, smtp: smtplib.SMTP) -> None:
        # Google's and Microsoft's documentation of XOAUTH2.
        proof = f"user={self._server.user}\x01auth=Bearer {self._server.token}\x01\x01".encode()
        code, answer = smtp.docmd("AUTH", "XOAUTH2 " + base64.b64encode(proof).decode("ascii"))
        if code == 334:
            code, answer = smtp.docmd("")
        if code != 235:
            raise smtplib.SMTPAuthenticationError(code, answer)

    def send(self, sender: str, receivers: Sequence[str], message: EmailMessage) -> None:
        """Hand over one message; raises ``Refused`` or ``Unavailable``."""
        smtp = self._smtp
        if smtp is None or self._aborted:
            raise Unavailable("the connection is closed")
        beyond_ascii = not all(each.isascii() for each in (sender, *receivers))
        if beyond_ascii and not smtp.has_extn("smtputf8"):
            raise Refused("the mail server takes no addresses beyond ASCII")
        options = ("SMTPUTF8", "BODY=8BITMIME") if beyond_ascii else ()
        try:
            data = letters.to_bytes(message, utf8=beyond_ascii)
            smtp.sendmail(sender, list(receivers), data, options)
        except smtplib.SMTPRecipientsRefused as exc:
            code, answer = next(iter(exc.recipients.values()))
            raise _sorted(code, answer) from None
        except smtplib.SMTPResponseException as exc:
            raise _sorted(exc.smtp_code, exc.smtp_error) from None
        except (smtplib.SMTPException, OSError) as exc:
            raise Unavailable(_words(exc)) from None
        except ValueError as exc:
            raise Refused(f"not an address: {_words(exc)}") from None
        except Exception as exc:  # what the library makes of odd headers is not always a ValueError
            raise Refused(f"it cannot be written: {type(exc).__name__}") from None

    def close(self) -> None:
        """Say goodbye where that is quick, and close."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                if not self._aborted:
                    if smtp.sock is not None:
                        smtp.sock.settimeout(1.0)
                    smtp.quit()
            with contextlib.suppress(OSError):
                smtp.close()

    def abort(self) -> None:
        """End whatever another thread is doing here."""
        self._aborted = True
        if self._smtp is not None and self._smtp.sock is not None:
            with contextlib.suppress(OSError):
                self._smtp.sock.shutdown(socket.SHUT_RDWR)


def _sorted(code: int, answer: bytes | str) -> MailProblem:
    text = _answer(code, answer)
    return Refused(text) if 500 <= code < 600 else Unavailable(text)


def _answer(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    folded = " ".join("".join(c for c in text if c.isprintable() or c.isspace()).split())
    return f"{code} {folded}"[:_LONGEST_ANSWER]


def _words(exc: Exception) -> str:
    if isinstance(exc, smtplib.SMTPResponseException):
        return _answer(exc.smtp_code, exc.smtp_error)
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {exc.verify_message}"
    if isinstance(exc, TimeoutError):
        return "it did not answer in time"
    text = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
    return (text or type(exc).__name__)[:_LONGEST_ANSWER]
