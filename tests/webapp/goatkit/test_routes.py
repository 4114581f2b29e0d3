"""Routes, pages and widgets of a GoatKit plugin, over a real supervisor."""

import json
from typing import Any

import pytest

from tests.goatkit_modules import goatkit_module

ID = "goatkit.pages"
REGISTRATION = {
    "name": "pages",
    "version": "1.0",
    "routes": [
        {"method": "GET", "path": "/kb", "handler": "html", "middleware": ["auth"]},
        {"method": "GET", "path": "/kb/raw", "handler": "raw", "middleware": ["auth"]},
        {"method": "GET", "path": "/kb/away", "handler": "away", "middleware": ["auth"]},
        {"method": "GET", "path": "/kb/stay", "handler": "stay", "middleware": ["auth"]},
        {"method": "GET", "path": "/kb/admin", "handler": "echo", "middleware": ["admin"]},
        {"method": "GET", "path": "/kb/wrong", "handler": "wrong", "middleware": ["auth"]},
        {"method": "GET", "path": "/kb/open", "handler": "echo"},
        {"method": "GET", "path": "/kb/loop", "handler": "loop", "middleware": ["auth"]},
        {"method": "POST", "path": "/kb/:id/edit", "handler": "echo", "middleware": ["auth"]},
        {
            "method": "GET",
            "path": "/api/plugins/pages/:id",
            "handler": "echo",
            "middleware": ["auth"],
        },
        {"method": "GET", "path": "/tickets", "handler": "echo"},
    ],
    "menu_items": [{"id": "kb", "label": "Knowledge", "path": "/kb", "location": "agent"}],
    "widgets": [
        {
            "id": "count",
            "title": "Count",
            "handler": "count",
            "location": "dashboard",
            "refreshable": True,
            "refresh_sec": 30,
        },
        {"id": "broken", "title": "Broken", "handler": "broken", "location": "dashboard"},
    ],
}
ANSWERS = {
    "html": {"html": "<p>An article</p><script>1</script>", "title": "Articles"},
    "raw": {"html": "<p>bare</p>", "raw": True},
    "away": {"redirect": "//evil.example/"},
    "stay": {"redirect": "/tickets"},
    "wrong": {"error": "no such article", "status": 404},
    "count": {"html": "<p class='gk-stat-value'>42</p>"},
    "broken": [1, 2],
}


@pytest.fixture
async def pages(real_site: Any) -> Any:
    """Return the site with the plugin enabled."""
    shelf = real_site.shelf
    module = goatkit_module(REGISTRATION, ANSWERS)
    await shelf.installs.install(module, source="a test", actor="test")
    await shelf.controls.set_enabled(ID, True, actor="test")
    return real_site


async def test_a_page_is_framed_without_an_origin(pages: Any) -> None:
    browser = await pages.as_("staff")
    page = await browser.get("/kb")
    assert page.status == 200
    assert "An article" not in page.text
    address = page.text.partition('src="/plugin-frames/')[2].partition('"')[0]
    assert 'sandbox="allow-scripts allow-forms"' in page.text
    frame = await browser.client.get(f"/plugin-frames/{address}")
    assert "<p>An article</p>" in frame.text
    policy = frame.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-scripts allow-forms;")
    assert "connect-src 'none'" in policy
    assert "same-origin" not in policy.partition(";")[0]
    assert "Set-Cookie" not in frame.headers
    other = await pages.as_("user")
    assert "An article" not in (await other.client.get(f"/plugin-frames/{address}")).text


async def test_bare_html_has_no_origin_either(pages: Any) -> None:
    answer = await (await pages.as_("staff")).client.get("/kb/raw")
    assert "bare" in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("sandbox ")


async def test_a_login_is_needed_until_a_route_is_granted_to_be_public(pages: Any) -> None:
    browser = await pages.stranger()
    assert (await browser.client.get("/kb/open")).status_code == 303
    view = await pages.shelf.overview.plugin(ID)
    asked = {permission.token for permission in view.permissions}
    assert "public_route:/kb/open" in asked
    left = asked - {"public_route:/kb/open"}
    await pages.shelf.controls.withhold(ID, withheld=left, actor="test")
    answer = await browser.client.get("/kb/open?a=1&_user_id=7&_is_admin=true")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "a": "1",
            "query": {"a": "1"},
            "_method": "GET",
            "_path": "/kb/open",
            "_org_id": 0,
            "org_id": 0,
            "_lang": "en",
        },
    )


async def test_the_envelope_is_the_servers_and_parameters_come_along(pages: Any) -> None:
    browser = await pages.as_("staff")
    answer = await browser.client.get(
        "/api/plugins/pages/7?range=30d&tag=a&tag=b&_user_role=Admin&org_id=9"
    )
    said = answer.json()
    assert (said["id"], said["range"], said["tag"]) == ("7", "30d", ["a", "b"])
    assert (said["_user_role"], said["_is_admin"], said["_user_email"]) == (
        *("Agent", False),
        "staff@example.com",
    )
    assert isinstance(said["_user_id"], int)
    assert (said["org_id"], said["_org_id"]) == (0, 0)


async def test_a_frame_s_request_is_for_its_own_plugin_and_nothing_else(pages: Any) -> None:
    client = (await pages.as_("staff")).client
    mine = await client.get("/kb/stay", headers={"X-Plugin": ID})
    assert (mine.status_code, mine.headers["X-Plugin"]) == (303, ID)
    html = await client.get("/kb", headers={"X-Plugin": ID})
    assert "An article" in html.text
    assert "csrf" not in html.text
    for path in ("/api/me", "/tickets", "/admin/people", "/login", "/static/app.css", "/kb"):
        refused = await client.get(path, headers={"X-Plugin": "goatkit.other"})
        assert refused.status_code == 421, path
        assert "X-Plugin" not in refused.headers
    wrong = await client.get("/kb/none", headers={"X-Plugin": ID})
    assert (wrong.status_code, "X-Plugin" in wrong.headers) == (404, False)


async def test_a_plugin_s_token_is_good_for_its_own_routes(pages: Any) -> None:
    browser = await pages.as_("staff")
    page = await browser.get("/kb")
    token = page.text.partition('data-token="')[2].partition('"')[0]
    assert token not in {"", page.csrf_token}
    headers = {"X-CSRF-Token": token, "Sec-Fetch-Site": "same-origin"}
    mine = await browser.client.post("/kb/5/edit", json={"a": 1}, headers=headers)
    assert mine.json()["a"] == 1
    for path in ("/tickets/new", "/logout", "/profile"):
        data = {"csrf_token": token, "subject": "s", "description": "d"}
        assert (await browser.client.post(path, data=data)).status_code == 403
    other = await pages.as_("admin")
    stolen = await other.client.post("/kb/5/edit", json={}, headers=headers)
    assert stolen.status_code == 403


async def test_every_method_and_kind_of_body_comes_in_as_the_contract_says(
    real_site: Any,
) -> None:
    methods = ("GET", "POST", "PUT", "PATCH", "DELETE")
    registration = {
        "name": "echo",
        "routes": [
            {"method": method, "path": "/echo/:id", "handler": "show", "middleware": ["auth"]}
            for method in methods
        ],
    }
    module = goatkit_module(registration, {})
    await real_site.shelf.installs.install(module, source="a test", actor="test")
    await real_site.shelf.controls.set_enabled("goatkit.echo", True, actor="test")
    browser = await real_site.as_("staff")
    client = browser.client
    client.headers["X-CSRF-Token"] = await browser.api_token()
    for method in methods:
        said = (await client.request(method, "/echo/a%20b?q=1&q=2&_is_admin=1")).json()
        assert (said["_method"], said["id"], said["q"]) == (method, "a b", ["1", "2"])
        assert (said["_is_admin"], said["query"]) == (False, {"q": "1"})
    head = await client.head("/echo/1")
    assert (head.status_code, head.content) == (200, b"")
    options = await client.options("/echo/1")
    assert options.status_code == 204
    assert options.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
    assert (await client.get("/echo/1/")).json()["id"] == "1"
    form = (await client.post("/echo/1", data={"a": ["x", "y"], "id": "2", "_lang": "xx"})).json()
    assert (form["a"], form["id"], form["_lang"]) == (["x", "y"], "2", "en")
    files = {"f": ("../../a.txt", b"hi", "text/plain")}
    multipart = (await client.post("/echo/1", data={"t": "x"}, files=files)).json()
    assert multipart["t"] == "x"
    assert multipart["f"] == {
        "filename": "a.txt",
        "content_type": "text/plain",
        "size": 2,
        "data": "aGk=",
    }
    text = {"Content-Type": "text/csv"}
    raw = (await client.post("/echo/1", content="a,b", headers=text)).json()
    assert (raw["_body"], raw["_content_type"]) == ("a,b", "text/csv")
    listed = (await client.post("/echo/1", json=[1, 2])).json()
    assert (listed["_body"], listed["_content_type"]) == ("[1,2]", "application/json")
    forged = (await client.post("/echo/1", json={"_body": "x", "_path": "y", "n": None})).json()
    assert ("_body" in forged, forged["_path"], forged["n"]) == (False, "/echo/1", None)
    broken = await client.post("/echo/1", content="{", headers={"Content-Type": "application/json"})
    assert broken.status_code == 400
    large = await client.post("/echo/1", content=b"x" * (4 * 1024 * 1024 + 1), headers=text)
    assert large.status_code == 413
    many = await client.get("/echo/1?" + "&".join(f"a{n}=1" for n in range(300)))
    assert many.status_code == 422


async def test_files_are_sent_as_what_they_are_and_never_as_pages(real_site: Any) -> None:
    def file(kind: str, name: str = "") -> dict[str, object]:
        more = {"filename": name} if name else {}
        return {"_binary": True, "content_type": kind, "data": "PGI+aGk8L2I+", **more}

    answers = {
        "csv": file("text/csv", 'a"b.csv'),
        "html": file("text/html"),
        "svg": {**file("image/svg+xml"), "n": 1},
        "png": file("image/png", "/etc/x.png"),
        "wrong": {"_binary": True, "content_type": "text/csv", "data": "%%%"},
    }
    registration = {
        "name": "files",
        "routes": [
            {"path": f"/sent/{name}", "handler": name, "middleware": ["auth"]} for name in answers
        ],
    }
    module = goatkit_module(registration, answers)
    await real_site.shelf.installs.install(module, source="a test", actor="test")
    await real_site.shelf.controls.set_enabled("goatkit.files", True, actor="test")
    client = (await real_site.as_("staff")).client
    csv = await client.get("/sent/csv")
    assert (csv.content, csv.headers["Content-Type"]) == (b"<b>hi</b>", "text/csv")
    assert csv.headers["Content-Disposition"].startswith('attachment; filename="a_b.csv"')
    assert csv.headers["Content-Security-Policy"].startswith("sandbox;")
    assert csv.headers["Cache-Control"] == "no-store"
    same = await client.get("/sent/csv", headers={"If-None-Match": csv.headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["Content-Security-Policy"].startswith("sandbox;")
    other = await client.get("/sent/csv", headers={"If-None-Match": '"0"'})
    assert (other.status_code, other.content) == (200, b"<b>hi</b>")
    for name in ("html", "svg"):
        sent = await client.get(f"/sent/{name}")
        assert sent.headers["Content-Type"] == "application/octet-stream"
        assert sent.headers["Content-Disposition"] == "attachment"
    png = await client.get("/sent/png")
    assert png.headers["Content-Disposition"].startswith('inline; filename="x.png"')
    assert (await client.get("/sent/wrong")).status_code == 502


async def test_a_change_needs_a_token_and_json_goes_in_flat(pages: Any) -> None:
    browser = await pages.as_("staff")
    refused = await browser.client.post(
        "/kb/5/edit", data={"title": "x"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert refused.status_code == 403
    refused = await browser.client.post("/kb/5/edit", data={"title": "x"})
    assert refused.status_code == 403
    answer = await browser.call("POST", "/kb/5/edit", {"title": "x", "_is_admin": True})
    assert (answer.json()["title"], answer.json()["id"], answer.json()["_is_admin"]) == (
        *("x", "5"),
        False,
    )


async def test_answers_become_redirects_errors_and_refusals(pages: Any) -> None:
    browser = await pages.as_("staff")
    stay = await browser.client.get("/kb/stay")
    assert (stay.status_code, stay.headers["Location"]) == (303, "/tickets")
    assert (await browser.client.get("/kb/away")).status_code == 502
    wrong = await browser.client.get("/kb/wrong")
    assert (wrong.status_code, wrong.json()["error"]) == (404, "no such article")
    assert (await browser.client.get("/kb/admin")).status_code == 403
    assert (await browser.client.put("/kb")).status_code == 405
    assert (await browser.client.get("/kb/%2e%2e/login")).status_code == 404


async def test_a_core_path_stays_the_help_desks(pages: Any) -> None:
    page = await (await pages.as_("staff")).get("/tickets")
    assert "All tickets" in page.words()
    view = await pages.shelf.overview.plugin(ID)
    assert any("/tickets" in warning for warning in view.warnings)


async def test_the_dashboard_frames_each_widget_and_a_failed_one_says_so(pages: Any) -> None:
    browser = await pages.as_("staff")
    page = await browser.get("/dashboard")
    assert page.text.count("<iframe") == 2
    assert 'data-refresh="30"' in page.text
    assert "Dashboard" in page.words()
    good = await browser.client.get(f"/plugin-widgets/{ID}/count")
    assert "42" in good.text
    assert good.headers["Content-Security-Policy"].startswith("sandbox ")
    bad = await browser.client.get(f"/plugin-widgets/{ID}/broken")
    assert "Unavailable" in bad.text


async def test_the_menu_shows_entries_to_the_roles_that_they_name(pages: Any) -> None:
    assert 'href="/kb">' in (await (await pages.as_("staff")).get("/tickets")).text
    assert 'href="/kb">' not in (await (await pages.as_("user")).get("/tickets")).text


async def test_a_plugin_that_is_disabled_leaves_nothing(pages: Any) -> None:
    await pages.shelf.controls.set_enabled(ID, False, actor="test")
    browser = await pages.as_("staff")
    assert (await browser.client.get("/kb")).status_code == 404
    assert 'href="/kb">' not in (await browser.get("/tickets")).text


async def test_a_route_that_loops_is_ended_and_the_others_go_on(pages: Any) -> None:
    await pages.shelf.controls.set_limits(ID, {"deadline_s": 1.0}, actor="test")
    browser = await pages.as_("staff")
    assert (await browser.client.get("/kb/loop")).status_code == 504
    assert (await browser.client.get("/kb/stay")).status_code == 303
    assert json.loads((await browser.client.get("/api/plugins/pages/1")).text)["id"] == "1"


async def test_the_review_lists_what_is_requested_and_grants_what_is_selected(pages: Any) -> None:
    browser, at = await pages.as_("admin"), f"/admin/plugins/{ID}"
    page = await browser.get(f"{at}/review")
    assert "Nothing is granted by itself" in page.words()
    assert 'value="public_route:/kb/open"' in page.text
    assert "Grant all" not in page.words()
    token = "public_route:/kb/open"
    await browser.submit(f"{at}/review", f"{at}/permissions", shown=token, allowed=token)
    view = await pages.shelf.overview.plugin(ID)
    assert [one.token for one in view.permissions if one.granted] == [token]


async def test_a_key_that_may_only_read_changes_nothing_through_a_plugin(pages: Any) -> None:
    staff, browser = pages.people.staff, await pages.stranger()
    made = await pages.desk.api_keys.create(staff.actor, staff.id, name="reader", scope="read")
    browser.client.headers["Authorization"] = f"Bearer {made.secret}"
    assert (await browser.client.post("/kb/5/edit", json={})).status_code == 403
    assert (await browser.client.get("/kb/stay")).status_code == 303
    everything = await pages.with_key("staff")
    assert (await everything.client.post("/kb/5/edit", json={})).status_code == 200


async def test_links_of_plugins_to_lists_mean_numbers_that_they_have_read(pages: Any) -> None:
    browser, staff = await pages.as_("staff"), pages.people.staff
    number = (await browser.client.get("/api/plugins/pages/1")).json()["_user_id"]
    mine = await browser.client.get(f"/tickets?owner={number}")
    assert mine.headers["Location"] == f"/tickets?assignee={staff.id}"
    nothing = await browser.client.get("/tickets?queue=99999999", follow_redirects=True)
    assert nothing.status_code == 422
    nobody = await browser.client.get("/tickets?owner=1&sort=subject")
    assert nobody.headers["Location"] == "/tickets?sort=subject&unassigned=1"
    for address in ("owner=1", "status=open&queue=&owner=x", "status=new"):
        page = await browser.client.get(f"/tickets?{address}", follow_redirects=True)
        assert page.status_code == 200, address
    stranger = await (await pages.as_("user")).client.get(f"/tickets?owner={number}")
    assert staff.id not in stranger.headers["Location"]
    status = await pages.desk.database.read(
        lambda db: db.execute("SELECT number FROM numbers WHERE id = 'Resolved'").fetchone()[0]
    )
    settled = await browser.client.get(f"/tickets?status={status}")
    assert settled.headers["Location"] == "/tickets?status=Resolved"
