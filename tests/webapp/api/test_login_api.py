"""Sessions and keys over the API."""

from typing import Any


async def test_logging_in_gives_a_cookie_the_person_and_a_token(site: Any, password: str) -> None:
    client = (await site.stranger()).client
    credentials = {"email": "user@example.com", "password": password}
    response = await client.post("/api/auth/login", json=credentials)
    assert response.status_code == 200
    body = response.json()
    person = site.people.user
    assert body["user"] == {
        "id": person.id,
        "name": person.name,
        "email": "user@example.com",
        "role": "user",
    }
    assert "HttpOnly" in response.headers["Set-Cookie"]
    created = await client.post(
        "/api/tickets",
        json={"subject": "s", "description": "d"},
        headers={"X-CSRF-Token": body["csrf_token"]},
    )
    assert created.status_code == 201


async def test_wrong_credentials_are_401_and_set_nothing(site: Any) -> None:
    client = (await site.stranger()).client
    credentials = {"email": "user@example.com", "password": "wrong one"}
    response = await client.post("/api/auth/login", json=credentials)
    assert response.status_code == 401
    assert set(response.json()) == {"error"}
    assert "Set-Cookie" not in response.headers


async def test_me_tells_who_one_is_and_the_token_of_a_session_alone(site: Any) -> None:
    by_cookie = (await (await site.as_("staff")).client.get("/api/me")).json()
    by_key = (await (await site.with_key("staff")).client.get("/api/me")).json()
    assert by_cookie["user"] == by_key["user"]
    assert by_cookie["user"]["role"] == "staff"
    assert by_cookie["csrf_token"]
    assert by_key["csrf_token"] is None


async def test_logging_out_ends_the_session(site: Any) -> None:
    browser = await site.as_("user")
    assert (await browser.call("POST", "/api/auth/logout")).status_code == 204
    assert (await browser.client.get("/api/me")).status_code == 401


async def test_logging_in_takes_json_alone(site: Any, password: str) -> None:
    client = (await site.stranger()).client
    form = {"email": "user@example.com", "password": password}
    response = await client.post("/api/auth/login", data=form)
    assert response.status_code == 415
    plain = await client.post(
        "/api/auth/login",
        content=b'{"email": "user@example.com", "password": "x"}',
        headers={"Content-Type": "text/plain"},
    )
    assert plain.status_code == 415
