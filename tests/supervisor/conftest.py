"""A whole supervisor over a real help desk: SQLite on disk, a fork server, locked children."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
import trio
from argon2 import PasswordHasher

from cli.compose import Actions, Notices
from cli.plugin_desk import PluginDesk
from helpdesk.actors import SYSTEM, Role
from helpdesk.notifications import Notification
from helpdesk.passwords import Passwords
from helpdesk.service import HelpDesk
from helpdesk.tickets.model import Ticket, TicketDraft
from helpdesk.users import User
from sandbox_child.runtime.settings import settings_fingerprint
from sandbox_child.wasm.sections import manifest_section, replace_custom_section
from supervisor.config import SupervisorConfig
from supervisor.delivery.error_threshold import ErrorThreshold
from supervisor.delivery.restart_backoff import RestartRule
from supervisor.limits import Limits
from supervisor.secrets.box import SecretBox
from supervisor.service import HelpDeskPorts, Supervisor, open_supervisor
from supervisor.store.migrations import migrations
from supervisor.views import DeliveryView, PluginView, ProcessView, VersionView

T = TypeVar("T")

KEY = b"k" * 32
PATIENCE_S = 120


@dataclass
class Desk:
    """A help desk, its supervisor, and short ways to say what a test does with them."""

    helpdesk: HelpDesk
    supervisor: Supervisor
    user: User
    admin: User
    guest: Callable[[str], bytes]
    path: Path
    closing: trio.Event = field(default_factory=trio.Event)
    closed: trio.Event = field(default_factory=trio.Event)

    async def until(self, ask: Callable[[], Awaitable[T]], good: Callable[[T], object]) -> T:
        """Ask again until the answer is good, and return it."""
        with trio.fail_after(PATIENCE_S):
            while not good(answer := await ask()):  # noqa: ASYNC110 - of another process
                await trio.sleep(0.005)
        return answer

    async def ticket(
        self, subject: str = "New laptop", description: str = "The old one was stolen."
    ) -> Ticket:
        draft = TicketDraft(subject, description)
        return await self.helpdesk.tickets.create(self.user.actor, draft)

    async def replies(self, ticket: Ticket) -> list[str]:
        """Return what has been said on a ticket, notes included."""
        page = await self.helpdesk.tickets.replies(self.admin.actor, ticket.id)
        return [reply.body for reply in page.rows]

    async def settled(self, *plugin_ids: str) -> None:
        """Wait until the plugins have done everything, and what they caused is done too."""

        async def busy() -> int:
            views = [await self.process(plugin_id) for plugin_id in plugin_ids]
            return sum(view.in_flight + view.waiting for view in views)

        last = -1
        while last != (last := await self.helpdesk.outbox.last_seq()):
            await self.until(busy, lambda count: count == 0)

    async def nothing(self) -> None:
        """For waiting on what a test can see by itself."""
        await trio.lowlevel.checkpoint()

    async def notices(self) -> Sequence[Notification]:
        """Return what the admins have been told, except of tickets."""
        notices = await self.helpdesk.notifications.list(self.admin.actor)
        return [one for one in notices if not (one.link or "").startswith("/tickets/")]

    async def breathe(self) -> None:
        """Let processes run for a moment, in a loop that waits for one of them."""
        await trio.sleep(0.005)

    def module(self, guest_name: str, /, **manifest: Any) -> bytes:
        """Return a guest with these keys of its manifest changed."""
        module = self.guest(guest_name)
        if not manifest:
            return module
        whole = json.loads(manifest_section(module)) | manifest
        return replace_custom_section(module, "ohd_manifest", json.dumps(whole).encode())

    async def install(
        self,
        guest_name: str = "wat/noop",
        /,
        config: dict[str, Any] | None = None,
        *,
        enabled: bool = True,
        **manifest: Any,
    ) -> PluginView:
        """Install a guest, configure it, and switch it on."""
        module = self.module(guest_name, **manifest)
        view = await self.supervisor.installs.install(module, source="a test", actor="test")
        if config:
            view = await self.supervisor.controls.set_config(view.id, config, actor="test")
        if enabled:
            view = await self.supervisor.controls.set_enabled(view.id, True, actor="test")
        return view

    async def install_broken(
        self, guest_name: str = "wat/starts_with_room", *, enabled: bool = True
    ) -> PluginView:
        """Install a guest that started once, and cannot any longer: an admin took its memory."""
        view = await self.install(guest_name, enabled=False)
        controls = self.supervisor.controls
        view = await controls.set_limits(view.id, {"memory_mib": 2}, actor="test")
        if enabled:
            view = await controls.set_enabled(view.id, True, actor="test")
        return view

    async def upload(self, guest_name: str, /, **manifest: Any) -> VersionView:
        """Install another version of a guest that is installed; it waits."""
        view = await self.supervisor.installs.install(
            self.module(guest_name, **manifest), source="a test", actor="test"
        )
        versions = await self.supervisor.versions.all(view.id)
        return next(version for version in versions if version.sha256 == view.waiting_version)

    async def accept(self, plugin_id: str, sha256: str) -> PluginView:
        """Change to another version, and allow it all that it newly requests."""
        compared = await self.supervisor.versions.compare(plugin_id, sha256)
        accepted = [asked.token for asked in compared.asked_anew]
        return await self.supervisor.versions.accept(
            plugin_id, sha256, accepted=accepted, actor="test"
        )

    async def upgrade(self, plugin_id: str, guest_name: str, /, **manifest: Any) -> PluginView:
        """Install another version and change to it."""
        version = await self.upload(guest_name, **manifest | {"id": plugin_id})
        return await self.accept(plugin_id, version.sha256)

    async def probe(self, *steps: dict[str, Any], **more: Any) -> PluginView:
        """Install the guest that does what its configuration says."""
        config = {"steps": json.dumps(steps)} | more.pop("config", {})
        return await self.install("zig/probe", config, **{"events": ["ticket.created"]} | more)

    async def steps(self, plugin_id: str, *steps: dict[str, Any]) -> None:
        """Give the probe other things to do from the next event on."""
        await self.supervisor.controls.set_config(
            plugin_id, {"steps": json.dumps(steps)}, actor="test"
        )

    async def deliveries(self, plugin_id: str, count: int = 1) -> list[DeliveryView]:
        """Wait for so many deliveries, and return all there are, oldest first."""

        async def ask() -> list[DeliveryView]:
            return list(await self.supervisor.deliveries.page(plugin_id, limit=500))[::-1]

        return await self.until(ask, lambda found: len(found) >= count)

    async def delivery(self, plugin_id: str) -> DeliveryView:
        """Wait for the first delivery and return it."""
        return (await self.deliveries(plugin_id))[0]

    async def log(self, plugin_id: str) -> list[str]:
        return [line.message for line in await self.supervisor.logs.read(plugin_id)]

    async def process(self, plugin_id: str) -> ProcessView:
        views = await self.supervisor.overview.processes()
        return next(view for view in views if view.plugin_id == plugin_id)

    async def running(self, plugin_id: str) -> PluginView:
        """Wait until the plugin's process is ready."""
        return await self.state(plugin_id, "running")

    async def state(self, plugin_id: str, state: str) -> PluginView:
        """Wait for a state."""
        return await self.until(
            lambda: self.supervisor.overview.plugin(plugin_id), lambda view: view.state == state
        )

    async def close(self) -> None:
        """Stop as a server does that is asked to, and wait for the end."""
        self.closing.set()
        await self.closed.wait()


async def _run_desk(
    path: Path,
    guest: Callable[[str], bytes],
    settings: dict[str, Any],
    task_status: trio.TaskStatus[Desk] = trio.TASK_STATUS_IGNORED,
) -> None:
    key, run_plugins = settings.pop("key", KEY), settings.pop("run_plugins", True)
    health = settings.pop("health", ErrorThreshold)
    if "egress" in settings:
        # The test's server decides how long a request takes, not the machine.
        settings.setdefault("limits", Limits(deadline_s=PATIENCE_S))
    settings.setdefault("restart", RestartRule(first_delay_s=0.01, longest_delay_s=0.02))
    config = SupervisorConfig(data_directory=path, **settings)
    quick = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    database = path / "ohd.sqlite3"
    closed = trio.Event()
    try:
        async with HelpDesk.open(database, migrations=[migrations], passwords=quick) as helpdesk:
            ports = HelpDeskPorts(
                helpdesk.database,
                helpdesk.outbox,
                Actions(helpdesk),
                Notices(helpdesk),
                helpdesk.audit,
                helpdesk.users.names,
                helpdesk.database.path,
                PluginDesk(helpdesk),
                health_rule=health if callable(health) else lambda: health,
            )
            async with open_supervisor(
                config, ports, SecretBox(key), settings_fingerprint(), run_plugins=run_plugins
            ) as supervisor:
                user, admin = [await _person(helpdesk, role) for role in (Role.USER, Role.ADMIN)]
                desk = Desk(helpdesk, supervisor, user, admin, guest, path, closed=closed)
                task_status.started(desk)
                await desk.closing.wait()
    finally:
        closed.set()


async def _person(helpdesk: HelpDesk, role: Role) -> User:
    email = f"{role}@example.com"
    found = await helpdesk.users.find_by_email(SYSTEM, email)
    return found or await helpdesk.users.create(SYSTEM, email=email, name=role, role=role)


@pytest.fixture
async def open_desk(
    tmp_path: Path, guest: Callable[[str], bytes]
) -> AsyncIterator[Callable[..., Awaitable[Desk]]]:
    """Return a function that opens the desk of this test with settings of the supervisor.

    It may be called again once the desk is closed: the data directory is the same.
    """
    async with trio.open_nursery() as nursery:
        opened: list[Desk] = []

        async def start(**settings: Any) -> Desk:
            opened.append(await nursery.start(_run_desk, tmp_path, guest, settings))
            return opened[-1]

        yield start
        for one in opened:
            one.closing.set()


@pytest.fixture
async def desk(open_desk: Callable[..., Awaitable[Desk]]) -> Desk:
    return await open_desk()
