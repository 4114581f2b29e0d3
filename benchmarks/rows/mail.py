"""How many mails a second become tickets: kept, read in a locked-down process, decided on, durable.

The peer is the parser alone: the same code over the same messages, in this process, with nothing
kept.
"""

import time
from collections.abc import AsyncIterator
from itertools import count

import trio

from benchmarks.bench import Bench
from benchmarks.harness import interleave
from benchmarks.model import Limit, Row
from cli.compose import open_application
from cli.config import load_config
from helpdesk.actors import SYSTEM
from helpdesk.inbound.intake import Intake
from sandbox_child.mail import document

_MAILS = 400
_AT_ONCE = 8
_PEER = "the parser alone"
_REACH = 100.0
_TEXT = "The printer on the second floor says PC LOAD LETTER again.\r\n" * 20


async def measure(bench: Bench) -> list[Row]:
    """Take in plain mails and mails with a file, from many senders."""
    settings = load_config(None, data=bench.workshop.folder / "mail")
    numbers, mails = count(), bench.count(_MAILS)
    async with open_application(settings, run_plugins=False) as application:
        helpdesk = application.helpdesk
        await helpdesk.mail.update(
            SYSTEM, {"outgoing": "page", "address": "support@example.com"}, {}
        )

        async def ours() -> float:
            fresh = [_mail(next(numbers)) for _ in range(mails)]
            begun = time.perf_counter()
            waiting = trio.CapacityLimiter(_AT_ONCE)
            async with trio.open_nursery() as nursery:
                for raw in fresh:
                    await waiting.acquire_on_behalf_of(raw)
                    nursery.start_soon(_take, helpdesk.intake, raw, waiting)
            return mails / (time.perf_counter() - begun)

        async def alone() -> float:
            fresh = [_mail(next(numbers)) for _ in range(mails)]
            begun = time.perf_counter()
            for raw in fresh:
                document.read(raw, headers_only=False)
            return mails / (time.perf_counter() - begun)

        samples = await interleave({"ours": ours, _PEER: alone}, rounds=bench.rounds)
    limits = [Limit(_REACH, at_least=True)]
    return [Row.of(f"mail to tickets, {_AT_ONCE} at once", "/s", samples, limits=limits)]


async def _take(intake: Intake, raw: bytes, waiting: trio.CapacityLimiter) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield raw

    try:
        kept = await intake.keep(pieces())
        await intake.receive(kept.sha256)
    finally:
        waiting.release_on_behalf_of(raw)


def _mail(number: int) -> bytes:
    head = (
        f"From: Person {number} <p{number % 500}@example.org>\r\nTo: support@example.com\r\n"
        f"Subject: Printer {number}\r\nMessage-ID: <b{number}@example.org>\r\n"
    )
    if number % 4:
        return f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{_TEXT}".encode()
    body = (
        f"--b\r\n\r\n{_TEXT}\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n" + "JVBERi0xLjQK\r\n" * 2_000 + "--b--\r\n"
    )
    return f"{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n{body}".encode()
