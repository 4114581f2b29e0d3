"""The supervisor's front door: what the web app and the command line call.

It owns everything below it, in one nursery: the fork server, the journal, and a runner for each
enabled plugin.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from functools import partial

import trio

from supervisor.assembly import Assembly, HelpDeskPorts
from supervisor.config import SupervisorConfig
from supervisor.egress import EgressClient
from supervisor.plugins.artifacts import ArtifactStore
from supervisor.process.cgroups import open_groups
from supervisor.process.forkserver import open_fork_server
from supervisor.secrets.box import SecretBox

__all__ = ["HelpDeskPorts", "Supervisor", "open_supervisor"]

_CODE_FILES_OPEN = 64


class Supervisor:
    """Open it with :func:`open_supervisor`. Each attribute is a room's front door."""

    def __init__(self, parts: Assembly) -> None:
        self._parts = parts
        self.overview = parts.overview
        self.controls = parts.controls
        self.box = parts.box_of_plugins
        self.installs = parts.installs
        self.versions = parts.versions
        self.deliveries = parts.deliveries
        self.logs = parts.logs
        self.refusals = parts.refusals
        self.panels = parts.panels
        self.functions = parts.functions
        self.webhooks = parts.webhooks
        self.offers = parts.offers
        self.observe_plugins = parts.installed.observe
        """Calls what it is given behind every change of a plugin."""
        self.published = parts.published
        self.jobs = parts.jobs
        self.egress_log = parts.egress_log
        self.health = parts.health
        self.sandbox = parts.sandbox
        self.key = parts.key
        self.mail = parts.mail
        self.pictures = parts.pictures

    async def begin(self) -> None:
        """Load what is installed, clear what a cut-off installation left, start what is enabled."""
        parts = self._parts
        parts.nursery.start_soon(parts.journal.run)
        parts.nursery.start_soon(parts.mail.run)
        await parts.sandbox.look()
        await parts.installed.load()
        await parts.journal.load()
        await parts.overview.begin(parts.nursery)
        hashes = await parts.store.installed.module_hashes()
        await trio.to_thread.run_sync(parts.artifacts.keep_only, hashes)
        for row in parts.installed.rows():
            if row.enabled:
                parts.runners.start(row)
        parts.nursery.start_soon(parts.runners.report_obstacles)
        if parts.runners.active:
            parts.nursery.start_soon(parts.jobs.run)

    async def drain(self) -> None:
        """Let every plugin finish what runs, then stop it; what waits stays in the outbox.

        Takes at most two deadlines, the longest of any plugin, and cannot be cancelled before.
        """
        with trio.CancelScope(shield=True) as scope:
            longest = self._parts.runners.longest_deadline_s(self._parts.limits.defaults.deadline_s)
            scope.deadline = trio.current_time() + 2 * longest
            await self._parts.runners.drain()
            await self._parts.overview.close()

    def reconfigure(self, config: SupervisorConfig) -> None:
        """Apply new limits, another egress policy, and other rules for installing.

        A request follows the new policy at once. A plugin's process keeps its limits; the next one
        has the new ones, except those that an admin set. Native plugins stop where they are not
        allowed any more, and run again where they are. Raises RouteInvalid and changes nothing
        where the policy cannot be used.
        """
        parts = self._parts
        parts.egress.set_policy(config.egress)
        # The engine is made already.
        stack = parts.limits.defaults.wasm_stack_bytes
        limits = replace(config.limits, wasm_stack_bytes=stack)
        parts.limits.defaults = parts.compiler.limits = limits
        parts.fetcher.rules = config.fetch
        parts.versions.kept_versions = config.kept_versions
        parts.signatures = config.signatures
        parts.runners.let_native(allowed=config.native)


@asynccontextmanager
async def open_supervisor(
    config: SupervisorConfig,
    ports: HelpDeskPorts,
    box: SecretBox,
    engine_settings: str,
    *,
    run_plugins: bool = True,
) -> AsyncIterator[Supervisor]:
    """Run the supervisor for the length of the block; on leaving, drain it and end every process.

    ``engine_settings`` names the engine's version and settings, which compiled code depends on.
    ``run_plugins``: whether those that are enabled are started.
    """
    artifacts = await trio.to_thread.run_sync(
        partial(
            ArtifactStore,
            config.data_directory,
            box.derive(b"compiled code"),
            engine_settings,
            keep_open=_CODE_FILES_OPEN,
        )
    )
    with closing(artifacts):
        async with (
            EgressClient(config.egress) as egress,
            open_groups(wanted=config.cage.control_groups) as groups,
            open_fork_server(
                groups=groups,
                source_lines=config.source_lines,
                stack_bytes=config.limits.wasm_stack_bytes,
            ) as fork_server,
            trio.open_nursery() as nursery,
        ):
            parts = Assembly(
                config,
                ports,
                box,
                fork_server,
                egress,
                artifacts=artifacts,
                groups=groups,
                nursery=nursery,
                run_plugins=run_plugins,
            )
            supervisor = Supervisor(parts)
            try:
                await supervisor.begin()
                yield supervisor
            finally:
                await supervisor.drain()
                await parts.mail.aclose()
                nursery.cancel_scope.cancel()
