"""Admin changes to a plugin: enable, disable, configuration, permissions, limits, uninstall.

One change of a plugin at a time. How a version comes, and takes the place of another, is for
``installing`` and ``versions`` to know.
"""

from collections.abc import Collection, Mapping

import structlog

from supervisor.administration.change import ChangeContext
from supervisor.errors import CannotStart, NotRunning, PermissionUnknown
from supervisor.manifest import check_config, effective_config
from supervisor.manifest.permissions import EVENT_PREFIX
from supervisor.plugins import audit
from supervisor.plugins.audit import config_changes, limit_changes, narrowing_changes
from supervisor.plugins.limits import check_overrides
from supervisor.plugins.start_trial import check_needs
from supervisor.store.configs import check_ready
from supervisor.store.plugins import PluginRow
from supervisor.views import PluginView

log = structlog.get_logger("supervisor.changes")


class PluginControls:
    """See the module."""

    def __init__(self, changing: ChangeContext) -> None:
        self._with = changing

    async def set_enabled(self, plugin_id: str, enabled: bool, *, actor: str) -> PluginView:
        """Enable or disable a plugin; raises PluginNotFound, or ConfigInvalid where values miss."""
        installed, runners = self._with.installed, self._with.runners
        installed.row(plugin_id)
        async with installed.lock(plugin_id):
            row = installed.row(plugin_id)
            with self._with.carried_through(plugin_id):
                if enabled and not row.enabled:
                    await self._enable(row, actor)
                elif not enabled and row.enabled:
                    record = self._with.audit.stamp(actor, audit.DISABLED, plugin_id)
                    try:
                        await runners.switch_off(plugin_id, None, record)
                    except BaseException:
                        await self._with.resume(plugin_id)
                        raise
            log.info("plugin_enabled" if enabled else "plugin_disabled", plugin=plugin_id, by=actor)
            return self._with.view(installed.row(plugin_id))

    async def set_config(
        self, plugin_id: str, values: Mapping[str, object], *, actor: str
    ) -> PluginView:
        """Save configuration values, which the plugin gets from its next event on.

        A name that is not given keeps its value; None clears it. Raises ConfigInvalid.
        """
        installed, runners = self._with.installed, self._with.runners
        installed.row(plugin_id)
        async with installed.lock(plugin_id):
            row, saved = installed.row(plugin_id), installed.config(plugin_id)
            new = check_config(row.manifest, values, saved.values, complete=row.enabled)
            keep = saved.unreadable.keys() - values.keys()
            changes = config_changes(row.manifest, saved.values, new)
            record = self._with.audit.stamp(actor, audit.CONFIGURED, plugin_id)
            with self._with.carried_through(plugin_id):
                await self._with.write(
                    plugin_id,
                    self._with.store.installed.save_config(
                        row.manifest, new, keep=keep, record=record, changes=changes
                    ),
                )
            if runner := runners.get(plugin_id):
                runner.configure(effective_config(row.manifest, new))
            elif row.enabled:
                runners.start(row)
            log.info("plugin_configured", plugin=plugin_id, fields=sorted(values), by=actor)
            return self._with.view(row)

    async def withhold(
        self, plugin_id: str, *, withheld: Collection[str], actor: str
    ) -> PluginView:
        """Keep exactly these permissions from a plugin, from now on.

        An event that is given back is one that it gets again: not those that came meanwhile. Raises
        PermissionUnknown for what the plugin does not ask for.
        """
        installed = self._with.installed
        installed.row(plugin_id)
        async with installed.lock(plugin_id):
            row, new = installed.row(plugin_id), frozenset(withheld)
            if unknown := new - set(row.asks_for):
                raise PermissionUnknown(plugin_id, unknown, row.asks_for)
            if new == row.withheld:
                return self._with.view(row)
            record = self._with.audit.stamp(actor, audit.NARROWED, plugin_id)

            with self._with.carried_through(plugin_id):
                starts = event_starts(row, row.withheld - new, await self._with.outbox.last_seq())
                changes = narrowing_changes(row.withheld, new)
                await self._with.write(
                    plugin_id,
                    self._with.store.installed.set_withheld(
                        plugin_id, new, starts, record=record, changes=changes
                    ),
                )
                await self._follow(installed.row(plugin_id))
            row = installed.row(plugin_id)
            log.info("plugin_narrowed", plugin=plugin_id, withheld=sorted(new), by=actor)
            return self._with.view(row)

    async def grant(self, plugin_id: str, token: str, *, actor: str) -> PluginView:
        """Grant one permission, whether the plugin asks for it or not; raises PermissionUnknown."""
        return await self._change_grants(plugin_id, token, actor, granted=True)

    async def revoke(self, plugin_id: str, token: str, *, actor: str) -> PluginView:
        """Take one permission back; raises PermissionUnknown for one that it has not."""
        return await self._change_grants(plugin_id, token, actor, granted=False)

    async def _change_grants(
        self, plugin_id: str, token: str, actor: str, *, granted: bool
    ) -> PluginView:
        installed = self._with.installed
        row = installed.row(plugin_id)
        token = row.description.token(token) or ""
        if token in row.description.asks_for or (granted and token in row.withheld):
            kept = row.withheld - {token} if granted else row.withheld | {token}
            return await self.withhold(plugin_id, withheld=kept, actor=actor)
        async with installed.lock(plugin_id):
            row = installed.row(plugin_id)
            can = row.description.takes_extras if granted else token in row.extras
            if not token or not can:
                raise PermissionUnknown(plugin_id, {token}, row.asks_for)
            extras = row.extras | {token} if granted else row.extras - {token}
            if extras == row.extras:
                return self._with.view(row)
            record = self._with.audit.stamp(actor, audit.NARROWED, plugin_id)

            with self._with.carried_through(plugin_id):
                await self._with.write(
                    plugin_id,
                    self._with.store.installed.set_extras(
                        plugin_id, extras, record, narrowing_changes(row.extras, extras)
                    ),
                )
            row = installed.row(plugin_id)
            await self._follow(row)
            return self._with.view(row)

    async def _follow(self, row: PluginRow) -> None:
        """Let what runs follow changed permissions; what must not run any more ends."""
        runners = self._with.runners
        runner = runners.get(row.id)
        if runner is not None and runners.forbids(row) is None:
            runner.workload.narrow(row.withheld, row.subscriptions, row.extras)
        elif row.enabled:
            await runners.stop(row.id)
            # It says why it does not run, or runs now that it may.
            runners.start(row)

    async def set_limits(
        self, plugin_id: str, overrides: Mapping[str, float | None], *, actor: str
    ) -> PluginView:
        """Give a plugin limits of its own, with a process that has them; raises LimitsInvalid.

        A name that is not given stays as it is; None goes back to the operator's limit.
        """
        installed = self._with.installed
        installed.row(plugin_id)
        async with installed.lock(plugin_id):
            row = installed.row(plugin_id)
            pages = row.report.memory_min_pages
            new = check_overrides(plugin_id, overrides, row.limits, pages)
            changes = limit_changes(row.limits, new)
            if not changes:
                return self._with.view(row)
            record = self._with.audit.stamp(actor, audit.LIMITED, plugin_id)
            store = self._with.store.installed
            with self._with.carried_through(plugin_id):
                async with self._with.stopped(plugin_id):
                    await self._with.write(
                        plugin_id, store.set_limits(plugin_id, new, record, changes)
                    )
            log.info("plugin_limited", plugin=plugin_id, limits=sorted(changes), by=actor)
            return self._with.view(installed.row(plugin_id))

    async def restart(self, plugin_id: str, *, actor: str) -> PluginView:
        """Give a plugin a new process, once what is in flight has finished or met its deadline.

        Raises NotRunning where it is switched off, or nothing runs plugins here.
        """
        installed, runners = self._with.installed, self._with.runners
        installed.row(plugin_id)
        async with installed.lock(plugin_id):
            row = installed.row(plugin_id)
            if not row.enabled:
                raise NotRunning(plugin_id, "it is disabled; enable it")
            if not runners.active:
                raise NotRunning(plugin_id, "the server is not running")
            record = self._with.audit.stamp(actor, audit.RESTARTED, plugin_id)
            with self._with.carried_through(plugin_id):
                async with self._with.stopped(plugin_id):
                    await self._with.write(
                        plugin_id, self._with.store.installed.only_record(record, {})
                    )
            log.info("plugin_restarted", plugin=plugin_id, by=actor)
            return self._with.view(row)

    async def uninstall(self, plugin_id: str, *, actor: str) -> None:
        """Stop a plugin and delete its modules and configuration; ticket data that it set stays."""
        installed = self._with.installed
        installed.row(plugin_id)
        async with installed.lock(plugin_id):
            row = installed.row(plugin_id)
            hashes = [row.sha256, *(other.sha256 for other in installed.others(plugin_id))]
            record = self._with.audit.stamp(actor, audit.UNINSTALLED, plugin_id)
            facts = {"version": row.manifest.version, "sha256": row.sha256}
            store = self._with.store.installed
            with self._with.carried_through(plugin_id):
                async with self._with.stopped(plugin_id):
                    await self._with.journal.flush()
                    await self._with.write(plugin_id, store.uninstall(plugin_id, record, facts))
                await self._with.shelf.forget(*hashes)
                await self._with.drop_data(plugin_id)
            self._with.forget(plugin_id)
            log.info("plugin_uninstalled", plugin=plugin_id, by=actor)

    async def _enable(self, row: PluginRow, actor: str) -> None:
        check_ready(row.manifest, self._with.installed.config(row.id))
        check_needs(row.id, row.report, self._with.limits.of(row.limits))
        if (obstacle := self._with.runners.forbids(row)) is not None:
            raise CannotStart(row.id, obstacle)
        seq = await self._with.outbox.last_seq()
        record = self._with.audit.stamp(actor, audit.ENABLED, row.id)
        changes = {"version": row.manifest.version}
        await self._with.write(
            row.id, self._with.store.running.enable(row.id, seq, record, changes)
        )
        self._with.runners.start(self._with.installed.row(row.id))


def event_starts(row: PluginRow, given: Collection[str], seq: int) -> dict[str, int]:
    """Return where a plugin's events start, those just ``given`` behind ``seq``."""
    new = (t.removeprefix(EVENT_PREFIX) for t in given if t.startswith(EVENT_PREFIX))
    # What lies behind has no effect any more.
    old = {event: at for event, at in row.event_starts.items() if at > row.settled_seq}
    return old | dict.fromkeys(new, seq)
