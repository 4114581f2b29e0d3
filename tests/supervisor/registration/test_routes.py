"""Routes: the grammar of paths, what is reserved, who may call, what matches, who came first."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.registration import RouteTable, conflicts
from supervisor.registration.reserved import ADMIN, OWN


@pytest.fixture(scope="session")
def route(parse):
    """Return ``route(path, **keys)``: the one route, or None and the warning."""

    def run(path, **keys):
        found = parse(routes=[{"path": path, "handler": "h", **keys}])
        return (found.routes[0], "") if found.routes else (None, str(found.warnings[0]))

    return run


@pytest.mark.parametrize(
    "path",
    [
        "/kb",
        "/knowledge-base",
        "/admin/kb",
        "/customer/kb/:slug",
        "/api/plugins/example",
        "/api/plugins/example/:id/sub/:other",
        "/api/plugins/example.org/x",
        "/a.b/c_d~e",
        "/" + "a/" * 15 + "a",
    ],
)
def test_a_free_path_is_taken_as_declared(route, path) -> None:
    taken, _ = route(path)
    assert taken is not None
    assert taken.path == path


def test_a_slash_at_the_end_is_dropped(route) -> None:
    assert route("/kb/")[0].path == "/kb"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "kb",
        "//",
        "//kb",
        "/kb//x",
        "/kb//",
        "/.",
        "/..",
        "/...",
        "/kb/..",
        "/kb/../login",
        "/./kb",
        "/..%2f",
        "/%2e%2e/login",
        "/kb%2fx",
        "/kb/%00",
        "/l%6fgin",
        "\\kb",
        "/kb\\..\\login",
        "/kb?x=1",
        "/kb#x",
        "/kb;x",
        "/kb x",
        "/kb\0",
        "/kb\n",
        "/kb\u202e",
        "/ķb",
        "/kb/*path",
        "/kb/*",
        "/kb/{id}",
        "/kb/<id>",
        "/kb/:",
        "/kb/:1a",
        "/kb/:_user_id",
        "/kb/:a-b",
        "/kb/:a/:a",
        "/kb/a:b",
        "http://example.com/kb",
        "/" + "a" * 256,
        "/" + "a/" * 16 + "a",
    ],
)
def test_a_path_in_any_other_spelling_is_refused(route, path) -> None:
    taken, warning = route(path)
    assert taken is None
    assert warning.startswith("routes[0].path is ")
    assert warning.endswith("The route is ignored.")


@pytest.mark.parametrize(
    "path",
    [
        "/login",
        "/LOGIN",
        "/login/x",
        "/login/:x",
        "/logout",
        "/setup",
        "/static/app.js",
        "/static/:name",
        "/tickets",
        "/tickets/:id",
        "/dashboard",
        "/ui/x",
        "/events",
        "/metrics",
        "/healthz",
        "/.well-known/x",
        "/admin",
        "/admin/plugins",
        "/admin/Plugins/x",
        "/admin/:x",
        "/admin/settings/x/y",
        "/api",
        "/api/tickets",
        "/api/tickets/:id/replies",
        "/api/Tickets",
        "/api/admin/logs",
        "/api/auth/login",
        "/api/v1/plugins",
        "/api/:x",
        "/api/kb/search",
        "/api/plugins",
        "/api/plugins/:name",
        "/:x",
        "/:x/y",
    ],
)
def test_the_help_desks_own_paths_are_refused(route, path) -> None:
    taken, warning = route(path)
    assert taken is None
    assert warning.endswith("The route is ignored.")


def core_rules() -> list[str]:
    from quart_trio import QuartTrio

    from webapp.app import BLUEPRINTS

    app = QuartTrio(__name__, static_folder=None, template_folder=None)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return sorted({rule.rule for rule in app.url_map.iter_rules()})


def segments(rule: str) -> list[str]:
    import re

    return re.sub(r"<[^>]*>", "x", rule).strip("/").split("/")


@pytest.mark.parametrize("rule", core_rules())
def test_every_rule_of_the_web_app_is_reserved(route, rule) -> None:
    path = "/" + "/".join(segments(rule))
    for claimed in (path, f"{path}/further" if path != "/" else path):
        taken, _ = route(claimed)
        assert taken is None, f"{claimed} is the web app's: add its word to reserved.py"


def test_no_word_is_reserved_without_a_reason() -> None:
    rules = [segments(rule) for rule in core_rules()]
    later = {"favicon.ico", "robots.txt", "ui", ".well-known"}
    assert {rule[0] for rule in rules} - {"", "admin", "api"} == OWN - later
    assert {rule[1] for rule in rules if rule[0] == "admin"} == ADMIN


@pytest.mark.parametrize("method", ["GET", "get", "Post", "PUT", "PATCH", "delete"])
def test_methods_are_known_in_any_letter_case(route, method) -> None:
    assert route("/kb", method=method)[0].method == method.upper()


@pytest.mark.parametrize("method", ["", None])
def test_a_route_without_a_method_is_get(route, method) -> None:
    assert route("/kb", method=method)[0].method == "GET"


@pytest.mark.parametrize(
    "method", ["HEAD", "OPTIONS", "FETCH", "GET ", "*", 7, ["GET"], "po\u017ft"]
)
def test_other_methods_count_as_get_with_a_warning(parse, method) -> None:
    found = parse(routes=[{"path": "/kb", "handler": "h", "method": method}])
    assert [each.method for each in found.routes] == ["GET"]
    (warning,) = map(str, found.warnings)
    assert warning.startswith("routes[0].method is ")
    assert warning.endswith("GET is used.")


@pytest.mark.parametrize("handler", [None, "", 7, "a\nb", "x" * 201])
def test_a_route_needs_a_handler(route, handler) -> None:
    assert "routes[0].handler" in route("/kb", handler=handler)[1]


def test_without_middleware_a_route_asks_to_be_public(route) -> None:
    for middleware in (None, []):
        access = route("/kb", middleware=middleware)[0].access
        assert access.asks_to_be_public
        assert not access.webhook


@pytest.mark.parametrize(
    ("words", "admin", "groups", "webhook"),
    [
        (["auth"], False, (), False),
        (["admin"], True, (), False),
        (["auth", "admin"], True, (), False),
        (["group:kb-admin"], False, ("group:kb-admin",), False),
        (["plugin:kb:editor"], False, ("plugin:kb:editor",), False),
        (["group:Second level"], False, ("group:Second level",), False),
        (["auth", "webhook"], False, (), True),
    ],
)
def test_middleware_words_say_who_may_call(route, words, admin, groups, webhook) -> None:
    access = route("/kb", middleware=words)[0].access
    assert access.login
    assert not access.asks_to_be_public
    assert (access.admin, access.groups, access.webhook) == (admin, groups, webhook)


def test_a_webhook_carries_a_signature_in_place_of_a_login(route) -> None:
    access = route("/kb", method="POST", middleware=["webhook"])[0].access
    assert access.webhook
    assert access.asks_to_be_public


@pytest.mark.parametrize(
    "middleware",
    [
        ["public"],
        ["Auth"],
        ["auth", "ratelimit"],
        [""],
        [None],
        [7],
        ["group:"],
        ["group: a"],
        ["group:a,b"],
        ["plugin:kb"],
        ["plugin::x"],
        ["auth "],
        "auth",
        {"auth": True},
        ["auth"] * 21,
        ["group:" + "x" * 300],
    ],
)
def test_words_that_are_not_known_refuse_the_route(route, middleware) -> None:
    taken, warning = route("/kb", middleware=middleware)
    assert taken is None
    assert "middleware" in warning


def test_the_second_route_of_a_plugin_with_one_path_is_refused(parse) -> None:
    found = parse(
        routes=[
            {"path": "/kb/:id", "handler": "first"},
            {"path": "/kb/:slug", "handler": "second"},
            {"path": "/kb/:slug", "handler": "third", "method": "POST"},
            {"path": "/kb/new", "handler": "fourth"},
        ]
    )
    assert [route.handler for route in found.routes] == ["first", "third", "fourth"]
    assert 'claimed by "first" already' in str(found.warnings[0])


def test_more_routes_than_the_most_are_left_out(parse) -> None:
    found = parse(routes=[{"path": f"/kb/{n}", "handler": "h"} for n in range(201)])
    assert len(found.routes) == 200
    assert "at most 200 items" in str(found.warnings[0])


@pytest.fixture(scope="module")
def kb(parse):
    found = parse(
        name="kb",
        routes=[
            {"path": "/kb/:slug", "handler": "show"},
            {"path": "/kb/new", "handler": "new"},
            {"path": "/kb", "handler": "list"},
            {"path": "/kb/:slug", "handler": "save", "method": "PUT"},
            {"path": "/kb/:slug/files/:file", "handler": "file"},
        ],
    )
    other = parse(name="other", routes=[{"path": "/other", "handler": "h"}])
    return RouteTable([(found.id, found.routes), (other.id, other.routes)])


@pytest.mark.parametrize(
    ("path", "handler", "params"),
    [
        ("/kb", "list", {}),
        ("/kb/new", "new", {}),
        ("/kb/old", "show", {"slug": "old"}),
        ("/kb/caf%C3%A9", "show", {"slug": "café"}),
        ("/kb/a%20b", "show", {"slug": "a b"}),
        ("/kb/a+b", "show", {"slug": "a+b"}),
        ("/kb/%2525", "show", {"slug": "%25"}),
        ("/kb/a/files/b.txt", "file", {"slug": "a", "file": "b.txt"}),
    ],
)
def test_a_request_finds_its_route(kb, path, handler, params) -> None:
    match = kb.find("GET", path)
    assert (match.plugin_id, match.route.handler, match.params) == ("goatkit.kb", handler, params)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "kb",
        "/",
        "/KB",
        "/kb/",
        "/k%62",
        "/kb//",
        "/kb/..",
        "/kb/%2e%2e",
        "/kb/..%2f",
        "/kb/a%2fb",
        "/kb/a%5cb",
        "/kb/%00",
        "/kb/%0a",
        "/kb/%ff",
        "/kb/%E2%80%AE",
        "/kb/café",
        "/kb/a/b",
        "/kb/a/files/",
    ],
)
def test_a_path_that_two_readers_take_differently_finds_none(kb, path) -> None:
    assert kb.find("GET", path) is None


def test_the_methods_of_a_path_are_known(kb) -> None:
    assert kb.methods("/kb/x") == ("GET", "PUT")
    assert kb.methods("/kb") == ("GET",)
    assert kb.methods("/nowhere") == ()


def test_each_plugin_answers_at_its_own_paths(kb) -> None:
    assert kb.find("GET", "/other").plugin_id == "goatkit.other"
    assert kb.find("POST", "/other") is None


def test_a_request_is_found_quickly_among_many_routes(parse) -> None:
    claims = [
        (
            f"goatkit.p{n}",
            parse(routes=[{"path": f"/p{n}/{m}/:x", "handler": "h"} for m in range(200)]).routes,
        )
        for n in range(50)
    ]
    began = time.process_time()
    table = RouteTable(claims)
    for n in range(50):
        assert table.find("GET", f"/p{n}/7/a%20b").params == {"x": "a b"}
        assert len(table.conflicts(claims[n][1])) == 200
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    ("mine", "theirs", "clash"),
    [
        ("/kb", "/kb", True),
        ("/kb/:id", "/kb/:slug", True),
        ("/kb/new", "/kb/:slug", True),
        ("/kb/:slug", "/kb/new", True),
        ("/kb/a/:x", "/kb/:y/b", True),
        ("/kb/a", "/kb/b", False),
        ("/kb", "/kb/a", False),
        ("/kb/a/:x", "/kb/b/:x", False),
    ],
)
def test_two_plugins_with_one_route_conflict(parse, mine, theirs, clash) -> None:
    new = parse(name="new", routes=[{"path": mine, "handler": "h"}])
    old = parse(name="old", routes=[{"path": theirs, "handler": "h"}])
    found = conflicts(new, [old])
    assert bool(found) == clash
    if clash:
        assert found[0].other_id == "goatkit.old"
        assert str(found[0]) == (f"GET {mine} is claimed by goatkit.old already (GET {theirs})")


def test_other_methods_do_not_conflict(parse) -> None:
    new = parse(name="new", routes=[{"path": "/kb", "handler": "h", "method": "POST"}])
    old = parse(name="old", routes=[{"path": "/kb", "handler": "h"}])
    assert conflicts(new, [old]) == ()


def test_a_new_version_does_not_conflict_with_its_old_one(parse) -> None:
    plugin = parse(routes=[{"path": "/kb", "handler": "h"}])
    assert conflicts(plugin, [plugin]) == ()


@given(st.text(alphabet="/:.%2fFab\\*~ é\0", max_size=20))
def test_every_path_is_taken_as_it_is_or_refused(parse, path) -> None:
    found = parse(routes=[{"path": f"/kb{path}", "handler": "h"}])
    if found.routes:
        taken = found.routes[0].path
        assert taken in (f"/kb{path}", f"/kb{path}"[:-1])
        assert not set("%\\*é\0 ") & set(taken)
        assert "//" not in taken
        assert not {".", ".."} & set(taken.split("/"))
    else:
        assert len(found.warnings) == 1


@given(st.text(max_size=30))
def test_any_request_path_is_matched_or_not(kb, path) -> None:
    found = kb.find("GET", "/kb" + path)
    if found:
        assert all(v.isprintable() and "/" not in v and v for v in found.params.values())
