"""What every request passes: who may come in, tokens, origins, hosts, headers, sizes."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from quart import Blueprint, Quart

from webapp.app import BLUEPRINTS
from webapp.http.form_bodies import MAX_FIELDS
from webapp.routes import Access

ROLES = ("nobody", "user", "staff", "admin")
ALL = {"nobody": 200, "user": 200, "staff": 200, "admin": 200}
PAGE = {"nobody": 303, "user": 200, "staff": 200, "admin": 200}
API = {"nobody": 401, "user": 200, "staff": 200, "admin": 200}
STAFF_API = {"nobody": 401, "user": 403, "staff": 200, "admin": 200}
FOREIGN_PAGE = {"nobody": 303, "user": 404, "staff": 200, "admin": 200}
FOREIGN_API = {"nobody": 401, "user": 404, "staff": 200, "admin": 200}
ADMIN_PAGE = {"nobody": 303, "user": 403, "staff": 403, "admin": 200}
ADMIN_API = {"nobody": 401, "user": 403, "staff": 403, "admin": 200}

# Each route with what it answers to each role. ``{own}`` is a ticket of the user, ``{foreign}`` of
# somebody else. Changes come last, in an order in which each is possible for an admin.
READS: dict[str, dict[str, int]] = {
    "/healthz": ALL,
    "/readyz": ALL,
    "/api/schemas": ALL,
    "/api/schemas/manifest.json": ALL,
    "/metrics": ADMIN_API,
    "/admin/egress": ADMIN_PAGE,
    "/admin/egress.csv": ADMIN_PAGE,
    "/admin/audit": ADMIN_PAGE,
    "/admin/sandbox": ADMIN_PAGE,
    "/api/admin/egress": ADMIN_API,
    "/api/admin/audit": ADMIN_API,
    "/static/app.css": ALL,
    "/": dict.fromkeys(ROLES, 303),
    "/login": {"nobody": 200, "user": 303, "staff": 303, "admin": 303},
    "/drafts?form=x": ALL,
    "/dashboard": PAGE,
    "/dashboard/widgets": API,
    "/static/vendor/none.js": dict.fromkeys(ROLES, 404),
    "/plugin-frames/x": ALL,
    "/plugin-widgets/goatkit.x/y": dict.fromkeys(ROLES, 404),
    "/tickets/1/widgets/goatkit.x/y": dict.fromkeys(ROLES, 404),
    "/tickets": PAGE,
    "/tickets/new": PAGE,
    "/tickets/{own}": PAGE,
    "/tickets/{foreign}": FOREIGN_PAGE,
    "/tickets/{own}/panels/org.example.probe": API,
    "/tickets/{foreign}/panels/org.example.probe": FOREIGN_API,
    "/admin/plugins": ADMIN_PAGE,
    "/admin/plugins/org.example.probe": ADMIN_PAGE,
    "/admin/plugins/org.example.probe/review": ADMIN_PAGE,
    "/admin/plugins/org.example.probe/settings": ADMIN_PAGE,
    "/admin/plugins/org.example.probe/uninstall": ADMIN_PAGE,
    "/admin/plugins/org.example.probe/deliveries": ADMIN_PAGE,
    "/admin/plugins/org.example.probe/deliveries/1": ADMIN_PAGE | {"admin": 404},
    "/admin/plugins/org.example.probe/deliveries/1.json": ADMIN_PAGE | {"admin": 404},
    "/admin/plugins/org.example.probe/log": ADMIN_PAGE,
    "/admin/plugins/org.example.probe/versions": ADMIN_PAGE,
    "/admin/plugins/org.example.probe/versions/0": ADMIN_PAGE | {"admin": 404},
    "/admin/plugins/log": ADMIN_PAGE,
    "/admin/plugins/installs/none": ADMIN_PAGE | {"admin": 404},
    "/api/tickets": API,
    "/api/tags": STAFF_API,
    "/api/tickets/{own}": API,
    "/api/tickets/{foreign}": FOREIGN_API,
    "/api/tickets/{own}/timeline": API,
    "/api/tickets/{foreign}/timeline": FOREIGN_API,
    "/api/tickets/{own}/replies": API,
    "/api/tickets/{foreign}/replies": FOREIGN_API,
    "/api/admin/plugins": ADMIN_API,
    "/api/admin/plugins/org.example.probe": ADMIN_API,
    "/api/admin/plugins/org.example.probe/deliveries": ADMIN_API,
    "/api/admin/plugins/org.example.probe/deliveries/1": ADMIN_API | {"admin": 404},
    "/api/admin/plugins/org.example.probe/deliveries/1/document": ADMIN_API | {"admin": 404},
    "/api/admin/plugins/org.example.probe/history": ADMIN_API,
    "/api/admin/plugins/org.example.probe/logs": ADMIN_API,
    "/api/admin/plugins/org.example.probe/versions": ADMIN_API,
    "/api/admin/plugins/org.example.probe/versions/0": ADMIN_API | {"admin": 404},
    "/api/admin/plugins/box": ADMIN_API,
    "/api/admin/plugins/installs/none": ADMIN_API | {"admin": 404},
    "/api/admin/logs": ADMIN_API,
    "/api/admin/processes": ADMIN_API,
    "/api/nothing": dict.fromkeys(ROLES, 404),
    "/nothing": dict.fromkeys(ROLES, 404),
}
_STEP = {"nobody": 401, "user": 404, "staff": 303, "admin": 303}
_API_STEP = FOREIGN_API
FORMS: list[tuple[str, dict[str, str], dict[str, int]]] = [
    (
        "/tickets/new",
        {"subject": "s", "description": "d"},
        {"nobody": 401, "user": 303, "staff": 303, "admin": 303},
    ),
    (
        "/tickets/bulk",
        {"ticket": "{foreign}", "priority": "High"},
        {"nobody": 401, "user": 403, "staff": 303, "admin": 303},
    ),
    (
        "/dashboard/arrange",
        {"key": "k", "act": "hide"},
        dict.fromkeys(ROLES, 400) | {"nobody": 401},
    ),
    ("/admin/plugins/org.example.probe/grant", {"permission": "x"}, ADMIN_API | {"admin": 422}),
    ("/dashboard/reset", {}, dict.fromkeys(ROLES, 303) | {"nobody": 401}),
    ("/tickets/{foreign}/reply", {"reply": "r"}, _STEP),
    ("/tickets/{foreign}/follow", {}, _STEP),
    ("/tickets/{own}/unfollow", {}, _STEP | {"user": 403}),
    ("/tickets/{own}/unread", {}, _STEP | {"user": 303}),
    ("/tickets/{foreign}/unread", {}, _STEP),
    ("/tickets/{foreign}/note", {"note": "n"}, _STEP),
    ("/tickets/{own}/note", {"note": "n"}, _STEP | {"user": 403}),
    ("/tickets/{foreign}/update", {"priority": "High"}, _STEP),
    (
        "/tickets/{own}/update",
        {"priority": "High"},
        _STEP | {"user": 403},
    ),
    ("/tickets/{own}/resolve", {"notes": ""}, _STEP | {"user": 403}),
    ("/tickets/{foreign}/resolve", {"notes": ""}, _STEP),
    ("/tickets/{foreign}/reopen", {"reason": ""}, _STEP),
    ("/tickets/{foreign}/close", {}, _STEP),
    ("/admin/plugins/org.example.probe/enable", {}, ADMIN_API | {"admin": 303}),
    ("/admin/plugins/org.example.probe/config", {}, ADMIN_API | {"admin": 303}),
    ("/admin/plugins/org.example.probe/limits", {}, ADMIN_API | {"admin": 303}),
    ("/admin/plugins/org.example.probe/restart", {}, ADMIN_API | {"admin": 303}),
    ("/admin/plugins/org.example.probe/permissions", {}, ADMIN_API | {"admin": 303}),
    ("/admin/plugins/org.example.probe/versions/0/accept", {}, ADMIN_API | {"admin": 404}),
    ("/admin/plugins/org.example.probe/versions/0/discard", {}, ADMIN_API | {"admin": 404}),
    (
        "/admin/plugins/org.example.probe/deliveries/redeliver",
        {"delivery": "1"},
        ADMIN_API | {"admin": 409},
    ),
    ("/admin/plugins/org.example.probe/disable", {}, ADMIN_API | {"admin": 303}),
    ("/admin/plugins/org.example.probe/uninstall", {}, ADMIN_API | {"admin": 303}),
    ("/admin/plugins", {}, ADMIN_API | {"admin": 422}),
    ("/admin/sandbox/check", {}, ADMIN_API),
]
CALLS: list[tuple[str, str, object, dict[str, int]]] = [
    (
        "POST",
        "/api/tickets",
        {"subject": "s", "description": "d"},
        API | dict.fromkeys(ROLES[1:], 201),
    ),
    ("PATCH", "/api/tickets", {"tickets": ["1"], "priority": "High"}, STAFF_API),
    ("PATCH", "/api/tickets/{foreign}", {"priority": "High"}, _API_STEP),
    ("PATCH", "/api/tickets/{own}", {"priority": "High"}, STAFF_API),
    (
        "POST",
        "/api/tickets/{foreign}/replies",
        {"body": "b"},
        FOREIGN_API | {"staff": 201, "admin": 201},
    ),
    (
        "POST",
        "/api/tickets/{own}/replies",
        {"body": "b", "is_internal": True},
        STAFF_API | {"staff": 201, "admin": 201},
    ),
    ("POST", "/api/tickets/{own}/read", None, API | dict.fromkeys(ROLES[1:], 204)),
    ("POST", "/api/tickets/{foreign}/read", None, FOREIGN_API | {"staff": 204, "admin": 204}),
    ("POST", "/api/tickets/{foreign}/unread", None, FOREIGN_API | {"staff": 204, "admin": 204}),
    ("POST", "/api/tickets/{own}/resolve", {"notes": "n"}, STAFF_API),
    ("POST", "/api/tickets/{foreign}/resolve", {"notes": "n"}, _API_STEP),
    ("POST", "/api/tickets/{foreign}/reopen", {"reason": "r"}, _API_STEP),
    ("POST", "/api/tickets/{foreign}/close", {}, _API_STEP),
    ("PATCH", "/api/admin/plugins/org.example.probe", {"enabled": False}, ADMIN_API),
    ("POST", "/api/admin/plugins", {}, ADMIN_API | {"admin": 422}),
    ("POST", "/api/admin/plugins/box/none", None, ADMIN_API | {"admin": 404}),
    ("POST", "/api/admin/plugins/org.example.probe/restart", None, ADMIN_API | {"admin": 409}),
    (
        "POST",
        "/api/admin/plugins/org.example.probe/versions/0/accept",
        {},
        ADMIN_API | {"admin": 404},
    ),
    (
        "DELETE",
        "/api/admin/plugins/org.example.probe/versions/0",
        None,
        ADMIN_API | {"admin": 404},
    ),
    (
        "POST",
        "/api/admin/plugins/org.example.probe/deliveries/redeliver",
        {"ids": ["1"]},
        ADMIN_API | {"admin": 409},
    ),
    ("DELETE", "/api/admin/plugins/org.example.probe", None, ADMIN_API | {"admin": 204}),
    ("POST", "/api/auth/logout", None, API | dict.fromkeys(ROLES[1:], 204)),
]
PROBE = {
    "enabled": True,
    "events": [],
    "permissions": {"http": {"allowed_hosts": ["panel.example"]}},
    "ui_panel": {"title": "Panel", "height": 100},
}


def test_what_everybody_may_see_unseen_is_this_and_no_more() -> None:
    public = {section.name for section in BLUEPRINTS if section.access is Access.PUBLIC}
    assert public == {"assets", "health", "api_schemas"}


async def test_a_blueprint_that_does_not_say_whom_it_is_for_serves_nobody(site: Any) -> None:
    silent = Blueprint("silent", __name__)

    @silent.get("/silent")
    async def secret() -> str:
        return "secret"

    site.app._got_first_request = False
    site.app.register_blueprint(silent)
    response = await (await site.as_("admin")).client.get("/silent")
    assert response.status_code == 500
    assert "secret" not in response.text


def test_the_walk_below_leaves_no_route_out(
    people_blueprints: frozenset[str], work_blueprints: frozenset[str]
) -> None:
    app = Quart("routes", static_folder=None)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    marks = {"own": "x", "foreign": "x"}
    walked = {("GET", path.partition("?")[0].format(**marks)) for path in READS}
    walked |= {("POST", path.format(**marks)) for path, *_ in FORMS}
    walked |= {(method, path.format(**marks)) for method, path, *_ in CALLS}
    router = app.url_map.bind("localhost")
    reached = {
        (method, router.match(path, method)[0])
        for method, path in walked
        if router.test(path, method)
    }
    routes = {
        (method, rule.endpoint)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint.partition(".")[0] not in people_blueprints | work_blueprints
    }
    elsewhere = {
        *(("POST", "login.log_in"), ("POST", "login.log_out"), ("POST", "api_login.log_in")),
        *(("GET", "events.events"), ("GET", "process_stream.live"), ("GET", "installs.live")),
        *(("GET", "plugin_log.live"), ("PUT", "drafts.keep"), ("POST", "presence.note")),
    }
    assert reached == routes - elsewhere


@pytest.mark.parametrize("role", ROLES)
async def test_reading_obeys_the_role(site: Any, role: str) -> None:
    browser = await site.stranger() if role == "nobody" else await site.as_(role)
    await site.install(**PROBE)
    marks = {
        "own": (await site.ticket(by="user")).id,
        "foreign": (await site.ticket(by="other")).id,
    }
    found = {path: (await browser.get(path.format(**marks))).status for path in READS}
    assert found == {path: expected[role] for path, expected in READS.items()}


@pytest.mark.parametrize("role", ROLES)
async def test_changing_by_form_obeys_the_role(site: Any, role: str) -> None:
    browser = await site.stranger() if role == "nobody" else await site.as_(role)
    await site.install(**PROBE)
    marks = {
        "own": (await site.ticket(by="user")).id,
        "foreign": (await site.ticket(by="other")).id,
    }
    start = "/login" if role == "nobody" else "/tickets/new"
    token = (await browser.get(start)).csrf_token
    found, expected = [], []
    for path, fields, wanted in FORMS:
        data = {"csrf_token": token} | {n: text.format(**marks) for n, text in fields.items()}
        response = await browser.client.post(path.format(**marks), data=data)
        found.append((path, response.status_code))
        expected.append((path, wanted[role]))
    assert found == expected


@pytest.mark.parametrize("proof", ["cookie", "key"])
@pytest.mark.parametrize("role", ROLES)
async def test_changing_by_the_api_obeys_the_role(site: Any, role: str, proof: str) -> None:
    await site.install(**PROBE)
    marks = {
        "own": (await site.ticket(by="user")).id,
        "foreign": (await site.ticket(by="other")).id,
    }
    headers = {}
    if role == "nobody":
        browser = await site.stranger()
    elif proof == "key":
        browser = await site.with_key(role)
    else:
        browser = await site.as_(role)
        headers = {"X-CSRF-Token": await browser.api_token()}
    found, expected = [], []
    for method, path, body, wanted in CALLS:
        response = await browser.client.request(
            method, path.format(**marks), json=body, headers=headers
        )
        found.append((method, path, response.status_code))
        expected.append((method, path, wanted[role]))
    assert found == expected


async def test_a_form_without_its_token_changes_nothing(site: Any) -> None:
    browser, ticket = await site.as_("staff"), await site.ticket()
    response = await browser.client.post(f"/tickets/{ticket.id}/reply", data={"reply": "hello"})
    assert response.status_code == 403
    assert "reload the page and try again" in response.text
    assert (await site.desk.tickets.detail(site.people.staff.actor, ticket.id)).replies == ()


async def test_the_token_of_another_session_is_refused(site: Any) -> None:
    mine, theirs = await site.as_("staff"), await site.as_("user")
    ticket = await site.ticket()
    token = (await theirs.get("/tickets/new")).csrf_token
    data = {"csrf_token": token, "reply": "hello"}
    response = await mine.client.post(f"/tickets/{ticket.id}/reply", data=data)
    assert response.status_code == 403


async def test_the_api_wants_its_token_of_a_browser_but_not_beside_a_key(site: Any) -> None:
    body = {"subject": "s", "description": "d"}
    for said in ({"Origin": site.url}, {"Sec-Fetch-Site": "same-origin"}):
        browser = await site.as_("user")
        refused = await browser.client.post("/api/tickets", json=body, headers=said)
        assert refused.status_code == 403
        assert "error" in refused.json()
    by_key = await (await site.with_key("user")).client.post("/api/tickets", json=body)
    assert by_key.status_code == 201


async def test_a_program_with_a_session_needs_no_token_and_a_wrong_one_is_refused(
    site: Any,
) -> None:
    client = (await site.as_("user")).client
    body = {"subject": "s", "description": "d"}
    assert (await client.post("/api/tickets", json=body)).status_code == 201
    wrong = await client.post("/api/tickets", json=body, headers={"X-CSRF-Token": "guessed"})
    assert wrong.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_site_is_refused_even_with_the_right_token(
    site: Any, headers: dict[str, str], password: str
) -> None:
    browser = await site.as_("user")
    token = await browser.api_token()
    response = await browser.client.post(
        "/api/tickets",
        json={"subject": "s", "description": "d"},
        headers={"X-CSRF-Token": token} | headers,
    )
    assert response.status_code == 403
    login = await (await site.stranger()).client.post(
        "/api/auth/login",
        json={"email": "user@example.com", "password": password},
        headers=headers,
    )
    assert login.status_code == 403


async def test_an_unknown_key_is_refused_even_beside_a_good_cookie(site: Any) -> None:
    browser = await site.as_("admin")
    for value in ("Bearer ohd_sk_wrong", "Bearer", "bearer x", f"Bearer ohd_sk_{'x' * 5000}"):
        response = await browser.client.get("/api/me", headers={"Authorization": value})
        assert response.status_code == 401, value


async def test_credentials_for_a_proxy_in_front_do_not_log_anybody_out(site: Any) -> None:
    browser = await site.as_("user")
    response = await browser.client.get("/api/me", headers={"Authorization": "Basic dTpw"})
    assert response.status_code == 200


async def test_a_revoked_key_and_a_disabled_person_are_nobody(site: Any) -> None:
    admin, user = site.people.admin, site.people.user
    with_key, with_cookie = await site.with_key("user"), await site.as_("user")
    assert (await with_key.client.get("/api/me")).status_code == 200
    await site.desk.users.update(admin.actor, user.id, disabled=True)
    assert (await with_key.client.get("/api/me")).status_code == 401
    assert (await with_cookie.client.get("/api/me")).status_code == 401


async def test_a_name_that_was_made_to_lead_here_is_not_answered(site: Any) -> None:
    client = (await site.stranger()).client
    for path in ("/login", "/api/me", "/nothing"):
        response = await client.get(path, headers={"Host": "rebound.evil.example"})
        assert response.status_code == 421, path
        assert "evil" not in response.text


@pytest.mark.parametrize(
    "path", ["/login", "/tickets", "/static/app.css", "/healthz", "/api/me", "/nothing", "/api/no"]
)
async def test_every_answer_has_the_security_headers(site: Any, path: str) -> None:
    headers = (await (await site.as_("user")).client.get(path)).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "frame-src 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "server" not in headers


async def test_pages_are_not_kept_and_assets_are(site: Any) -> None:
    browser = await site.as_("user")
    page = await browser.get("/tickets")
    assert page.response.headers["Cache-Control"] == "no-store"
    start = page.text.index("/static/app.css?v=")
    address = page.text[start : page.text.index('"', start)]
    asset = (await browser.get(address)).response
    assert "immutable" in asset.headers["Cache-Control"]
    again = await browser.get(address, headers={"If-None-Match": asset.headers["ETag"]})
    assert again.status == 304


async def test_pages_hold_nothing_inline_and_fetch_nothing_from_elsewhere(site: Any) -> None:
    await site.install(**PROBE)
    ticket, browser = await site.ticket(), await site.as_("admin")
    for path in (
        "/tickets",
        "/tickets/new",
        f"/tickets/{ticket.id}",
        "/admin/plugins",
        "/admin/plugins/org.example.probe",
    ):
        text = (await browser.get(path)).text
        assert len(text) < 100_000
        for inline in ("<style", " style=", "<script>", " onclick=", "javascript:"):
            assert inline not in text, path
        for address in ('src="http', "src='http", '<link rel="stylesheet" href="http'):
            assert address not in text, path


@pytest.mark.parametrize(
    ("path", "size"), [("/api/tickets", 1024 * 1024 + 1), ("/api/auth/login", 16 * 1024 + 1)]
)
@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_over_its_limit_is_refused(
    site: Any, path: str, size: int, declared: bool
) -> None:
    browser = await site.with_key("user") if path == "/api/tickets" else await site.stranger()

    async def pieces() -> Any:
        for _ in range(size // 1024 + 1):
            yield b"x" * 1024

    response = await browser.client.post(
        path,
        content=b"x" * size if declared else pieces(),
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == 413
    assert "the limit is" in response.json()["error"]


async def test_a_form_of_very_many_fields_is_refused(site: Any) -> None:
    browser = await site.as_("user")
    token = (await browser.get("/tickets/new")).csrf_token
    content = f"csrf_token={token}&subject=s&description=d" + "&a" * MAX_FIELDS
    response = await browser.client.post(
        "/tickets/new",
        content=content,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert response.status_code == 413
    assert "The form has 30,003 fields, and this server takes at most 30,000" in response.text


async def test_a_form_that_is_not_utf_8_is_called_that(site: Any) -> None:
    browser = await site.as_("user")
    token = (await browser.get("/tickets/new")).csrf_token
    response = await browser.client.post(
        "/tickets/new",
        content=f"csrf_token={token}&subject=".encode() + b"\xff",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert response.status_code == 400
    assert "expected a form in UTF-8" in response.text


async def test_an_unexpected_error_shows_a_reference_and_nothing_else(
    build_site: Callable[..., Awaitable[Any]], caplog: pytest.LogCaptureFixture
) -> None:
    site = await build_site()
    browser = await site.as_("admin")

    async def broken() -> None:
        raise RuntimeError("the secret is swordfish")

    site.shelf.overview.plugins = broken
    page = await browser.get("/admin/plugins")
    api = await browser.client.get("/api/admin/plugins")
    assert page.status == api.status_code == 500
    for text in (page.text, api.text):
        assert "swordfish" not in text
        assert "Traceback" not in text
    reference = api.json()["error"].rpartition(" ")[2]
    assert reference in caplog.text


async def test_a_wrong_method_says_which_are_right(site: Any) -> None:
    browser = await site.as_("user")
    response = await browser.client.request("PUT", "/healthz")
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]
