"""The walk of ``test_guard`` over what staff make for their work: canned replies and the like."""

from typing import Any

import pytest
from quart import Quart

from helpdesk.actors import SYSTEM
from helpdesk.tickets.model import TicketFilter
from webapp.app import BLUEPRINTS

ROLES = ("nobody", "user", "staff", "admin")


def answers(nobody: int, user: int, staff: int, admin: int) -> dict[str, int]:
    return dict(zip(ROLES, (nobody, user, staff, admin), strict=True))


STAFF_PAGE = answers(303, 403, 200, 200)
STAFF_API = answers(401, 403, 200, 200)
READS: dict[str, dict[str, int]] = {
    "/canned-replies": STAFF_PAGE,
    "/canned-replies/{canned}": STAFF_PAGE,
    "/api/tickets/{ticket}/followers": answers(401, 200, 200, 200),
    "/api/tickets/{foreign}/followers": answers(401, 404, 200, 200),
    "/api/tickets/{ticket}/files": answers(401, 200, 200, 200),
    "/api/tickets/{foreign}/files": answers(401, 404, 200, 200),
    "/files/none/x": answers(303, 404, 404, 404),
    "/thumbnails/none": answers(303, 404, 404, 404),
    "/tickets/{ticket}/split": STAFF_PAGE,
    "/tickets/{foreign}/split": STAFF_PAGE | {"user": 404},
    "/views": STAFF_PAGE,
    "/api/views": answers(401, 200, 200, 200),
    "/api/views/{view}": STAFF_API,
    "/api/canned-replies": STAFF_API,
    "/api/canned-replies/{canned}": STAFF_API,
    "/api/tickets/{ticket}/canned-replies/{canned}": STAFF_API,
    "/api/tickets/{ticket}/links": answers(401, 200, 200, 200),
    "/api/tickets/{foreign}/links": answers(401, 404, 200, 200),
}
_STAFF = answers(401, 403, 303, 303)
_ADMIN = answers(401, 403, 403, 303)
_TEXT = {"name": "N", "body": "B"}
FORMS: list[tuple[str, dict[str, str], dict[str, int]]] = [
    ("/canned-replies", _TEXT | {"scope": "own"}, _STAFF),
    ("/canned-replies", _TEXT | {"scope": "everyone"}, _ADMIN),
    ("/canned-replies/{canned}", _TEXT | {"scope": "everyone"}, _ADMIN),
    ("/canned-replies/{canned}/delete", {}, _ADMIN),
    ("/views?priority=High", {"view_name": "N", "scope": "own"}, _STAFF),
    ("/views?priority=High", {"view_name": "N", "scope": "everyone"}, _ADMIN),
    ("/views/{view}", {"name": "N", "scope": "everyone"}, _ADMIN),
    ("/views/{view}/delete", {}, _ADMIN),
    ("/files?ticket={foreign}", {}, answers(401, 415, 415, 415)),
    ("/tickets/{ticket}/link", {"kind": "related", "other": "2"}, _STAFF),
    ("/tickets/{foreign}/link", {"kind": "related", "other": "1"}, _STAFF | {"user": 404}),
    ("/tickets/{ticket}/unlink", {"kind": "related", "other": "2"}, _STAFF),
    ("/tickets/{ticket}/split", {"subject": "s"}, answers(401, 403, 422, 422)),
    ("/tickets/{foreign}/split", {"subject": "s"}, answers(401, 404, 422, 422)),
    ("/tickets/{ticket}/merge", {"into": "3"}, _STAFF),
]
_MADE = answers(401, 403, 201, 201)
_SPLIT = {"subject": "s", "replies": ["none"]}
CALLS: list[tuple[str, str, object, dict[str, int]]] = [
    ("POST", "/api/canned-replies", _TEXT, _MADE),
    ("POST", "/api/canned-replies", _TEXT | {"scope": "everyone"}, _MADE | {"staff": 403}),
    ("PATCH", "/api/canned-replies/{canned}", {"name": "M"}, STAFF_API | {"staff": 403}),
    ("DELETE", "/api/canned-replies/{canned}", None, answers(401, 403, 403, 204)),
    ("PUT", "/api/tickets/{ticket}/follow", None, answers(401, 403, 204, 204)),
    ("DELETE", "/api/tickets/{ticket}/follow", None, answers(401, 403, 204, 204)),
    ("POST", "/api/files?ticket={ticket}", {}, answers(401, 415, 415, 415)),
    ("POST", "/api/views", {"name": "N", "filter": {}}, _MADE),
    ("PATCH", "/api/views/{view}", {"name": "M"}, STAFF_API | {"staff": 403}),
    ("DELETE", "/api/views/{view}", None, answers(401, 403, 403, 204)),
    ("POST", "/api/tickets/{ticket}/links", {"kind": "blocks", "ticket": "2"}, _MADE),
    ("DELETE", "/api/tickets/{ticket}/links/blocks/2", None, answers(401, 403, 204, 204)),
    ("POST", "/api/tickets/{ticket}/split", _SPLIT, answers(401, 403, 422, 422)),
    ("POST", "/api/tickets/{foreign}/split", _SPLIT, answers(401, 404, 422, 422)),
    ("POST", "/api/tickets/{ticket}/merge", {"into": "3"}, STAFF_API),
]


@pytest.fixture
async def marks(site: Any) -> dict[str, str]:
    """Things of everybody's."""
    desk = site.desk
    canned = await desk.canned.create(SYSTEM, name="Thanks", body="Thanks!", scope="everyone")
    tickets = [(await site.ticket(by=by)).id for by in ("user", "other", "user")]
    view = await desk.views.create(
        SYSTEM, name="V", scope="everyone", wanted=TicketFilter(), sort="-updated_at"
    )
    return {"view": view.id, "canned": canned.id, "ticket": tickets[0], "foreign": tickets[1]}


def test_the_walk_leaves_no_route_of_its_blueprints_out(work_blueprints: frozenset[str]) -> None:
    app = Quart("routes", static_folder=None)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    known = dict.fromkeys(("view", "canned", "ticket", "foreign"), "x")
    walked = {("GET", path.format(**known)) for path in READS}
    walked |= {("POST", path.format(**known)) for path, *_ in FORMS}
    walked |= {(method, path.format(**known)) for method, path, *_ in CALLS}
    router = app.url_map.bind("localhost")
    reached = {(method, router.match(path.partition("?")[0], method)[0]) for method, path in walked}
    routes = {
        (method, rule.endpoint)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint.partition(".")[0] in work_blueprints
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
    refused = [
        (await browser.client.post(path.format(**marks), data=fields)).status_code
        for path, fields, _ in FORMS
        if not path.startswith("/files")  # Its form has a file: ``test_ticket_files`` sends some.
    ]
    headers = {"X-CSRF-Token": "guessed"}
    for method, path, body, _ in CALLS:
        answer = await browser.client.request(
            method, path.format(**marks), json=body, headers=headers
        )
        refused.append(answer.status_code)
    assert set(refused) == {403}
