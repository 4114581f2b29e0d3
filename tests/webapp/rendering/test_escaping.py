"""Markup in every field that anybody can fill comes out as text on every page that shows it."""

from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

from helpdesk.actors import SYSTEM, Actor, Role
from supervisor.views import LogLine


class Alive(HTMLParser):
    """Collects what a browser would run: script elements, handlers, foreign addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        source = attributes.get("src") or ""
        if tag in {"script", "img"} and not source.startswith("/static/"):
            self.found.append(self.get_starttag_text() or tag)
        self.found += [f"{tag} {name}" for name in attributes if name.startswith("on")]
        if (attributes.get("href") or "").lower().startswith(("javascript:", "data:")):
            self.found.append(f"{tag} {attributes['href']}")


def alive(html: str) -> list[str]:
    parser = Alive()
    parser.feed(html)
    return parser.found


async def test_markup_on_tickets_is_text(site: Any, hostile: str) -> None:
    admin = site.people.admin.actor
    desk = site.desk
    await desk.users.update(admin, site.people.user.id, name=hostile)
    await desk.groups.create(admin, name=hostile)
    await desk.statuses.add(admin, hostile)
    category = await desk.catalogue.add_category(admin, hostile)
    kind = await desk.catalogue.add_type(admin, category.id, hostile)
    await desk.catalogue.add_item(admin, kind.id, hostile)
    person = (await desk.users.get(admin, site.people.user.id)).actor
    plugin = Actor.plugin("org.example.probe", hostile, cause_depth=0)
    ticket = await site.ticket(subject=hostile, description=hostile, category=category.id)
    await desk.tickets.reply(person, ticket.id, hostile)
    await desk.tickets.reply(plugin, ticket.id, hostile)
    await desk.tickets.note(admin, ticket.id, hostile)
    await desk.tickets.set_custom_field(plugin, ticket.id, "key", hostile)
    await desk.tickets.set_status(admin, ticket.id, hostile)
    await desk.tickets.resolve(admin, ticket.id, hostile)
    await desk.tickets.reopen(admin, ticket.id, hostile)
    for role in ("user", "staff", "admin"):
        browser = await site.as_(role)
        for path in ("/tickets", "/tickets/new", f"/tickets/{ticket.id}"):
            page = await browser.get(path)
            assert page.status == 200
            assert alive(page.text) == [], path
        assert page.status == 404 or "alert(1)" in page.text


async def test_markup_in_addresses_and_forms_is_text(site: Any, hostile: str) -> None:
    browser, ticket = await site.as_("admin"), await site.ticket()
    at = f"/tickets/{ticket.id}"
    pages = [
        await browser.get("/tickets", params={"q": hostile}),
        await browser.get("/tickets", params={"q": "x", "extra": hostile, "page": "1"}),
        await browser.get("/tickets", params={"status": hostile}),
        await browser.get(at, params={"done": hostile}),
        await browser.get("/admin/plugins", params={"done": hostile}),
        await browser.get(f"/tickets/{hostile}"),
        await browser.get(f"/admin/plugins/{hostile}"),
        await browser.get(f"/{hostile}"),
        await browser.submit("/tickets/new", "/tickets/new", subject="", description=hostile),
        await browser.submit("/tickets/new", "/tickets/new", subject=hostile, category=hostile),
        await browser.submit("/tickets/new", "/tickets/new", subject=hostile, submitter=hostile),
        await browser.submit(at, f"{at}/update", status=hostile, assignee=hostile),
        await browser.submit(at, f"{at}/reopen", reason=hostile),
    ]
    stranger = await site.stranger()
    pages.append(await stranger.log_in(hostile))
    pages.append(await stranger.get("/login", params={"next": hostile}))
    assert [page.status for page in pages if page.status >= 500] == []
    assert [alive(page.text) for page in pages] == [[] for _ in pages]


async def test_markup_from_plugins_is_text(site: Any, hostile: str, make_delivery: Any) -> None:
    plugin = await site.install(
        enabled=True,
        name=hostile,
        description=hostile,
        author=hostile,
        license=hostile,
        homepage="https://example.org/",
        events=[],
        permissions={"http": {"allowed_hosts": ["panel.example"]}},
        ui_panel={"title": hostile, "height": 90},
        config_schema={
            "text": {"type": "string", "label": hostile, "description": hostile},
            "secret": {"type": "string", "secret": True, "label": hostile},
            "number": {"type": "integer", "label": hostile},
            "flag": {"type": "boolean", "label": hostile},
            "choice": {"type": "select", "options": [hostile, "b"], "label": hostile},
        },
        extra={hostile: [hostile]},
    )
    await site.shelf.controls.set_config(
        plugin.id, {"text": hostile, "choice": hostile, "secret": "s"}, actor="test"
    )
    site.shelf.views[plugin.id] = replace(
        site.shelf.views[plugin.id],
        homepage="javascript:alert(1)",
        last_error=hostile,
        state_reason=hostile,
        warnings=(hostile,),
    )
    calls = ({"name": hostile, "status": hostile, "request": {hostile: hostile}, hostile: 1},)
    site.shelf.told = [
        make_delivery(error=hostile, ticket_id=hostile, event=hostile, host_calls=calls)
    ]
    site.shelf.lines = [LogLine(1, "2026-04-05T14:00:00Z", plugin.id, hostile, hostile, None)]
    begun = await site.shelf.installs.start(url=hostile, source=hostile, actor="test")
    site.shelf.payload = hostile
    ticket, browser = await site.ticket(), await site.as_("admin")
    address = f"/admin/plugins/{plugin.id}"
    pages = [
        await browser.get("/admin/plugins"),
        await browser.get(address),
        await browser.get(f"{address}/review"),
        await browser.get(f"{address}/settings"),
        await browser.get(f"{address}/deliveries"),
        await browser.get(f"{address}/deliveries/{hostile}"),
        await browser.get(f"{address}/deliveries", params={"ticket": hostile, "event": hostile}),
        await browser.get(f"{address}/deliveries/{site.shelf.told[0].id}"),
        await browser.get(f"{address}/log"),
        await browser.get(f"{address}/log", params={"level": hostile}),
        await browser.get(f"{address}/versions"),
        await browser.get(f"{address}/versions/{hostile}"),
        await browser.get(f"{address}/uninstall"),
        await browser.get("/admin/plugins/log"),
        await browser.get("/admin/plugins", params={"sort": hostile}),
        await browser.get(f"/admin/plugins/installs/{begun.id}"),
        await browser.submit("/admin/plugins", "/admin/plugins", url=hostile),
        await browser.get(f"/tickets/{ticket.id}"),
        await browser.submit(address, f"{address}/config", config__number=hostile),
        await browser.submit(address, f"{address}/config", config__choice=hostile * 2),
    ]
    for page in pages:
        assert page.status in {200, 404, 422}
        assert alive(page.text) == []
        assert page.status == 404 or "alert(1)" in page.text


async def test_names_of_new_people_cannot_break_out_of_the_header(site: Any, hostile: str) -> None:
    user = await site.desk.users.create(
        SYSTEM, email="h@example.com", name=hostile, role=Role.ADMIN
    )
    browser = await site.stranger()
    new = await site.desk.sessions.start(user.id)
    browser.client.cookies.set(site.config.session_cookie, new.token)
    for path in ("/tickets", "/nothing", "/admin/plugins"):
        page = await browser.get(path)
        assert alive(page.text) == []
        assert "&lt;script&gt;" in page.text


def test_the_detector_finds_what_is_alive(hostile: str) -> None:
    assert len(alive(hostile)) == 3
    assert alive('<a href="javascript:x">y</a>') == ["a javascript:x"]
