"""A real help desk on a real port: SQLite on disk, Hypercorn on loopback, httpx as the people."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from quart_trio import QuartTrio

from helpdesk.accounts import User
from helpdesk.actors import SYSTEM, Role
from helpdesk.service import HelpDesk
from helpdesk.tickets.model import Ticket, TicketDraft
from sandbox_child.wasm.errors import ModuleError
from sandbox_child.wasm.sections import manifest_section, replace_custom_section
from supervisor.errors import ModuleRefused, PluginNotFound
from supervisor.manifest import Manifest, check_config, parse_manifest
from supervisor.sandbox_check.report import CheckReport
from supervisor.views import (
    ConfigFieldView,
    ControlView,
    DeliveryView,
    EgressEntry,
    EgressFilter,
    LogLine,
    Outcome,
    PanelResult,
    PanelSlot,
    PluginState,
    PluginView,
    ProcessView,
    SandboxView,
    SupervisorFigures,
    Vital,
)
from webapp.app import create_app
from webapp.config import WebConfig
from webapp.server import serve

PASSWORD = "a long enough password"
EMPTY_MODULE = b"\0asm\1\0\0\0"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


class Shelf:
    """Plugins that are installed and configured for real, and never run.

    Manifests and configuration pass the supervisor's own checks. What only a process could know
    (deliveries, logs, a panel's address) is what a test puts here.
    """

    def __init__(self) -> None:
        self.views: dict[str, PluginView] = {}
        self.manifests: dict[str, Manifest] = {}
        self.saved: dict[str, dict[str, Any]] = {}
        self.told: list[DeliveryView] = []
        self.lines: list[LogLine] = []
        self.requests: list[EgressEntry] = []
        self.parts = [Vital("database", ok=True, detail="")]
        self.panel = PanelResult(None, "the plugin said nothing")
        self.lockdown = SandboxView((ControlView("seccomp", active=True, reason=""),), None)
        self.checked = CheckReport((), (), 1.0)

    async def plugins(self) -> Sequence[PluginView]:
        return [self._view(plugin_id) for plugin_id in sorted(self.views)]

    async def plugin(self, plugin_id: str) -> PluginView:
        if plugin_id not in self.views:
            raise PluginNotFound(plugin_id)
        return self._view(plugin_id)

    async def install(self, module: bytes, *, source: str, actor: str) -> PluginView:
        try:
            manifest = parse_manifest(manifest_section(module))
        except ModuleError as error:
            raise ModuleRefused(str(error)) from error
        self.manifests[manifest.id] = manifest
        self.saved.setdefault(manifest.id, {})
        self.views[manifest.id] = PluginView(
            id=manifest.id,
            name=manifest.name,
            version=manifest.version,
            description=manifest.description,
            author=manifest.author,
            license=manifest.license,
            homepage=manifest.homepage,
            sha256="0" * 64,
            size=len(module),
            installed_at="2026-04-05T14:00:00Z",
            enabled=False,
            state=PluginState.DISABLED,
            state_reason=None,
            events=manifest.events,
            allowed_hosts=manifest.allowed_hosts,
            panel_title=manifest.ui_panel and manifest.ui_panel.title,
            panel_height=manifest.ui_panel and manifest.ui_panel.height,
            config=(),
            manifest=dict(manifest.raw),
            warnings=(f"came from {source}",),
            pid=None,
            error_count=0,
            last_error=None,
        )
        return self._view(manifest.id)

    async def set_enabled(self, plugin_id: str, enabled: bool, *, actor: str) -> PluginView:
        await self.plugin(plugin_id)
        if enabled:
            check_config(self.manifests[plugin_id], {}, self.saved[plugin_id])
        state = PluginState.RUNNING if enabled else PluginState.DISABLED
        view = self.views[plugin_id]
        self.views[plugin_id] = replace(view, enabled=enabled, state=state)
        return self._view(plugin_id)

    async def set_config(
        self, plugin_id: str, values: Mapping[str, object], *, actor: str
    ) -> PluginView:
        await self.plugin(plugin_id)
        manifest, saved = self.manifests[plugin_id], self.saved[plugin_id]
        self.saved[plugin_id] = check_config(manifest, values, saved)
        return self._view(plugin_id)

    async def uninstall(self, plugin_id: str, *, actor: str) -> None:
        await self.plugin(plugin_id)
        del self.views[plugin_id]

    async def processes(self) -> Sequence[ProcessView]:
        return []

    async def deliveries(
        self, plugin_id: str, *, limit: int = 50, before: str | None = None
    ) -> Sequence[DeliveryView]:
        return [d for d in self.told if before is None or d.id < before][:limit]

    async def logs(self, plugin_id: str | None = None, *, limit: int = 200) -> Sequence[LogLine]:
        return self.lines[:limit]

    async def egress_entries(
        self, wanted: EgressFilter, *, limit: int = 50, offset: int = 0
    ) -> tuple[Sequence[EgressEntry], int]:
        found = self._requests(wanted)
        return found[offset : offset + limit], len(found)

    async def egress_before(
        self, wanted: EgressFilter, *, before: int | None = None, limit: int = 1_000
    ) -> Sequence[EgressEntry]:
        found = self._requests(wanted)
        return [entry for entry in found if before is None or entry.id < before][:limit]

    def _requests(self, wanted: EgressFilter) -> Sequence[EgressEntry]:
        return [
            entry
            for entry in self.requests
            if wanted.host in (None, entry.host) and wanted.outcome in (None, entry.outcome)
        ]

    async def vitals(self) -> Sequence[Vital]:
        return self.parts

    async def figures(self) -> SupervisorFigures:
        return SupervisorFigures((), (), (), (), 0, 0, 0.0, 1)

    def sandbox(self) -> SandboxView:
        return self.lockdown

    async def check_sandbox(self) -> CheckReport:
        return self.checked

    def panel_slots(self) -> Sequence[PanelSlot]:
        return [
            PanelSlot(view.id, view.name, view.panel_title, view.panel_height or 0)
            for view in self.views.values()
            if view.enabled and view.panel_title
        ]

    async def render_panel(self, plugin_id: str, ticket_id: str) -> PanelResult:
        return self.panel

    def _view(self, plugin_id: str) -> PluginView:
        saved = self.saved[plugin_id]
        fields = self.manifests[plugin_id].config_schema.values()
        config = tuple(
            ConfigFieldView(
                name=field.name,
                type=field.type,
                label=field.label,
                description=field.description,
                required=field.required,
                secret=field.secret,
                options=field.options,
                default=field.default,
                value=None if field.secret else saved.get(field.name),
                is_set=field.name in saved,
            )
            for field in fields
        )
        return replace(self.views[plugin_id], config=config)


def module_with(**manifest: Any) -> bytes:
    """Return the smallest module that carries a manifest with these keys."""
    whole = {
        "id": "org.example.probe",
        "name": "Probe",
        "version": "1.0.0",
        "description": "Tries things.",
        "events": ["ticket.created"],
    } | manifest
    text = json.dumps(whole).encode()
    return replace_custom_section(EMPTY_MODULE, "ohd_manifest", text)


def delivery(**facts: Any) -> DeliveryView:
    """Return a delivery of the probe plugin with these facts."""
    usual: dict[str, Any] = {
        "id": "01JZ0000000000000000000001",
        "plugin_id": "org.example.probe",
        "event_id": "01JZ0000000000000000000002",
        "event": "ticket.created",
        "ticket_id": "01JZ0000000000000000000003",
        "outcome": Outcome.TRAP,
        "error": "unreachable",
        "started_at": "2026-04-05T14:00:00Z",
        "duration_ms": 1.25,
        "memory_bytes": 65536,
        "host_calls": (),
        "redelivered": False,
    }
    return DeliveryView(**usual | facts)


@dataclass(frozen=True)
class People:
    """One person of each role, and a second user."""

    admin: User
    staff: User
    user: User
    other: User

    def by_role(self, role: str) -> User:
        return getattr(self, role)


@dataclass(frozen=True)
class Page:
    """A loaded page and what a person would read off it."""

    response: httpx.Response

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def text(self) -> str:
        return self.response.text

    @property
    def csrf_token(self) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.text)
        assert found is not None, "the page has no form"
        return found[1]

    def words(self) -> str:
        """The page's text without its markup, blanks folded."""
        bare = re.sub(r"<[^>]*>", " ", self.text)
        return re.sub(r"\s+", " ", unescape(bare))


class Browser:
    """Somebody's browser, as far as forms and cookies go."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def get(self, path: str, **options: Any) -> Page:
        return Page(await self.client.get(path, **options))

    async def submit(self, at: str, action: str, *, follow: bool = True, **fields: str) -> Page:
        """Load the page ``at``, then submit its form to ``action`` with these fields."""
        token = (await self.get(at)).csrf_token
        data = {"csrf_token": token, **{name.replace("__", "."): v for name, v in fields.items()}}
        return Page(await self.client.post(action, data=data, follow_redirects=follow))

    async def log_in(self, email: str, password: str = PASSWORD) -> Page:
        return await self.submit("/login", "/login", email=email, password=password)

    async def api_token(self) -> str:
        return str((await self.client.get("/api/me")).json()["csrf_token"])

    async def call(self, method: str, path: str, body: object = None) -> httpx.Response:
        """Call the API as a script of our own page would."""
        headers = {"X-CSRF-Token": await self.api_token()}
        return await self.client.request(method, path, json=body, headers=headers)


@dataclass
class Site:
    """The served app, its two halves, and doors into it."""

    url: str
    desk: HelpDesk
    shelf: Shelf
    people: People
    config: WebConfig
    app: QuartTrio
    _stack: AsyncExitStack

    async def stranger(self) -> Browser:
        client = httpx.AsyncClient(base_url=self.url, timeout=30)
        return Browser(await self._stack.enter_async_context(client))

    async def as_(self, role: str) -> Browser:
        """Return a browser in which the person of this role is logged in."""
        browser = await self.stranger()
        new = await self.desk.sessions.start(self.people.by_role(role).id)
        browser.client.cookies.set(self.config.session_cookie, new.token)
        return browser

    async def with_key(self, role: str) -> Browser:
        """Return a client that shows an API key of the person with this role."""
        person = self.people.by_role(role)
        made = await self.desk.api_keys.create(person.actor, person.id, name="a test")
        browser = await self.stranger()
        browser.client.headers["Authorization"] = f"Bearer {made.secret}"
        return browser

    async def ticket(self, *, by: str = "user", **fields: Any) -> Ticket:
        draft = TicketDraft(**{"subject": "A subject", "description": "What happened."} | fields)
        return await self.desk.tickets.create(self.people.by_role(by).actor, draft)

    async def install(self, *, enabled: bool = False, **manifest: Any) -> PluginView:
        plugin = await self.shelf.install(module_with(**manifest), source="a test", actor="test")
        return await self.shelf.set_enabled(plugin.id, enabled, actor="test")


async def _people(desk: HelpDesk) -> People:
    async def add(name: str, role: Role, password: str | None = None) -> User:
        return await desk.users.create(
            SYSTEM, email=f"{name}@example.com", name=name.title(), role=role, password=password
        )

    return People(
        admin=await add("admin", Role.ADMIN),
        staff=await add("staff", Role.STAFF),
        user=await add("user", Role.USER, PASSWORD),
        other=await add("other", Role.USER),
    )


@pytest.fixture
async def build_site(
    tmp_path: Path, nursery: trio.Nursery
) -> AsyncIterator[Callable[..., Awaitable[Site]]]:
    """Return a function that serves the app with any settings."""
    async with AsyncExitStack() as stack:

        async def build(**settings: Any) -> Site:
            desk = await stack.enter_async_context(HelpDesk.open(tmp_path / "desk.db"))
            shelf = Shelf()
            config = WebConfig(**{"port": 0} | settings)
            app = create_app(desk, shelf, config)
            bound = await nursery.start(lambda **k: serve(app, config, **k))
            return Site(bound[0], desk, shelf, await _people(desk), config, app, stack)

        yield build
        nursery.cancel_scope.cancel()


@pytest.fixture
async def site(build_site: Callable[..., Awaitable[Site]]) -> Site:
    """Return the app served with its defaults."""
    return await build_site()


@pytest.fixture
def hostile() -> str:
    """Return markup that would show itself wherever it is not escaped."""
    return HOSTILE


@pytest.fixture
def make_module() -> Callable[..., bytes]:
    return module_with


@pytest.fixture
def make_delivery() -> Callable[..., DeliveryView]:
    return delivery


@pytest.fixture
def password() -> str:
    return PASSWORD


PEOPLE_BLUEPRINTS = frozenset(
    {
        *("setup", "notifications", "profile", "people", "groups", "catalogue", "statuses"),
        *("settings", "api_docs", "api_me", "api_users", "api_groups", "api_catalogue"),
        *("api_statuses", "api_notifications", "api_settings"),
    }
)


@pytest.fixture
def people_blueprints() -> frozenset[str]:
    """Return the blueprints whose routes ``test_guard_people`` walks, and not ``test_guard``."""
    return PEOPLE_BLUEPRINTS
