"""The first run: who gets there first, from where, and never again."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import trio

from helpdesk.actors import Role
from helpdesk.service import HelpDesk
from tests.webapp.conftest import FakeSupervisor
from webapp.app import create_app, setup_address
from webapp.config import WebConfig
from webapp.context import context_of
from webapp.server import serve

FIELDS = {
    "name": "Robin",
    "email": "robin@example.com",
    "password": "long enough",
    "password_again": "long enough",
}


class Empty:
    """A help desk without accounts, served; and the browser of whoever comes by."""

    def __init__(self, desk: HelpDesk, app: Any, client: Any) -> None:
        self.desk = desk
        self.app = app
        self.client = client

    async def send(self, **fields: str) -> httpx.Response:
        page = await self.client.get("/setup")
        token = page.text.split('name="csrf_token" value="')[1].partition('"')[0]
        code = {"code": context_of(self.app.extensions).setup_code}
        return await self.client.post("/setup", data={"csrf_token": token} | FIELDS | code | fields)


@pytest.fixture
async def empty(
    tmp_path: Path, nursery: trio.Nursery
) -> AsyncIterator[Callable[..., Awaitable[Empty]]]:
    async with HelpDesk.open(tmp_path / "desk.db") as desk:
        clients = []

        async def build(**settings: Any) -> Empty:
            config = WebConfig(**{"port": 0} | settings)
            app = create_app(desk, FakeSupervisor(), config)
            (address,) = await nursery.start(lambda **k: serve(app, config, **k))
            port = urlsplit(address).port
            client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=120)
            clients.append(client)
            return Empty(desk, app, client)

        yield build
        for client in clients:
            await client.aclose()
        nursery.cancel_scope.cancel()


async def test_the_first_visitor_makes_the_first_admin_and_nobody_after_them(empty: Any) -> None:
    site = await empty()
    for path in ("/", "/login", "/tickets", "/admin/plugins"):
        response = await site.client.get(path)
        assert (response.status_code, response.headers["Location"]) == (303, "/setup"), path
    assert (await site.client.get("/api/tickets")).status_code == 401
    response = await site.send()
    assert response.status_code == 303
    assert (await site.client.get("/api/me")).json()["user"]["role"] == Role.ADMIN
    async with httpx.AsyncClient(base_url=site.client.base_url) as stranger:
        assert (await stranger.get("/setup")).status_code == 404
        login = await stranger.get("/login")
        token = login.text.split('name="csrf_token" value="')[1].partition('"')[0]
        response = await stranger.post("/setup", data={"csrf_token": token} | FIELDS)
        assert response.status_code == 404
    assert await site.desk.users.count() == 1
    assert await setup_address(site.app) is None


async def test_a_form_with_mistakes_is_shown_again(empty: Any) -> None:
    site = await empty()
    for fields, field in (
        ({"password": "short", "password_again": "short"}, "password"),
        ({"password_again": "another one"}, "password_again"),
        ({"email": "nonsense"}, "email"),
        ({"name": " "}, "name"),
    ):
        response = await site.send(**fields)
        assert response.status_code == 422
        assert f'id="{field}-problem"' in response.text
        assert "long enough" not in response.text
    assert await site.desk.users.count() == 0


async def test_of_many_at_once_one_becomes_the_admin(empty: Any) -> None:
    site = await empty()
    found: list[int] = []

    async def attempt(number: int) -> None:
        async with httpx.AsyncClient(base_url=site.client.base_url, timeout=120) as client:
            one = Empty(site.desk, site.app, client)
            found.append((await one.send(email=f"{number}@example.com")).status_code)

    async with trio.open_nursery() as nursery:
        for number in range(4):
            nursery.start_soon(attempt, number)
    assert await site.desk.users.count() == 1
    assert 303 in found


async def test_without_its_token_the_form_does_nothing(empty: Any) -> None:
    site = await empty()
    assert (await site.client.post("/setup", data=FIELDS)).status_code == 403
    assert await site.desk.users.count() == 0


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"host": "0.0.0.0"},
        {"proxy_hops": 1},
        {"base_url": "https://help.example.com", "allowed_hosts": frozenset({"127.0.0.1"})},
    ],
)
async def test_the_printed_code_is_always_needed(empty: Any, settings: dict[str, Any]) -> None:
    site = await empty(**settings)
    address = await setup_address(site.app)
    (code,) = parse_qs(urlsplit(address).query)["code"]
    assert len(code) >= 20
    assert code not in (await site.client.get("/setup")).text
    assert code not in repr(context_of(site.app.extensions))
    if "base_url" in settings:
        return
    for wrong in ("", "wrong", code[:-1], code.upper() + "x"):
        response = await site.send(code=wrong)
        assert response.status_code == 422
        assert 'id="code-problem"' in response.text
    assert await site.desk.users.count() == 0
    assert (await site.send(code=code)).status_code == 303
    assert await site.desk.users.count() == 1
