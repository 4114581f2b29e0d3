"""A second factor at log-in, over HTTP: by pages and by the API, and what does not get past it."""

import re
from collections.abc import Awaitable, Callable
from html import unescape
from typing import Any

import pyotp
import pytest
from argon2 import PasswordHasher

from helpdesk.actors import SYSTEM
from supervisor.secrets.box import SecretBox

PAGE = "/profile/second-factor"
EMAIL = "user@example.com"
Build = Callable[..., Awaitable[Any]]


@pytest.fixture
async def site(build: Build) -> Any:
    return await build()


@pytest.fixture
def build(build_site: Build, password: str) -> Build:
    """Return a function that serves the app, where a password costs little to check."""

    async def made(**settings: Any) -> Any:
        site = await build_site(**settings)
        site.desk.passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        await site.desk.users.set_password(SYSTEM, site.people.user.id, password)
        return site

    return made


@pytest.fixture
async def phone(site: Any) -> pyotp.TOTP:
    """Return the user's authenticator app, which is set up; what it showed then is used up."""
    return await set_up(site)


async def set_up(site: Any) -> pyotp.TOTP:
    site.desk.apps.sealer = SecretBox(b"k" * 32)
    session = (await site.desk.sessions.start(site.people.user.id)).token
    totp = pyotp.TOTP((await site.desk.apps.begin(session, "Desk")).text)
    await site.desk.apps.confirm(site.people.user.id, session, totp.at(_now(site)))
    # As if it had been set up some time ago: the code of this moment is still to be used.
    await site.desk.database.write(
        lambda c: c.execute("UPDATE authenticator_apps SET last_step = 0").rowcount
    )
    return totp


def _now(site: Any) -> int:
    return int(site.desk.clock.now().timestamp())


async def test_after_the_password_a_code_is_asked_for(site: Any, phone: pyotp.TOTP) -> None:
    browser = await site.stranger()
    page = await browser.submit(
        "/login?next=/notifications",
        "/login",
        email=EMAIL,
        password="a long enough password",
        next="/notifications",
    )
    assert str(page.response.url).endswith("/login/second?next=%2Fnotifications")
    assert site.config.session_cookie not in browser.client.cookies
    assert (await browser.get("/tickets", follow_redirects=False)).status == 303
    wrong = await browser.submit(page.response.url.path, "/login/second", code="nonsense")
    assert (wrong.status, "Incorrect code" in wrong.words()) == (401, True)
    code = phone.at(_now(site))
    done = await browser.submit(
        "/login/second", "/login/second", code=f"{code[:3]} {code[3:]}", next="/notifications"
    )
    assert (done.status, done.response.url.path) == (200, "/notifications")
    assert "ohd_step" not in browser.client.cookies


async def test_the_second_step_is_nothing_without_the_first(site: Any, phone: pyotp.TOTP) -> None:
    browser = await site.stranger()
    page = await browser.submit("/login", "/login/second", code=phone.at(_now(site)))
    assert page.response.url.path == "/login"
    assert site.config.session_cookie not in browser.client.cookies
    token = (await browser.get("/login")).csrf_token
    headers = {"X-CSRF-Token": token}
    refused = await browser.client.post("/login/second/options", headers=headers)
    assert refused.status_code == 401


async def test_wrong_codes_run_out_for_a_person_wherever_they_come_from(
    build: Build,
) -> None:
    site = await build(code_failures_per_account=3)
    phone = await set_up(site)
    for _ in range(3):
        browser = await site.stranger()
        await browser.log_in(EMAIL)
        assert (await browser.submit("/login/second", "/login/second", code="1")).status == 401
    browser = await site.stranger()
    await browser.log_in(EMAIL)
    code = phone.at(_now(site))
    slowed = await browser.submit("/login/second", "/login/second", code=code)
    assert slowed.status == 429
    assert int(slowed.response.headers["Retry-After"]) > 300
    assert "Log out" not in slowed.words()


async def test_a_forgotten_password_does_not_get_past_it(site: Any, phone: pyotp.TOTP) -> None:
    link = await site.desk.invitations.create(SYSTEM, site.people.user.id)
    browser = await site.stranger()
    new = "another long password"
    page = await browser.submit(
        f"/invitation?token={link.token}",
        "/invitation",
        token=link.token,
        password=new,
        password_again=new,
    )
    assert page.response.url.path == "/login/second"
    assert site.config.session_cookie not in browser.client.cookies
    done = await browser.submit("/login/second", "/login/second", code=phone.at(_now(site)))
    assert done.response.url.path == "/tickets"


async def test_the_api_takes_the_code_beside_the_password(site: Any, phone: pyotp.TOTP) -> None:
    client = (await site.stranger()).client
    body = {"email": EMAIL, "password": "a long enough password"}
    without = await client.post("/api/auth/login", json=body)
    assert without.status_code == 401
    assert "second factor" in without.json()["error"]
    assert "Set-Cookie" not in without.headers
    wrong = await client.post("/api/auth/login", json={**body, "code": "nonsense"})
    assert wrong.status_code == 401
    right = await client.post("/api/auth/login", json={**body, "code": phone.at(_now(site))})
    assert (right.status_code, right.json()["user"]["email"]) == (200, EMAIL)


async def test_a_key_works_without_and_changes_no_factor(site: Any, phone: pyotp.TOTP) -> None:
    await site.desk.settings.update(SYSTEM, second_factor_roles="staff,user")
    for role in ("user", "staff"):
        browser = await site.with_key(role)
        assert (await browser.client.get("/api/me")).status_code == 200
        for path in ("app", "app/remove", "codes", "passkeys/options"):
            refused = await browser.client.post(f"{PAGE}/{path}")
            assert refused.status_code in {403, 409}
    assert (await site.desk.factors.of(SYSTEM, site.people.user.id)).app_since is not None


async def test_who_has_to_have_one_can_set_it_up_and_nothing_else(site: Any) -> None:
    site.desk.apps.sealer = SecretBox(b"k" * 32)
    await site.desk.settings.update(SYSTEM, second_factor_roles="user")
    browser = await site.stranger()
    page = await browser.log_in(EMAIL)
    assert (page.response.url.path, page.status) == (PAGE, 200)
    assert "Your role requires a second factor." in page.words()
    assert "New ticket" not in page.words()
    for path in ("/tickets", "/tickets/new", "/profile", "/notifications", "/login", "/dashboard"):
        led = await browser.get(path, follow_redirects=True)
        assert led.response.url.path == PAGE
    for path in ("/api/me", "/api/tickets", "/events"):
        refused = await browser.client.get(path)
        assert (refused.status_code, "second factor" in refused.json()["error"]) == (403, True)
    token = page.csrf_token
    made = await browser.client.post("/tickets/new", data={"csrf_token": token, "subject": "s"})
    assert (made.status_code, made.headers["Location"]) == (303, PAGE)
    page = await browser.submit(PAGE, f"{PAGE}/app")
    assert page.text.count("<svg") == 1
    secret = re.search(r'id="secret" type="text" value="([A-Z2-7]{32})"', page.text)[1]
    done = await browser.submit(PAGE, f"{PAGE}/app/confirm", code=pyotp.TOTP(secret).at(_now(site)))
    assert len(re.findall(r"<li><code>[A-Z2-7-]{19}</code>", done.text)) == 10
    assert (await browser.get("/tickets")).response.url.path == "/tickets"
    assert secret not in (await browser.get(PAGE)).text


async def test_changing_factors_takes_a_password_shown_a_short_time_ago(
    site: Any, phone: pyotp.TOTP
) -> None:
    browser = await site.as_("user")
    old = "UPDATE sessions SET created_at = '2020-01-01T00:00:00Z'"
    await site.desk.database.write(lambda c: c.execute(old).rowcount)
    page = await browser.get(PAGE)
    assert "Confirm it's you" in page.words()
    assert "Remove app" not in page.words()
    assert (await browser.submit(PAGE, f"{PAGE}/app/remove")).status == 403
    wrong = await browser.submit(PAGE, f"{PAGE}/confirm", password="wrong")
    assert (wrong.status, "Incorrect password." in wrong.words()) == (422, True)
    await browser.submit(PAGE, f"{PAGE}/confirm", password="a long enough password")
    removed = await browser.submit(PAGE, f"{PAGE}/app/remove")
    assert "Authenticator app removed." in removed.words()


async def test_sessions_are_listed_and_one_is_ended(site: Any) -> None:
    here, other = await site.stranger(), await site.stranger()
    here.client.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
    other.client.headers["User-Agent"] = "Mozilla/5.0 (iPhone) Version/18.0 Safari/604.1"
    await other.log_in(EMAIL)
    await here.log_in(EMAIL)
    page = await here.get("/profile")
    assert re.search(r"Firefox on Linux\s+This one", page.words())
    assert "Safari on iPhone" in page.words()
    listed = (await here.client.get("/api/me/sessions")).json()["data"]
    assert [each["current"] for each in listed] == [True, False]
    ended = await here.submit("/profile", f"/profile/sessions/{listed[1]['id']}/end")
    assert "Session ended." in ended.words()
    assert (await other.get("/tickets", follow_redirects=False)).status == 303
    strange = await (await site.as_("staff")).call("DELETE", f"/api/me/sessions/{listed[0]['id']}")
    assert strange.status_code == 404
    assert (await here.get("/tickets")).status == 200


async def test_an_admin_requires_it_and_resets_it_by_pages(site: Any, phone: pyotp.TOTP) -> None:
    admin, at = await site.as_("admin"), f"/admin/people/{site.people.user.id}"
    assert "Authenticator app since" in (await admin.get(at)).words()
    done = await admin.submit(at, f"{at}/second-factor/reset")
    assert "Second factors removed." in done.words()
    assert "user.second_factor_reset" in unescape((await admin.get("/admin/audit")).text)
    assert (await (await site.stranger()).log_in(EMAIL)).response.url.path == "/tickets"
    await admin.submit(
        "/admin/settings", "/admin/settings", second_factor="shown", second_factor_roles="staff"
    )
    assert (await site.desk.settings.all()).second_factor_roles == "staff"
    await admin.submit("/admin/settings", "/admin/settings", second_factor="shown")
    assert (await site.desk.settings.all()).second_factor_roles == ""
