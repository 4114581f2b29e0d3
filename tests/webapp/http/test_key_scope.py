"""A key that may only read changes nothing, by the API and by pages."""

from typing import Any

import pytest


@pytest.fixture
async def reader(site: Any) -> Any:
    admin = site.people.admin
    made = await site.desk.api_keys.create(admin.actor, admin.id, name="a test", scope="read")
    browser = await site.stranger()
    browser.client.headers["Authorization"] = f"Bearer {made.secret}"
    return browser


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/tickets", {"subject": "x"}),
        ("PATCH", "/api/tickets/1", {"priority": "High"}),
        ("PATCH", "/api/admin/settings", {"session_days": 3}),
        ("POST", "/api/me/keys", {"name": "a wider one"}),
        ("DELETE", "/api/me/sessions", None),
        ("POST", "/tickets/1/close", None),
    ],
)
async def test_no_change_passes(site: Any, reader: Any, method: str, path: str, body: Any) -> None:
    ticket = await site.ticket()
    response = await reader.client.request(method, path, json=body)
    assert response.status_code == 403
    assert "scope" in response.text
    after = await site.desk.tickets.get(site.people.admin.actor, ticket.id)
    assert after == ticket


async def test_reading_passes(site: Any, reader: Any) -> None:
    await site.ticket()
    for path in ("/api/tickets", "/api/tickets/1", "/api/admin/audit", "/metrics"):
        assert (await reader.client.get(path)).status_code == 200


async def test_the_api_makes_and_shows_scope_and_expiry(site: Any) -> None:
    browser = await site.as_("user")
    body = {"name": "nightly", "scope": "read", "expires_in_days": 30}
    made = await browser.call("POST", "/api/me/keys", body)
    assert made.status_code == 201
    (listed,) = (await browser.call("GET", "/api/me/keys")).json()["data"]
    assert (listed["scope"], listed["expires_at"]) == ("read", made.json()["expires_at"])
    assert listed["expires_at"] > listed["created_at"]
    for wrong in ({"scope": "none"}, {"expires_in_days": 0}):
        response = await browser.call("POST", "/api/me/keys", {"name": "x", **wrong})
        assert response.status_code == 422


async def test_the_profile_makes_and_shows_them(site: Any) -> None:
    browser = await site.as_("user")
    fields = {"key_name": "nightly", "key_scope": "read", "key_days": "30"}
    assert "ohd_sk_" in (await browser.submit("/profile", "/profile/keys", **fields)).text
    assert "Read only" in (await browser.get("/profile")).words()
    bad = await browser.submit("/profile", "/profile/keys", key_name="x", key_days="soon")
    assert bad.status == 422
