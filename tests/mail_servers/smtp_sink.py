"""A mail server in a process of its own: keeps what it takes, and refuses by the address.

Run as ``python -m tests.mail_servers.smtp_sink FOLDER [CERT KEY]``; it writes its port into
``FOLDER/port`` and each message, with its envelope, into a file of its own. To ``refused@…`` it
says 550, to ``later@…`` 451, and to ``slow@…`` nothing for a long time. With a certificate it
offers STARTTLS and wants a login: ``desk`` with ``secret``, or XOAUTH2 with ``good-token``.
"""

import asyncio
import base64
import itertools
import json
import logging
import ssl
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult


class Sink:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = itertools.count()

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address.startswith("refused@"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("later@"):
            return "451 4.3.0 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if any(address.startswith("slow@") for address in envelope.rcpt_tos):
            await asyncio.sleep(600)
        kept = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "message": base64.b64encode(envelope.content).decode(),
            "tls": session.ssl is not None,
            "login": bool(session.authenticated),
        }
        path = self._folder / f"{next(self._number):06}.json"
        part = path.with_suffix(".part")
        part.write_text(json.dumps(kept))
        part.rename(path)
        return "250 OK"

    async def auth_XOAUTH2(self, server, args):  # noqa: N802
        said = base64.b64decode(args[1]).decode() if len(args) > 1 else ""
        good = "auth=Bearer good-token" in said
        return AuthResult(success=good, handled=good, auth_data="desk")


def authenticate(server, session, envelope, mechanism, data):
    good = getattr(data, "login", None) == b"desk" and data.password == b"secret"
    return AuthResult(success=good, handled=good)


async def main(folder: Path, *files: str) -> None:
    context = None
    if files:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
    sink = Sink(folder)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(
            sink,
            hostname="sink.example.com",
            tls_context=context,
            require_starttls=context is not None,
            auth_required=context is not None,
            authenticator=authenticate,
            data_size_limit=64 << 20,
            enable_SMTPUTF8=True,
        ),
        "127.0.0.1",
        0,
    )
    part = folder / "port.part"
    part.write_text(str(server.sockets[0].getsockname()[1]))
    part.rename(folder / "port")
    await server.serve_forever()


if __name__ == "__main__":
    logging.disable()
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
