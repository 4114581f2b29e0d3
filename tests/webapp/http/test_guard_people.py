"""The walk of ``test_guard`` over people, groups, catalogue, statuses, settings and one's own."""

from typing import Any

import pytest
from quart import Quart

from helpdesk.actors import SYSTEM
from helpdesk.tickets.model import TicketFilter
from webapp.app import BLUEPRINTS

ROLES = ("nobody", "user", "staff", "admin")


def answers(nobody: int, user: int, staff: int, admin: int) -> dict[str, int]:
    return dict(zip(ROLES, (nobody, user, staff, admin), strict=True))


ALL = answers(200, 200, 200, 200)
PAGE = answers(303, 200, 200, 200)
ADMIN_PAGE = answers(303, 403, 403, 200)
API = answers(401, 200, 200, 200)
STAFF_API = answers(401, 403, 200, 200)
ADMIN_API = answers(401, 403, 403, 200)

READS: dict[str, dict[str, int]] = {
    "/setup": dict.fromkeys(ROLES, 404),
    "/invitation": dict.fromkeys(ROLES, 404),
    "/notifications": PAGE,
    "/profile": PAGE,
    "/profile/second-factor": PAGE,
    "/login/second": dict.fromkeys(ROLES, 303),
    "/admin/people": ADMIN_PAGE,
    "/admin/people/new": ADMIN_PAGE,
    "/admin/people/{other}": ADMIN_PAGE,
    "/rate/1/x": dict.fromkeys(ROLES, 404),
    "/api/tickets/1/rating": answers(401, 404, 404, 404),
    "/api/ratings": STAFF_API,
    "/admin/organizations": ADMIN_PAGE,
    "/admin/organizations/{organization}": ADMIN_PAGE,
    "/organizations/{organization}": answers(303, 403, 200, 200),
    "/admin/groups": ADMIN_PAGE,
    "/admin/groups/{group}": ADMIN_PAGE,
    "/admin/catalogue": ADMIN_PAGE,
    "/admin/catalogue/{category}": ADMIN_PAGE,
    "/admin/statuses": ADMIN_PAGE,
    "/admin/settings": ADMIN_PAGE,
    "/password": ALL,
    "/signup": ALL,
    "/signup/confirm": dict.fromkeys(ROLES, 404),
    "/notifications/settings": PAGE,
    "/admin/mail": ADMIN_PAGE,
    "/admin/mail/templates": ADMIN_PAGE,
    "/admin/mail/outgoing": ADMIN_PAGE,
    "/admin/mail/outgoing/none": ADMIN_PAGE | {"admin": 404},
    "/admin/mail/incoming": ADMIN_PAGE,
    "/mail/none/original.eml": answers(303, 404, 404, 404),
    "/api/openapi.json": ALL,
    "/api/docs": ALL,
    "/api/docs/objects": ALL,
    "/api/me": API,
    "/api/me/keys": API,
    "/api/me/sessions": API,
    "/api/users": STAFF_API,
    "/api/users/{user}": API,
    "/api/users/{other}": answers(401, 404, 200, 200),
    "/api/users/{user}/keys": answers(401, 200, 403, 200),
    "/api/users/{other}/keys": answers(401, 404, 403, 200),
    "/api/organizations": STAFF_API,
    "/api/organizations/{organization}": STAFF_API,
    "/api/organizations/{organization}/members": STAFF_API,
    "/api/groups": STAFF_API,
    "/api/groups/{group}": STAFF_API,
    "/api/catalogue": API,
    "/api/statuses": API,
    "/api/notifications": API,
    "/api/admin/settings": ADMIN_API,
}
_OWN = answers(401, 303, 303, 303)
_FOREIGN = answers(401, 404, 404, 404)
_ADMIN = answers(401, 403, 403, 303)
_REFUSED = answers(401, 422, 422, 422)
_NOT_NOW = answers(401, 409, 409, 409)
_PERSON = {"name": "Other", "email": "other@example.com", "role": "user"}
FORMS: list[tuple[str, dict[str, str], dict[str, int]]] = [
    ("/setup", {}, answers(404, 404, 404, 404)),
    ("/invitation", {"token": "x"}, answers(404, 404, 404, 404)),
    ("/admin/people/{other}/invitation", {}, _ADMIN | {"admin": 200}),
    ("/notifications/read", {}, _OWN),
    ("/notifications/{notice}/open", {}, _FOREIGN),
    ("/profile", {"name": "Someone"}, _OWN),
    ("/profile/language", {"language": "de"}, _OWN),
    ("/profile/password", {"current_password": "wrong", "password": "x"}, _REFUSED),
    ("/profile/keys", {"key_name": "k"}, answers(401, 200, 200, 200)),
    ("/profile/keys/{key}/revoke", {}, answers(401, 404, 404, 303)),
    ("/admin/people/new", {"name": "N", "email": "n@example.com"}, _ADMIN),
    ("/admin/people/{other}", _PERSON, _ADMIN),
    ("/admin/people/{other}/password", {"password": "long enough"}, _ADMIN),
    ("/admin/people/{other}/sessions/end", {}, _ADMIN),
    ("/admin/people/{other}/keys/{key}/revoke", {}, _ADMIN),
    ("/rate/1/x", {"score": "good"}, dict.fromkeys(ROLES, 404)),
    ("/admin/organizations", {"name": "Another"}, _ADMIN),
    ("/admin/organizations/{organization}", {"name": "Renamed"}, _ADMIN),
    ("/admin/organizations/{organization}/members", {"email": "other@example.com"}, _ADMIN),
    ("/admin/organizations/{organization}/members/{other}/remove", {}, _ADMIN),
    ("/admin/organizations/{organization}/delete", {}, _ADMIN),
    ("/admin/groups", {"name": "Another"}, _ADMIN),
    ("/admin/groups/{group}", {"name": "Renamed"}, _ADMIN),
    ("/admin/groups/{group}/delete", {}, _ADMIN),
    ("/admin/catalogue", {"name": "Another"}, _ADMIN),
    ("/admin/catalogue/{category}/add", {"name": "Type"}, _ADMIN),
    ("/admin/catalogue/{category}/rename", {"name": "Renamed"}, _ADMIN),
    ("/admin/catalogue/{category}/delete", {}, _ADMIN),
    ("/admin/statuses", {"name": "Added"}, _ADMIN),
    ("/admin/statuses/rename", {"status": "Added", "new_name": "Renamed"}, _ADMIN),
    ("/admin/statuses/remove", {"status": "Renamed"}, _ADMIN),
    ("/admin/settings", {"site_name": "Help"}, _ADMIN),
    ("/password", {"email": "nobody@example.com"}, answers(200, 200, 200, 200)),
    ("/signup", {"email": "n@evil.example", "name": "N"}, answers(409, 409, 409, 409)),
    ("/signup/confirm", {"token": "x"}, answers(404, 404, 404, 404)),
    ("/notifications/settings", {}, _OWN),
    ("/admin/mail", {}, _ADMIN),
    ("/admin/mail/connect", {}, _ADMIN | {"admin": 422}),
    ("/admin/mail/test", {}, _ADMIN | {"admin": 422}),
    ("/admin/mail/templates", {}, _ADMIN | {"admin": 422}),
    ("/admin/mail/outgoing/none/send", {}, _ADMIN | {"admin": 404}),
    ("/admin/mail/incoming/none/accept", {}, _ADMIN | {"admin": 422}),
    ("/admin/mail/incoming/none/discard", {}, _ADMIN | {"admin": 422}),
    ("/login/second", {"code": "000000"}, dict.fromkeys(ROLES, 303)),
    ("/login/second/passkey", {"credential": "{}"}, dict.fromkeys(ROLES, 303)),
    ("/profile/second-factor/confirm", {"password": "wrong"}, _REFUSED),
    ("/profile/second-factor/app", {}, _NOT_NOW),
    ("/profile/second-factor/app/confirm", {"code": "000000"}, _NOT_NOW),
    ("/profile/second-factor/app/remove", {}, _OWN),
    ("/profile/second-factor/passkeys", {"name": "Phone", "credential": "{}"}, _REFUSED),
    ("/profile/second-factor/passkeys/none/remove", {}, _REFUSED),
    ("/profile/second-factor/codes", {}, _NOT_NOW),
    ("/admin/people/{other}/second-factor/reset", {}, _ADMIN),
    ("/profile/sessions/none/end", {}, _FOREIGN),
    ("/profile/sessions/end", {}, _OWN),
]
_MADE = answers(401, 403, 403, 201)
_GONE = answers(401, 403, 403, 204)
_OWN_204 = answers(401, 204, 204, 204)
CALLS: list[tuple[str, str, object, dict[str, int]]] = [
    ("PATCH", "/api/me", {"name": "Someone"}, API),
    ("POST", "/api/me/password", {"current": "x", "new": "long enough"}, _REFUSED),
    ("POST", "/api/me/keys", {"name": "k"}, answers(401, 201, 201, 201)),
    ("DELETE", "/api/me/sessions/none", None, _FOREIGN),
    ("POST", "/login/second/options", None, answers(403, 401, 401, 401)),
    ("POST", "/profile/second-factor/passkeys/options", None, _NOT_NOW),
    ("DELETE", "/api/me/keys/{key}", None, answers(401, 404, 404, 204)),
    ("POST", "/api/users", {"name": "N", "email": "n@example.com"}, _MADE),
    ("PATCH", "/api/users/{other}", {"name": "Other"}, ADMIN_API),
    ("PATCH", "/api/users/{user}", {"name": "User"}, answers(401, 200, 403, 200)),
    ("PATCH", "/api/users/{user}", {"role": "user"}, ADMIN_API),
    ("POST", "/api/users/{other}/invitation", None, _MADE),
    ("PUT", "/api/users/{other}/password", {"password": "long enough"}, _GONE),
    ("DELETE", "/api/users/{other}/sessions", None, answers(401, 404, 403, 204)),
    ("DELETE", "/api/users/{other}/second-factor", None, answers(401, 404, 403, 204)),
    ("DELETE", "/api/users/{other}/keys/{key}", None, answers(401, 404, 404, 204)),
    ("PUT", "/api/tickets/1/rating", {"score": "good"}, _FOREIGN),
    ("POST", "/api/organizations", {"name": "Another"}, _MADE),
    ("PATCH", "/api/organizations/{organization}", {"name": "Renamed"}, ADMIN_API),
    ("PUT", "/api/organizations/{organization}/members/{other}", None, _GONE),
    ("DELETE", "/api/organizations/{organization}/members/{other}", None, _GONE),
    ("DELETE", "/api/organizations/{organization}", None, _GONE),
    ("POST", "/api/groups", {"name": "Another"}, _MADE),
    ("PATCH", "/api/groups/{group}", {"name": "Renamed"}, ADMIN_API),
    ("DELETE", "/api/groups/{group}", None, _GONE),
    ("POST", "/api/catalogue", {"name": "Another"}, _MADE),
    ("PATCH", "/api/catalogue/{category}", {"name": "Renamed"}, ADMIN_API),
    ("DELETE", "/api/catalogue/{category}", None, _GONE),
    ("POST", "/api/statuses", {"name": "Added"}, _MADE),
    ("PATCH", "/api/statuses/Added", {"name": "Ren/amed"}, ADMIN_API),
    ("DELETE", "/api/statuses/Ren%2Famed", None, _GONE),
    ("POST", "/api/notifications/{notice}/read", None, _FOREIGN),
    ("POST", "/api/notifications/read", None, _OWN_204),
    ("PATCH", "/api/admin/settings", {"site_name": "Help"}, ADMIN_API),
    ("DELETE", "/api/me/sessions", None, _OWN_204),
]


@pytest.fixture
async def marks(site: Any) -> dict[str, str]:
    """Things that belong to nobody of the walking roles."""
    desk, people = site.desk, site.people
    key = await desk.api_keys.create(SYSTEM, people.other.id, name="theirs")
    await desk.notifications.notify(people.other.id, title="theirs")
    (notice,) = await desk.notifications.list(people.other.actor)
    return {
        "user": people.user.id,
        "other": people.other.id,
        "key": key.key.id,
        "notice": notice.id,
        "organization": (await desk.organizations.create(SYSTEM, name="Acme")).id,
        "group": (await desk.groups.create(SYSTEM, name="Team")).id,
        "category": (await desk.catalogue.add_category(SYSTEM, "Hardware")).id,
    }


def test_the_walk_leaves_no_route_of_its_blueprints_out(people_blueprints: frozenset[str]) -> None:
    app = Quart("routes", static_folder=None)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    known = dict.fromkeys(
        ("user", "other", "key", "notice", "organization", "group", "category"), "x"
    )
    walked = {("GET", path.format(**known)) for path in READS}
    walked |= {("POST", path.format(**known)) for path, *_ in FORMS}
    walked |= {(method, path.format(**known)) for method, path, *_ in CALLS}
    router = app.url_map.bind("localhost")
    reached = {
        (method, router.match(path.replace("%2F", "/"), method)[0]) for method, path in walked
    }
    routes = {
        (method, rule.endpoint)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint.partition(".")[0] in people_blueprints
    }
    assert reached == routes


@pytest.mark.parametrize("role", ROLES)
async def test_reading_obeys_the_role(site: Any, marks: dict[str, str], role: str) -> None:
    browser = await site.stranger() if role == "nobody" else await site.as_(role)
    found = {path: (await browser.get(path.format(**marks))).status for path in READS}
    assert found == {path: expected[role] for path, expected in READS.items()}


@pytest.mark.parametrize("role", ROLES)
async def test_changing_by_form_obeys_the_role(site: Any, marks: dict[str, str], role: str) -> None:
    browser = await site.stranger() if role == "nobody" else await site.as_(role)
    token = (await browser.get("/login" if role == "nobody" else "/profile")).csrf_token
    found, expected = [], []
    for path, fields, wanted in FORMS:
        data = {"csrf_token": token} | fields
        response = await browser.client.post(path.format(**marks), data=data)
        found.append((path, response.status_code))
        expected.append((path, wanted[role]))
    assert found == expected


@pytest.mark.parametrize("proof", ["cookie", "key"])
@pytest.mark.parametrize("role", ROLES)
async def test_changing_by_the_api_obeys_the_role(
    site: Any, marks: dict[str, str], role: str, proof: str
) -> None:
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


@pytest.mark.parametrize("role", ROLES[1:])
async def test_every_form_and_call_needs_its_token(
    site: Any, marks: dict[str, str], role: str
) -> None:
    browser = await site.as_(role)
    said = {"Origin": site.url}
    for path, fields, _ in FORMS:
        response = await browser.client.post(path.format(**marks), data=fields)
        assert response.status_code == 403, path
    for method, path, body, _ in CALLS:
        response = await browser.client.request(
            method, path.format(**marks), json=body, headers=said
        )
        assert response.status_code == 403, path
    assert (await browser.get("/api/me")).status == 200


@pytest.mark.parametrize("role", ROLES[1:])
async def test_search_shows_each_role_what_it_may_read(site: Any, role: str) -> None:
    own, foreign = await site.ticket(by="user"), await site.ticket(by="other")
    tickets, admin = site.desk.tickets, site.people.admin.actor
    for ticket in (own, foreign):
        await tickets.reply(admin, ticket.id, "publicword")
        await tickets.note(admin, ticket.id, "secretword")
    browser = await site.with_key(role)

    async def found(text: str) -> set[str]:
        rows = (await browser.client.get("/api/tickets", params={"q": text})).json()["data"]
        return {row["id"] for row in rows}

    everything = {own.id, foreign.id}
    assert await found("publicword") == ({own.id} if role == "user" else everything)
    assert await found("secretword") == (set() if role == "user" else everything)
    page = await (await site.as_(role)).get("/tickets?q=secretword")
    assert (own.id in page.text) == (role != "user")
    counts = await tickets.view_counts(
        site.people.by_role(role).actor, {"all": TicketFilter(text="secretword")}
    )
    assert counts == {"all": 0 if role == "user" else 2}


async def test_a_timeline_over_the_api_hides_notes_from_their_submitter(site: Any) -> None:
    ticket, tickets = await site.ticket(by="user"), site.desk.tickets
    await tickets.note(site.people.admin.actor, ticket.id, "secretword")
    at = f"/api/tickets/{ticket.id}/timeline"
    by_user = await (await site.with_key("user")).client.get(at)
    by_staff = await (await site.with_key("staff")).client.get(at)
    assert "secretword" not in by_user.text
    assert (by_user.json()["total"], by_staff.json()["total"]) == (1, 2)
    assert by_staff.json()["data"][1]["reply"]["body"] == "secretword"
    assert by_staff.json()["data"][0]["change"]["to_status"] == "New"
