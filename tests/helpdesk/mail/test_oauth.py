"""Mail servers that take no passwords: tokens from a real token endpoint, XOAUTH2 over real TLS."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from helpdesk.actors import SYSTEM
from helpdesk.mail.oauth import NoToken
from helpdesk.mail.smtp import Unavailable
from supervisor.secrets.box import SecretBox
from tests.mail_servers.servers import make_certificate, smtp_sink


class Endpoint(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.asked.append(form)
        token = form["refresh_token"][0]
        if token == "huge":
            answer, status = b"a" * 1_000_000, 200
        elif token.startswith("refresh"):
            made = {"access_token": "good-token", "expires_in": 3600, "refresh_token": "refresh-2"}
            answer, status = json.dumps(made).encode(), 200
        else:
            answer, status = b'{"error": "invalid_grant", "error_description": "hush"}', 400
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def endpoint():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
async def oauth(world, endpoint, tmp_path, monkeypatch):
    certificate, key = make_certificate(tmp_path / "tls")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with smtp_sink(tmp_path / "sink", certificate, key) as sink:
        world.helpdesk.mail.sealer = SecretBox(b"k" * 32)
        await world.helpdesk.mail.update(
            SYSTEM,
            {
                "outgoing": "smtp",
                "address": "support@example.com",
                "smtp_host": "localhost",
                "smtp_port": sink.port,
                "smtp_security": "starttls",
                "smtp_auth": "oauth",
                "smtp_user": "desk",
                "oauth_token_url": f"http://127.0.0.1:{endpoint.server_port}/token",
                "oauth_client_id": "client",
            },
            {"oauth_refresh_token": "refresh-1", "oauth_client_secret": "hush"},
        )
        world.sink = sink
        yield world


async def test_a_letter_is_sent_with_a_token_that_is_kept_and_refreshed(oauth, endpoint):
    await oauth.helpdesk.sender.test("ada@example.org")
    await oauth.helpdesk.sender.test("ada@example.org")
    taken = oauth.sink.taken()
    assert [(each.tls, each.login) for each in taken] == [(True, True)] * 2
    assert len(endpoint.asked) == 1
    assert endpoint.asked[0]["client_secret"] == ["hush"]
    # The provider has replaced the refresh token.
    assert await oauth.helpdesk.mail.secret("oauth_refresh_token") == "refresh-2"


@pytest.mark.parametrize("token", ["revoked", "huge"])
async def test_what_the_provider_refuses_is_said_without_any_secret(oauth, token):
    await oauth.helpdesk.mail.update(SYSTEM, {}, {"oauth_refresh_token": token})
    with pytest.raises(Unavailable) as refused:
        await oauth.helpdesk.sender.test("ada@example.org")
    assert "hush" not in str(refused.value)
    assert token not in str(refused.value) or token == "huge"


async def test_without_a_refresh_token_there_is_no_token(world):
    with pytest.raises(NoToken):
        await world.helpdesk.mail_tokens.get(await world.helpdesk.mail.all())


async def test_secrets_are_sealed_and_sealed_anew(oauth):
    stored = await oauth.helpdesk.database.read(
        lambda c: c.execute("SELECT sealed FROM mail_secrets").fetchall()
    )
    assert all(b"hush" not in sealed and b"refresh" not in sealed for (sealed,) in stored)
    box = oauth.helpdesk.mail.sealer
    box.put_first(b"n" * 32)
    assert await oauth.helpdesk.mail.reseal() == (2, ())
    box.forget_older()
    assert await oauth.helpdesk.mail.secret("oauth_client_secret") == "hush"
