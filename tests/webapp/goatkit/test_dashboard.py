"""The dashboard of widgets: streamed, arranged by each person, and only what a role sees."""

import json
from typing import Any

import pytest
import trio

from tests.goatkit_modules import goatkit_module

ID = "goatkit.board"
WIDGETS = {
    "quick": ("dashboard", "Quick"),
    "broken": ("dashboard", "Broken"),
    "admins": ("admin_home", "For admins"),
    "customers": ("customer_home", "For customers"),
}
REGISTRATION = {
    "name": "board",
    "widgets": [
        {"id": handler, "title": title, "handler": handler, "location": place}
        for handler, (place, title) in WIDGETS.items()
    ],
    "i18n": {"translations": {"de": {"Quick": "Schnell"}, "en": {"Quick": "Quick"}}},
}
ANSWERS = {
    "quick": {"html": "<p>42</p>"},
    "broken": {"no": "html"},
    "admins": {"html": "<p>admins</p>"},
    "customers": {"html": "<p>customers</p>"},
}


async def install(site: Any, registration: Any = REGISTRATION, answers: Any = ANSWERS) -> str:
    view = await site.shelf.installs.install(
        goatkit_module(registration, answers), source="a test", actor="test"
    )
    await site.shelf.controls.set_enabled(view.id, True, actor="test")
    return str(view.id)


@pytest.fixture
async def board(real_site: Any) -> Any:
    """Return the site with the plugin enabled."""
    await install(real_site)
    return real_site


async def lines(browser: Any, query: str = "") -> dict[str, Any]:
    answer = await browser.client.get(f"/dashboard/widgets{query}")
    assert answer.status_code == 200
    return {line["key"]: line for line in map(json.loads, answer.text.splitlines())}


async def arrange(browser: Any, widget: str, act: str, **more: str) -> Any:
    page = "/dashboard?arrange=1"
    return await browser.submit(page, "/dashboard/arrange", key=f"{ID}/{widget}", act=act, **more)


async def test_one_request_brings_each_widget_as_a_frame_or_as_a_reason(board: Any) -> None:
    browser = await board.as_("staff")
    found = await lines(browser)
    assert found.keys() == {f"{ID}/quick", f"{ID}/broken"}
    assert found[f"{ID}/broken"]["problem"] == "The plugin returned no HTML."
    frame = await browser.client.get(found[f"{ID}/quick"]["frame"])
    assert "<p>42</p>" in frame.text
    assert frame.headers["Content-Security-Policy"].startswith("sandbox ")
    assert (await lines(browser, f"?only={ID}/quick")).keys() == {f"{ID}/quick"}
    other = await board.as_("admin")
    assert "42" not in (await other.client.get(found[f"{ID}/quick"]["frame"])).text


async def test_each_role_sees_the_widgets_of_its_places(board: Any) -> None:
    seen = {
        role: sorted(key.rpartition("/")[2] for key in await lines(await board.as_(role)))
        for role in ("admin", "staff", "user")
    }
    assert seen == {
        "admin": ["admins", "broken", "quick"],
        "staff": ["broken", "quick"],
        "user": ["customers"],
    }
    user = await board.as_("user")
    assert (await user.client.get(f"/plugin-widgets/{ID}/quick")).status_code == 404


async def test_the_page_is_readable_before_any_widget_has_answered(board: Any) -> None:
    page = await (await board.as_("staff")).get("/dashboard")
    assert "Quick" in page.words()
    assert "Loading" in page.words()
    assert f'<iframe title="Quick" src="/plugin-widgets/{ID}/quick" sandbox=' in page.text


async def test_a_person_arranges_their_own_and_nobody_else_s(board: Any) -> None:
    browser = await board.as_("staff")
    titles = ["Quick", "Broken"]

    async def order(visitor: Any) -> list[str]:
        text = (await visitor.get("/dashboard")).text
        return sorted((title for title in titles if f">{title}</h2>" in text), key=text.index)

    before = await order(browser)
    moved = await arrange(browser, "quick" if before[0] == "Quick" else "broken", "later")
    assert moved.status == 200
    assert await order(browser) == before[::-1]
    assert await order(await board.as_("admin")) == before
    await arrange(browser, "quick", "to", place="0")
    assert await order(browser) == ["Quick", "Broken"]
    await arrange(browser, "quick", "full")
    assert 'class="card widget full"' in (await browser.get("/dashboard")).text
    await arrange(browser, "broken", "hide")
    assert await order(browser) == ["Quick"]
    assert (await lines(browser)).keys() == {f"{ID}/quick"}
    await arrange(browser, "broken", "show")
    assert len(await order(browser)) == 2
    await browser.submit("/dashboard?arrange=1", "/dashboard/reset")
    assert await order(browser) == before


@pytest.mark.parametrize(
    "fields",
    [
        {"key": "goatkit.board/none", "act": "hide"},
        {"key": "goatkit.board/quick", "act": "explode"},
        {"key": "goatkit.board/admins", "act": "hide"},
        {"key": "", "act": ""},
    ],
)
async def test_an_act_that_is_none_changes_nothing(board: Any, fields: dict[str, str]) -> None:
    browser = await board.as_("staff")
    answer = await browser.submit("/dashboard?arrange=1", "/dashboard/arrange", **fields)
    assert answer.status == 400
    placed = await board.desk.dashboards.get(board.people.staff.actor)
    assert placed == ()


async def test_a_disabled_plugin_says_so_where_it_would_be_missed(board: Any) -> None:
    browser = await board.as_("staff")
    await arrange(browser, "quick", "large")
    await board.shelf.controls.set_enabled(ID, False, actor="test")
    assert await lines(browser) == {
        f"{ID}/{widget}": {"key": f"{ID}/{widget}", "problem": "The plugin is disabled."}
        for widget in ("quick", "broken")
    }
    assert await lines(await board.as_("admin")) == {}


async def test_a_slow_widget_keeps_nobody_waiting(real_site: Any) -> None:
    slow = {"name": "slow", "widgets": [{"id": "l", "title": "L", "handler": "loop"}]}
    await install(real_site)
    await install(real_site, slow, {})
    await real_site.shelf.controls.set_limits("goatkit.slow", {"deadline_s": 5.0}, actor="test")
    browser = await real_site.as_("staff")
    quick_after = slow_after = 0.0
    started = trio.current_time()
    async with browser.client.stream("GET", "/dashboard/widgets") as answer:
        async for line in answer.aiter_lines():
            said = json.loads(line)
            if said["key"] == f"{ID}/quick":
                quick_after = trio.current_time() - started
            if said["key"] == "goatkit.slow/l":
                slow_after = trio.current_time() - started
                assert said["problem"] == "The plugin took too long."
    assert quick_after < slow_after
    assert slow_after >= 5.0


async def test_titles_are_in_the_viewer_s_language(board: Any) -> None:
    browser = await board.as_("staff")
    german = await browser.client.get("/dashboard", headers={"Accept-Language": "de-AT,en;q=0.5"})
    assert "Schnell" in german.text
    await browser.submit("/profile", "/profile/language", language="en")
    chosen = await browser.client.get("/dashboard", headers={"Accept-Language": "de"})
    assert "Schnell" not in chosen.text
    refused = await browser.submit("/profile", "/profile/language", language="<script>")
    assert refused.status == 422


async def test_the_navigation_hides_what_was_granted_and_speaks_the_viewer_s_language(
    real_site: Any,
) -> None:
    registration = {
        "name": "nav",
        "menu_items": [{"id": "m", "label": "menu.kb", "path": "/kb", "location": "agent"}],
        "hide_menu_items": ["tickets"],
        "i18n": {"translations": {"de": {"menu.kb": "Wissen"}, "en": {"menu.kb": "Knowledge"}}},
    }
    plugin_id = await install(real_site, registration, {})
    browser = await real_site.as_("staff")
    before = await browser.client.get("/profile", headers={"Accept-Language": "de"})
    assert '<a href="/kb">Wissen</a>' in before.text
    assert '<a href="/tickets"' in before.text
    await real_site.shelf.controls.grant(plugin_id, "navigation:hide.tickets", actor="test")
    after = await browser.client.get("/profile", headers={"Accept-Language": "fr"})
    assert '<a href="/kb">Knowledge</a>' in after.text
    assert '<a href="/tickets"' not in after.text
