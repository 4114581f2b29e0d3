"""Mail with real servers: Dovecot for what comes in, SMTP with TLS for what goes out."""

import os
import random
import re
import socket
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import trio

from cli.compose import open_application
from cli.config import load_config
from helpdesk.actors import SYSTEM
from tests.mail_servers.servers import (
    ImapServer,
    SmtpSink,
    dovecot,
    imap_server,
    make_certificate,
    smtp_sink,
)
from tests.server_process import ServerProcess, ohd

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        dovecot() is None and os.environ.get("CI") != "true",
        reason="Dovecot is not installed; run `make test` once as root, or install dovecot-imapd",
    ),
]
PATIENCE_S = 240


def mail(number: int, *more: str, body: str = "It burns.") -> bytes:
    head = (
        f"From: Ada <ada{number % 7}@example.org>\r\nTo: support@example.com\r\n"
        f"Subject: Printer {number}\r\nMessage-ID: <m{number}@example.org>\r\n"
    )
    return (head + "".join(f"{line}\r\n" for line in more) + f"\r\n{body} {number}\r\n").encode()


def free_port() -> int:
    """Return a port below those that the kernel gives to clients, who would take it meanwhile."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@dataclass
class PostOffice:
    """A help desk, its mailbox and its mail server."""

    server: ServerProcess
    imap: ImapServer
    smtp: SmtpSink
    certificate: Path

    def ask(self, query: str) -> list[tuple]:
        with sqlite3.connect(self.server.data / "ohd.sqlite3", timeout=PATIENCE_S) as database:
            return database.execute(query).fetchall()

    def until(self, query: str, wanted: Callable[[list[tuple]], bool]) -> list[tuple]:
        end = time.monotonic() + PATIENCE_S
        while not wanted(found := self.ask(query)):
            assert time.monotonic() < end, (found, self.server.log[-2000:])
            time.sleep(0.05)
        return found


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PostOffice]:
    certificate, key = make_certificate(tmp_path / "tls")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    ports = free_port(), free_port()
    with (
        # Not below tmp_path, which Dovecot's processes cannot enter: they are other users.
        tempfile.TemporaryDirectory(prefix="ohd-imap-") as folder,
        imap_server(Path(folder), certificate, key, ports) as imap,
        smtp_sink(tmp_path / "smtp", certificate, key) as smtp,
    ):
        made = ohd(
            *("user", "create", "admin@example.com", "--name", "Admin", "--role", "admin"),
            *("--data", "data"),
            cwd=tmp_path,
            stdin="a long password\n",
        )
        assert made.returncode == 0, made.stderr
        trio.run(set_up, tmp_path / "data", imap, smtp)
        server = ServerProcess(tmp_path)
        server.start()
        try:
            yield PostOffice(server, imap, smtp, certificate)
        finally:
            server.stop()


async def set_up(data: Path, imap: ImapServer, smtp: SmtpSink) -> None:
    async with open_application(load_config(None, data=data), run_plugins=False) as application:
        await application.helpdesk.mail.update(
            SYSTEM,
            {
                "address": "support@example.com",
                "outgoing": "smtp",
                "smtp_host": "localhost",
                "smtp_port": smtp.port,
                "smtp_security": "starttls",
                "smtp_user": "desk",
                "incoming": "imap",
                "imap_host": "localhost",
                "imap_port": imap.tls_port,
                "imap_security": "tls",
                "imap_user": "desk",
            },
            {"smtp_password": "secret", "imap_password": "secret"},
        )


def test_a_conversation_over_real_servers(office):
    office.imap.deliver(mail(1), "before")
    office.until("SELECT number FROM tickets", lambda found: len(found) == 1)
    letters = office.smtp.wait_for(2)
    assert all(each.tls and each.login for each in letters)
    (letter,) = [each for each in letters if each.receivers == ["ada1@example.org"]]
    assert letter.message["In-Reply-To"] == "<m1@example.org>"
    # Now the server waits; Dovecot tells it of what comes.
    answer = (
        f"From: Ada <ada1@example.org>\r\nTo: {letter.message['Reply-To']}\r\n"
        "Subject: whatever\r\nMessage-ID: <m2@example.org>\r\n\r\nMore."
    )
    office.imap.deliver(answer.encode(), "reply")
    (reply,) = office.until("SELECT body FROM replies", lambda found: len(found) == 1)
    assert reply == ("More.",)
    assert office.ask("SELECT count(*) FROM tickets") == [(1,)]
    assert "secret" not in office.server.log
    names = [path.name for path in office.imap.waiting()]
    assert len(names) == 2
    office.until("SELECT 1", lambda _: all(p.name.endswith("S") for p in office.imap.waiting()))


def test_nothing_is_lost_or_doubled_when_the_server_is_killed(office):
    count, kills, delivered = 60, 5, 0
    dice = random.Random(7)
    for _ in range(kills):
        for _ in range(count // kills):
            delivered += 1
            office.imap.deliver(mail(delivered), f"m{delivered}")
        time.sleep(dice.random() * 1.5)
        office.server.kill()
        office.server.start()
    office.until("SELECT count(*) FROM tickets", lambda found: found[0][0] >= delivered)
    assert office.ask("SELECT count(*), count(DISTINCT subject) FROM tickets") == [
        (delivered, delivered)
    ]
    office.until(
        "SELECT count(*) FROM mail_outgoing WHERE state IN ('queued', 'sending')",
        lambda found: found == [(0,)],
    )
    sent = office.smtp.taken()
    ids = [each.message["Message-ID"] for each in sent]
    wanted = {each for (each,) in office.ask("SELECT message_id FROM mail_outgoing")}
    assert {each.lower() for each in ids} == wanted
    # Where it was killed behind the last byte and before the record, the same letter comes again,
    # with the same Message-ID: once a kill, at most.
    assert len(ids) - len(set(ids)) <= kills


def test_two_programs_that_answer_each_other_come_to_rest(office):
    answered = 0
    office.imap.deliver(mail(1), "first")
    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < 6:
        letters = [
            each for each in office.smtp.taken() if each.receivers[0].endswith("@example.org")
        ]
        if len(letters) > answered:
            letter = letters[answered]
            answered += 1
            quiet_since = time.monotonic()
            # A program that marks nothing, and refers to nothing: the worst there is.
            raw = (
                "From: Ada <ada1@example.org>\r\nTo: support@example.com\r\n"
                f"Subject: Re: {letter.message['Subject']}\r\n"
                f"Message-ID: <auto{answered}@example.org>\r\n\r\nThank you for your message."
            )
            office.imap.deliver(raw.encode(), f"auto{answered}")
        time.sleep(0.1)
    assert answered <= 4
    assert office.ask("SELECT count(*) FROM tickets")[0][0] <= 5


def corpus(count: int) -> Iterator[tuple[bytes, str]]:
    """Yield mails, and the subject of the ticket that each belongs to; ``""`` for no ticket."""
    dice = random.Random(42)
    threads: list[tuple[str, str, list[str]]] = []
    pdf = (
        "--b\r\n\r\nText {n}\r\n--b\r\n"
        "Content-Type: application/pdf; name*=utf-8''%E2%82%AC.pdf\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n--b--"
    )
    rich = "--b\r\n\r\nPlain {n}\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Rich {n}</p>\r\n--b"
    html = "<p>Hello <b>{n}</b></p><blockquote type=cite>old</blockquote>"
    bodies = [
        ("text/plain; charset=utf-8", "Grüße {n}\r\n-- \r\nAda"),
        ("text/plain; charset=iso-2022-jp", "Hello {n}"),
        ("text/html; charset=utf-8", html),
        ("text/html", "<div>" * 300 + "Deep {n}"),
        ("multipart/mixed; boundary=b", pdf),
        ("multipart/alternative; boundary=b", rich),
        ("text/plain; charset=no-such", "Odd {n}\r\nOn Friday, Desk wrote:\r\n> old"),
        ("///", "No type {n}"),
    ]
    for n in range(count):
        kind, body = dice.choice(bodies)
        what = dice.random()
        own = f"<c{n}@example.org>"
        if what < 0.45 or not threads:
            sender, subject, refers = f"p{n % 50}@example.org", f"Subject {n}", ""
            threads.append((sender, subject, [own]))
            belongs = subject
        elif what < 0.85:
            sender, belongs, ids = dice.choice(threads)
            refers = dice.choice(
                [f"In-Reply-To: {ids[-1]}", "References: " + " ".join([*ids[:5], "<no@where>"])]
            )
            subject = dice.choice([f"Re: {belongs}", "AW: something", ""])
            ids.append(own)
        elif what < 0.92:
            # A stranger who refers to somebody's ticket.
            _, _, ids = dice.choice(threads)
            sender, subject = f"eve{n}@example.net", f"Stranger {n}"
            refers, belongs = f"In-Reply-To: {ids[-1]}", subject
        elif what < 0.96:
            sender, subject, refers, belongs = (
                "robot@example.net",
                "Re",
                "Auto-Submitted: auto-x",
                "",
            )
        else:
            # The address of a ticket that there is, with a code that nobody was given.
            sender, subject = f"mallory{n}@example.net", f"Forged {n}"
            refers, belongs = "Delivered-To: support+r.1.aaaaaaaaaaaaaaaaaaaa@example.com", subject
        head = (
            f"From: =?utf-8?Q?M=C3=BC?= <{sender}>\r\nTo: support@example.com\r\n"
            f"Subject: {subject}\r\nMessage-ID: {own}\r\nContent-Type: {kind}\r\n"
            + (f"{refers}\r\n" if refers else "")
        )
        yield (head + "\r\n" + body.replace("{n}", str(n))).encode(), belongs


async def test_a_thousand_mails_are_in_the_right_ticket(tmp_path):
    wrong, count = [], 1_000
    settings = load_config(None, data=tmp_path / "data")
    async with open_application(settings, run_plugins=False) as application:
        desk = application.helpdesk
        await desk.mail.update(
            SYSTEM, {"address": "support@example.com", "outgoing": "page", "confirm": "no"}, {}
        )
        for raw, belongs in corpus(count):

            async def pieces(raw: bytes = raw):
                yield raw

            kept = await desk.intake.keep(pieces())
            received = await desk.intake.receive(kept.sha256)
            ticket = received.number and await desk.tickets.get(SYSTEM, str(received.number))
            if (ticket.subject if ticket else "") != belongs:
                wrong.append((raw[:300], belongs, received))
            again = await desk.intake.receive(kept.sha256)
            assert again.outcome == "duplicate"
        numbers = await desk.database.read(
            lambda c: c.execute("SELECT count(*) FROM mail_incoming").fetchone()[0]
        )
    assert numbers == count
    assert len(wrong) <= count // 100, wrong[:5]
    assert not [each for each in wrong if re.search(rb"mallory|eve", each[0])]
