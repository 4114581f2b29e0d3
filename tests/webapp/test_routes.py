"""What routes say of themselves, and that it is what a request meets."""

from typing import Any

import pytest
from quart import Quart

from webapp.app import BLUEPRINTS
from webapp.routes import Access, Body, Section, body_limits, facts, facts_of


@pytest.fixture
def app() -> Quart:
    made = Quart("routes", static_folder=None)
    for section in BLUEPRINTS:
        made.register_blueprint(section)
    return made


def test_these_routes_take_another_body_than_the_rest(app: Quart) -> None:
    assert dict(body_limits(app)) == {
        "/login": Body.LOGIN,
        "/login/second": Body.LOGIN,
        "/login/second/options": Body.LOGIN,
        "/login/second/passkey": Body.LOGIN,
        "/setup": Body.LOGIN,
        "/api/auth/login": Body.LOGIN,
        "/admin/plugins": Body.UPLOAD,
        "/api/admin/plugins": Body.UPLOAD,
        "/invitation": Body.LOGIN,
        "/password": Body.LOGIN,
        "/signup": Body.LOGIN,
        "/signup/confirm": Body.LOGIN,
        "/files": Body.FILE,
        "/api/files": Body.FILE,
    }


def test_all_of_the_api_and_these_answer_programs(app: Quart) -> None:
    by_program = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if facts_of(app.view_functions[rule.endpoint]).json
    }
    api = {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")}
    assert by_program - api == {
        "/events",
        "/metrics",
        "/admin/plugins/live",
        "/admin/plugins/log/live",
        "/admin/plugins/installs/<install_id>/live",
        "/tickets/<ticket_id>/panels/<plugin_id>",
        "/dashboard/widgets",
        "/login/second/options",
        "/profile/second-factor/passkeys/options",
        "/drafts",
        "/tickets/<ticket_id>/presence",
    }
    assert api <= by_program


def test_the_guard_leaves_the_token_to_three_routes_alone(app: Quart) -> None:
    without = {name for name, view in app.view_functions.items() if not facts_of(view).token}
    # The second checks it itself, before it reads the file: a guard would read all of the body.
    # The third does too, and says to a page whose person has gone that nothing is kept.
    assert without == {"api_login.log_in", "ticket_files.add", "drafts.keep"}


def test_a_body_limit_needs_a_fixed_address() -> None:
    section = Section("s", __name__, Access.PUBLIC)

    @section.post("/things/<thing>")
    @facts(body=Body.UPLOAD)
    async def thing(thing: str) -> str:
        return thing

    app = Quart("one", static_folder=None)
    app.register_blueprint(section)
    with pytest.raises(ValueError, match="/things/<thing>: a route with another body limit"):
        list(body_limits(app))


@pytest.mark.parametrize(
    ("method", "path", "json"),
    [
        ("POST", "/events", True),
        ("DELETE", "/tickets/1/panels/2", True),
        ("GET", "/api/nothing/here", True),
        ("DELETE", "/api/tickets", True),
        ("GET", "/nothing/here", False),
        ("DELETE", "/tickets", False),
    ],
)
async def test_an_error_has_the_form_that_the_address_has(
    site: Any, method: str, path: str, json: bool
) -> None:
    client = (await site.as_("admin")).client
    response = await client.request(method, path)
    assert response.status_code >= 400
    kind = "application/json" if json else "text/html"
    assert response.headers["Content-Type"].startswith(kind)
