"""A real help desk on a real port: SQLite on disk, Hypercorn on loopback, httpx as the people."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from html import unescape
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import trio
from quart_trio import QuartTrio

from cli.compose import open_application
from cli.config import Config
from cli.serving import page_process
from helpdesk.accounts import User
from helpdesk.actors import SYSTEM, Role
from helpdesk.service import HelpDesk
from helpdesk.settings import SettingValues
from helpdesk.tickets.model import Ticket, TicketDraft
from sandbox_child.wasm.errors import ModuleError
from sandbox_child.wasm.sections import manifest_section, replace_custom_section
from supervisor.administration.fetch import FetchRules
from supervisor.calls.published import PublishedEvents
from supervisor.config import SupervisorConfig
from supervisor.delivery.offers import Navigation
from supervisor.egress import EgressPolicy
from supervisor.errors import (
    CannotRedeliver,
    DeliveryNotFound,
    InstallNotFound,
    ModuleRefused,
    NotInTheBox,
    NotRunning,
    PermissionUnknown,
    PluginNotFound,
    SupervisorError,
    VersionNotFound,
)
from supervisor.limits import Limits
from supervisor.manifest import Manifest, check_config, parse_manifest
from supervisor.manifest.permissions import asked_for, permission_views
from supervisor.plugins.limits import LimitsInForce, check_overrides, limit_views
from supervisor.sandbox_check.report import CheckReport
from supervisor.states import InstallStep, Outcome, PluginState, VersionStatus
from supervisor.store.migrations import migrations as supervisor_migrations
from supervisor.views import (
    ANY_DELIVERY,
    BoxedPlugin,
    ConfigFieldView,
    ControlView,
    DeliveryDetail,
    DeliveryFilter,
    DeliveryView,
    EgressEntry,
    EgressFilter,
    HealthCheck,
    HistoryPoint,
    InstallView,
    LogLine,
    PanelResult,
    PanelSlot,
    PluginHistory,
    PluginView,
    ProcessView,
    SandboxView,
    SignatureView,
    SupervisorFigures,
    VersionComparison,
    VersionView,
)
from supervisor.watching.delivery_document import DeliveryDocument, make_document
from tests.stand_in import StandIn
from webapp.app import create_app
from webapp.config import WebConfig
from webapp.processes.crew import Plan
from webapp.processes.wire import Begin
from webapp.rendering import formatting_pool
from webapp.server import serve

PASSWORD = "a long enough password"
EMPTY_MODULE = b"\0asm\1\0\0\0"
UNSIGNED = SignatureView("unsigned", "", "The module is not signed.")
LIMITS = LimitsInForce(Limits())
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


class Room(SimpleNamespace):
    """The methods of one room."""


class NoFunctions:
    """The functions of a supervisor without GoatKit plugins."""

    def find_route(self, _method: str, _path: str) -> None:
        return None

    def methods(self, _path: str) -> tuple[str, ...]:
        return ()


class NoOffers:
    """What a supervisor without GoatKit plugins puts into pages."""

    def has_widgets(self, _locations: object) -> bool:
        return False

    def widgets(self, _locations: object, _languages: object = ()) -> tuple[()]:
        return ()

    def while_writing(self, _languages: object = ()) -> tuple[()]:
        return ()

    def menu(self, _locations: object, _languages: object = ()) -> tuple[()]:
        return ()

    def navigation(self) -> Navigation:
        return Navigation()

    def languages(self) -> frozenset[str]:
        return frozenset()


class FakeSupervisor:
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
        self.begun: dict[str, InstallView] = {}
        self.payload: str | None = None
        self.logged = trio.Event()
        self.parts = [HealthCheck("database", ok=True, detail="")]
        self.panel = PanelResult(None, "the plugin said nothing")
        self.checked = CheckReport((), (), 1.0)
        self.functions = NoFunctions()
        self.offers = NoOffers()
        self.observe_plugins = lambda _tell: None
        self.published = PublishedEvents()
        self.refusals = Room(of=self.no_refusals)
        self.overview = Room(
            plugins=self.plugins,
            plugin=self.plugin,
            processes=self.processes,
            history=self.history,
            histories=self.histories,
        )
        self.box = Room(all=self.list_box, start=self.start_boxed)
        self.installs = Room(
            install=self.install,
            start=self.start_install,
            status=self.install_status,
            all=self.list_installs,
            wait=self.wait_install,
        )
        self.versions = Room(
            all=self.list_versions,
            compare=self.compare,
            accept=self.accept_version,
            discard=self.discard_version,
        )
        self.controls = Room(
            set_enabled=self.set_enabled,
            set_config=self.set_config,
            set_limits=self.set_limits,
            withhold=self.withhold,
            grant=self.grant,
            restart=self.restart,
            uninstall=self.uninstall,
        )
        self.deliveries = Room(
            page=self.list_deliveries,
            detail=self.delivery,
            document=self.delivery_document,
            redeliver=self.redeliver,
        )
        self.logs = Room(read=self.read_logs, wait=self.wait_logs)
        self.egress_log = Room(page=self.egress_entries, before=self.egress_before)
        self.health = Room(check=self.check_health, figures=self.figures)
        self.sandbox = Room(
            view=SandboxView((ControlView("seccomp", active=True, reason=""),), None),
            check=self.check_sandbox,
        )
        self.panels = Room(slots=self.panel_slots, render=self.render_panel)

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
            source=source,
            installed_at="2026-04-05T14:00:00Z",
            installed_by=actor,
            toolchain=None,
            imports=(),
            permissions=permission_views(asked_for(manifest, SimpleNamespace(imports=()))),
            waiting_version=None,
            enabled=False,
            state=PluginState.DISABLED,
            state_reason=None,
            events=manifest.events,
            allowed_hosts=manifest.allowed_hosts,
            panel_title=manifest.ui_panel and manifest.ui_panel.title,
            panel_height=manifest.ui_panel and manifest.ui_panel.height,
            config=(),
            limits=limit_views(LIMITS, {}),
            manifest=dict(manifest.raw),
            warnings=(),
            pid=None,
            error_count=0,
            last_error=None,
            signature=UNSIGNED,
            contract="ohd",
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

    async def set_limits(
        self, plugin_id: str, overrides: Mapping[str, float | None], *, actor: str
    ) -> PluginView:
        view = await self.plugin(plugin_id)
        before = {one.name: one.value for one in view.limits if one.is_overridden}
        limits = limit_views(LIMITS, check_overrides(plugin_id, overrides, before))
        self.views[plugin_id] = replace(self.views[plugin_id], limits=limits)
        return self._view(plugin_id)

    async def uninstall(self, plugin_id: str, *, actor: str) -> None:
        await self.plugin(plugin_id)
        del self.views[plugin_id]

    async def start_install(
        self,
        *,
        module: bytes | None = None,
        url: str | None = None,
        source: str = "",
        actor: str,
    ) -> InstallView:
        """Install at once: nothing is compiled, and nothing is fetched from anywhere."""
        plugin_id = error = None
        try:
            if module is None:
                raise ModuleRefused(f"nothing is at {url}")
            plugin_id = (await self.install(module, source=source, actor=actor)).id
        except SupervisorError as refusal:
            error = str(refusal)
        step = InstallStep.DONE if error is None else InstallStep.REFUSED
        view = InstallView(
            f"i{len(self.begun)}", source, step, 0, None, 0.1, plugin_id, False, error
        )
        self.begun[view.id] = view
        return view

    async def list_box(self) -> Sequence[BoxedPlugin]:
        return []

    async def start_boxed(self, name: str, *, actor: str) -> InstallView:
        raise NotInTheBox(name, [])

    def install_status(self, install_id: str) -> InstallView:
        if install_id not in self.begun:
            raise InstallNotFound(install_id)
        return self.begun[install_id]

    def list_installs(self) -> Sequence[InstallView]:
        return list(self.begun.values())

    async def wait_install(self, install_id: str, *, seen: InstallView | None) -> InstallView:
        return self.install_status(install_id)

    async def list_versions(self, plugin_id: str) -> Sequence[VersionView]:
        plugin = await self.plugin(plugin_id)
        return [
            VersionView(
                plugin.version,
                plugin.sha256,
                plugin.size,
                VersionStatus.ACTIVE,
                plugin.source,
                plugin.installed_at,
                plugin.installed_by,
                plugin.installed_by,
                plugin.toolchain,
                plugin.imports,
                tuple(self.manifests[plugin_id].config_schema),
                plugin.permissions,
                plugin.signature,
            )
        ]

    async def compare(self, plugin_id: str, sha256: str) -> VersionComparison:
        await self.plugin(plugin_id)
        raise VersionNotFound(plugin_id, sha256)

    async def accept_version(
        self,
        plugin_id: str,
        sha256: str,
        *,
        accepted: Collection[str],
        withheld: Collection[str] = (),
        actor: str,
    ) -> PluginView:
        await self.plugin(plugin_id)
        raise VersionNotFound(plugin_id, sha256)

    async def discard_version(self, plugin_id: str, sha256: str, *, actor: str) -> None:
        await self.plugin(plugin_id)
        raise VersionNotFound(plugin_id, sha256)

    async def withhold(
        self, plugin_id: str, *, withheld: Collection[str], actor: str
    ) -> PluginView:
        view = await self.plugin(plugin_id)
        known = [one.token for one in view.permissions]
        if unknown := set(withheld) - set(known):
            raise PermissionUnknown(plugin_id, unknown, known)
        left = tuple(replace(one, granted=one.token not in withheld) for one in view.permissions)
        self.views[plugin_id] = replace(self.views[plugin_id], permissions=left)
        return self._view(plugin_id)

    async def grant(self, plugin_id: str, token: str, *, actor: str) -> PluginView:
        view = await self.plugin(plugin_id)
        known = [one.token for one in view.permissions]
        if token not in known:
            raise PermissionUnknown(plugin_id, {token}, known)
        return view

    async def restart(self, plugin_id: str, *, actor: str) -> PluginView:
        view = await self.plugin(plugin_id)
        if not view.enabled:
            raise NotRunning(plugin_id, "it is disabled")
        return view

    async def processes(self) -> Sequence[ProcessView]:
        return [process_of(self._view(plugin_id)) for plugin_id in sorted(self.views)]

    async def history(self, plugin_id: str, *, span: str = "hour") -> PluginHistory:
        await self.plugin(plugin_id)
        step, count = (60, 60) if span == "hour" else (900, 96)
        nothing = HistoryPoint("2026-04-05T14:00:00Z", 0, 0, None, None, None, None, None, None)
        return PluginHistory(plugin_id, step, (nothing,) * count)

    async def histories(self, *, span: str = "hour") -> Mapping[str, PluginHistory]:
        return {plugin_id: await self.history(plugin_id, span=span) for plugin_id in self.views}

    async def list_deliveries(
        self,
        plugin_id: str,
        *,
        wanted: DeliveryFilter = ANY_DELIVERY,
        limit: int = 50,
        before: str | None = None,
    ) -> Sequence[DeliveryView]:
        await self.plugin(plugin_id)
        found = [one for one in self.told if wanted.outcome in (None, one.outcome)]
        return [one for one in found if before is None or one.id < before][:limit]

    async def delivery(self, plugin_id: str, delivery_id: str) -> DeliveryDetail:
        await self.plugin(plugin_id)
        for one in self.told:
            if one.id == delivery_id:
                return DeliveryDetail(one, self.payload, True, tuple(self.lines))
        raise DeliveryNotFound(plugin_id, delivery_id)

    async def delivery_document(self, plugin_id: str, delivery_id: str) -> DeliveryDocument:
        view = await self.plugin(plugin_id)
        found = await self.delivery(plugin_id, delivery_id)
        row = SimpleNamespace(id=plugin_id, sha256=view.sha256, manifest=self.manifests[plugin_id])
        return make_document(row, found.delivery, None, found.logs, Limits())

    async def redeliver(self, plugin_id: str, delivery_ids: Sequence[str], *, actor: str) -> int:
        await self.plugin(plugin_id)
        for delivery_id in delivery_ids:
            if delivery_id not in {one.id for one in self.told}:
                raise CannotRedeliver(plugin_id, f"delivery {delivery_id} is not there")
        return len(delivery_ids)

    async def no_refusals(self, _plugin_id: str) -> tuple[()]:
        return ()

    async def read_logs(
        self,
        plugin_id: str | None = None,
        *,
        level: str | None = None,
        after: int | None = None,
        limit: int = 200,
    ) -> Sequence[LogLine]:
        if plugin_id is not None:
            await self.plugin(plugin_id)
        return [line for line in self.lines if line.id > (after or 0)][:limit]

    async def wait_logs(self, plugin_id: str | None, after: int) -> None:
        while not any(line.id > after for line in self.lines):
            await self.logged.wait()

    def log(self, line: LogLine) -> None:
        """Add a line, and wake who waits for one."""
        self.lines.append(line)
        self.logged.set()
        self.logged = trio.Event()

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

    async def check_health(self) -> Sequence[HealthCheck]:
        return self.parts

    async def figures(self) -> SupervisorFigures:
        return SupervisorFigures((), (), (), (), 0, 0, 0.0, 1)

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
                bind=field.bind,
                options=field.options,
                default=field.default,
                value=None if field.secret else saved.get(field.name),
                is_set=field.name in saved,
            )
            for field in fields
        )
        return replace(self.views[plugin_id], config=config)


def process_of(plugin: PluginView) -> ProcessView:
    """Return the process of a plugin that has done nothing yet."""
    return ProcessView(
        plugin_id=plugin.id,
        state=plugin.state,
        pid=plugin.pid,
        uptime_s=None,
        restarts=0,
        cpu_percent=None,
        rss_bytes=None,
        uss_bytes=None,
        guest_memory_bytes=None,
        guest_memory_limit_bytes=64 * 1024 * 1024,
        threads=None,
        in_flight=0,
        waiting=0,
        oldest_waiting_s=None,
        delivered=0,
        events_a_minute=0.0,
        p50_ms=None,
        p95_ms=None,
        errors=plugin.error_count,
        errors_24h=plugin.error_count,
        last_error=plugin.last_error,
        controls=(),
    )


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
    shelf: Any
    """The plugins: a ``FakeSupervisor``, or of ``real_site`` the real ones."""
    people: People
    config: WebConfig
    app: QuartTrio
    _stack: AsyncExitStack
    stop: trio.Event = field(default_factory=trio.Event)
    """Ends the server of ``build_site``; ``ended`` says when it has."""
    ended: trio.Event = field(default_factory=trio.Event)

    async def stranger(self) -> Browser:
        client = httpx.AsyncClient(base_url=self.url, timeout=120)
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


@pytest.fixture(autouse=True)
def patient_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processor time alone end a text: on a busy machine a second takes long by the clock."""
    monkeypatch.setattr(formatting_pool, "WAIT_S", 300.0)


@pytest.fixture
async def build_site(
    tmp_path: Path, nursery: trio.Nursery
) -> AsyncIterator[Callable[..., Awaitable[Site]]]:
    """Return a function that serves the app with any settings."""
    async with AsyncExitStack() as stack:

        async def build(**settings: Any) -> Site:
            # Page processes read the plugins' tables.
            more = [supervisor_migrations] if settings.get("web_processes") else []
            opened = HelpDesk.open(tmp_path / "desk.db", migrations=more)
            desk = await stack.enter_async_context(opened)
            shelf = FakeSupervisor()
            config = WebConfig(**{"port": 0} | settings)
            app = create_app(desk, shelf, config)
            begin = Begin(str(tmp_path / "desk.db"), config, SettingValues(), "warning")
            plan = Plan(config.web_processes, page_process.command, begin)
            stop, ended = trio.Event(), trio.Event()

            async def until_stopped(task_status: trio.TaskStatus[list[str]]) -> None:
                await serve(app, config, stop=stop, plan=plan, task_status=task_status)
                ended.set()

            bound = await nursery.start(until_stopped)
            people = await _people(desk)
            return Site(bound[0], desk, shelf, people, config, app, stack, stop, ended)

        yield build
        nursery.cancel_scope.cancel()


@pytest.fixture
async def real_site(
    tmp_path: Path, nursery: trio.Nursery, stand_in: StandIn
) -> AsyncIterator[Site]:
    """Return the app over a real supervisor: plugins are compiled, run and fetched.

    What is fetched may come from the stand-in, without TLS.
    """
    web = WebConfig(port=0)
    policy = EgressPolicy(
        ports=frozenset({stand_in.port}), private={"localhost": (ip_network("127.0.0.0/8"),)}
    )
    config = Config(
        data=tmp_path,
        web=web,
        supervisor=SupervisorConfig(
            data_directory=tmp_path,
            egress=policy,
            fetch=FetchRules(total_s=20.0, plain_http=True),
            box=Path(__file__).parents[2] / "plugins",
        ),
    )
    async with AsyncExitStack() as stack, open_application(config, run_plugins=True) as application:
        app = create_app(application.helpdesk, application.supervisor, web)
        bound = await nursery.start(lambda **k: serve(app, web, **k))
        people = await _people(application.helpdesk)
        yield Site(bound[0], application.helpdesk, application.supervisor, people, web, app, stack)
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
        *(
            "setup",
            "invitation",
            "notifications",
            "profile",
            "second_factor",
            "second_step",
            "people",
            "groups",
            "catalogue",
            "statuses",
        ),
        *("settings", "api_docs", "api_me", "api_users", "api_groups", "api_catalogue"),
        *("api_statuses", "api_notifications", "api_settings"),
        *("notification_choices", "forgotten", "sign_up"),
        *("organizations", "organizations_read", "api_organizations"),
        *("rate", "api_ratings"),
        *("mail", "mail_letters", "mail_originals", "mail_templates"),
    }
)


WORK_BLUEPRINTS = frozenset(
    {"canned_replies", "api_canned_replies", "ticket_links", "api_links"}
    | {"saved_views", "api_saved_views", "api_followers"}
    | {"ticket_files", "api_files", "ticket_split"}
)


@pytest.fixture
def work_blueprints() -> frozenset[str]:
    """Return the blueprints whose routes ``test_guard_work`` walks, and not ``test_guard``."""
    return WORK_BLUEPRINTS


@pytest.fixture
def people_blueprints() -> frozenset[str]:
    """Return the blueprints whose routes ``test_guard_people`` walks, and not ``test_guard``."""
    return PEOPLE_BLUEPRINTS
