"""Logging in and out: cookies, renewal, return paths, and guessing slowed down."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest


async def test_a_person_logs_in_and_sees_their_tickets(site: Any) -> None:
    browser = await site.stranger()
    page = await browser.log_in("user@example.com")
    assert page.status == 200
    assert str(page.response.url).endswith("/tickets")
    assert "My tickets" in page.words()


async def test_a_wrong_password_says_nothing_about_the_account(site: Any, password: str) -> None:
    browser = await site.stranger()
    known = await browser.log_in("user@example.com", "not the password")
    unknown = await browser.log_in("nobody@example.com", password)
    assert known.status == unknown.status == 401
    assert "Incorrect email or password." in known.words()
    assert known.words() == unknown.words()
    assert site.config.session_cookie not in browser.client.cookies


async def test_the_session_cookie_is_out_of_reach_of_scripts(site: Any, password: str) -> None:
    browser = await site.stranger()
    page = await browser.submit(
        "/login", "/login", follow=False, email="user@example.com", password=password
    )
    cookie = page.response.headers["Set-Cookie"]
    assert cookie.startswith("ohd_session=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


async def test_behind_tls_cookies_demand_it(
    build_site: Callable[..., Awaitable[Any]], password: str
) -> None:
    site = await build_site(base_url="https://help.example")
    browser = await site.stranger()
    loaded = await browser.get("/login")
    form_cookie = loaded.response.cookies["__Host-ohd_form"]
    response = await browser.client.post(
        "/login",
        data={
            "csrf_token": loaded.csrf_token,
            "email": "user@example.com",
            "password": password,
        },
        headers={"Cookie": f"__Host-ohd_form={form_cookie}"},
    )
    cookies = response.headers.get_list("Set-Cookie")
    assert cookies
    assert all("Secure" in cookie and "__Host-" in cookie for cookie in cookies)
    assert response.headers["Strict-Transport-Security"].startswith("max-age=")


async def test_the_session_is_renewed_at_log_in(site: Any) -> None:
    browser = await site.as_("user")
    before = browser.client.cookies[site.config.session_cookie]
    token = await browser.api_token()
    response = await browser.client.post(
        "/login",
        data={
            "csrf_token": token,
            "email": "user@example.com",
            "password": "a long enough password",
        },
    )
    assert response.status_code == 303
    assert response.cookies[site.config.session_cookie] != before
    assert await site.desk.sessions.find(before) is None


async def test_logging_out_ends_the_session_on_the_server(site: Any) -> None:
    browser = await site.as_("user")
    token = browser.client.cookies[site.config.session_cookie]
    page = await browser.submit("/tickets", "/logout")
    assert str(page.response.url).endswith("/login")
    assert await site.desk.sessions.find(token) is None


async def test_after_logging_in_one_is_where_one_wanted_to_go(site: Any, password: str) -> None:
    browser = await site.stranger()
    asked = await browser.get("/tickets?q=printer&page=1")
    assert asked.status == 303
    assert asked.response.headers["Location"] == "/login?next=%2Ftickets%3Fq%3Dprinter%26page%3D1"
    page = await browser.submit(
        asked.response.headers["Location"],
        "/login",
        follow=False,
        email="user@example.com",
        password=password,
        next="/tickets?q=printer&page=1",
    )
    assert page.response.headers["Location"] == "/tickets?q=printer&page=1"


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
async def test_logging_in_never_leads_elsewhere(site: Any, password: str, target: str) -> None:
    browser = await site.stranger()
    page = await browser.submit(
        "/login",
        "/login",
        follow=False,
        email="user@example.com",
        password=password,
        next=target,
    )
    assert page.response.headers["Location"] == "/"


async def test_guessing_at_one_account_is_slowed(
    build_site: Callable[..., Awaitable[Any]], password: str
) -> None:
    site = await build_site(login_failures_per_account=3)
    browser = await site.stranger()
    for _ in range(3):
        assert (await browser.log_in("user@example.com", "a wrong one")).status == 401
    slowed = await browser.log_in("User@Example.com ", password)
    assert slowed.status == 429
    assert 1 <= int(slowed.response.headers["Retry-After"]) <= 301
    assert "wait" in slowed.words()


async def test_guessing_from_one_address_is_slowed_over_all_accounts(
    build_site: Callable[..., Awaitable[Any]],
) -> None:
    site = await build_site(login_failures_per_address=3)
    client = (await site.stranger()).client
    statuses = [
        (
            await client.post(
                "/api/auth/login", json={"email": f"{number}@example.com", "password": "guess"}
            )
        ).status_code
        for number in range(5)
    ]
    assert statuses == [401, 401, 401, 429, 429]


async def test_people_who_log_in_rightly_are_never_slowed(
    build_site: Callable[..., Awaitable[Any]],
) -> None:
    site = await build_site(login_failures_per_account=2, login_failures_per_address=2)
    for _ in range(4):
        browser = await site.stranger()
        assert (await browser.log_in("user@example.com")).status == 200


async def test_the_log_in_form_of_another_browser_is_refused(site: Any, password: str) -> None:
    theirs, mine = await site.stranger(), await site.stranger()
    token = (await theirs.get("/login")).csrf_token
    await mine.get("/login")
    data = {"csrf_token": token, "email": "user@example.com", "password": password}
    response = await mine.client.post("/login", data=data)
    assert response.status_code == 403


async def guess(site: Any, email: str, times: int, **headers: str) -> list[int]:
    """Guess wrongly, each time as another browser; return the statuses."""
    found = []
    for _ in range(times):
        browser = await site.stranger()
        body = {"email": email, "password": "a wrong one"}
        response = await browser.client.post("/api/auth/login", json=body, headers=headers)
        found.append(response.status_code)
    return found


async def test_wrong_passwords_from_elsewhere_do_not_lock_the_owner_out(
    build_site: Callable[..., Awaitable[Any]], password: str
) -> None:
    site = await build_site(proxy_hops=1)
    elsewhere = await guess(site, "user@example.com", 12, **{"X-Forwarded-For": "203.0.113.9"})
    assert elsewhere == [401] * 10 + [429] * 2
    owner = await site.stranger()
    owner.client.headers["X-Forwarded-For"] = "198.51.100.7"
    assert (await owner.log_in("user@example.com", password)).status == 200


async def test_a_browser_that_has_logged_in_before_is_not_slowed_by_its_neighbours(
    build_site: Callable[..., Awaitable[Any]], password: str
) -> None:
    site = await build_site(login_failures_per_account=3, login_failures_per_address=5)
    owner = await site.stranger()
    assert (await owner.log_in("user@example.com", password)).status == 200
    await owner.submit("/profile", "/logout")
    assert 429 in await guess(site, "user@example.com", 8)
    assert (await owner.log_in("user@example.com", password)).status == 200
    # It is slowed by its own wrong guesses all the same.
    await owner.submit("/profile", "/logout")
    wrong = [(await owner.log_in("user@example.com", "a wrong one")).status for _ in range(4)]
    assert wrong == [401, 401, 401, 429]


async def test_guesses_at_the_door_do_not_keep_one_from_changing_the_password(
    build_site: Callable[..., Awaitable[Any]], password: str
) -> None:
    site = await build_site(login_failures_per_account=3)
    owner = await site.stranger()
    await owner.log_in("user@example.com", password)
    await guess(site, "user@example.com", 5)
    new = "another long password"
    fields = {"current_password": password, "password": new, "password_again": new}
    page = await owner.submit("/profile", "/profile/password", **fields)
    assert (page.status, page.response.url.path) == (200, "/profile"), page.words()
