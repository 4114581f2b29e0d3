"""The versions of a plugin: one takes the place of another when an admin says so, and back.

What runs goes on until then, and finishes what it has begun; the next event goes to the new
version. Everything of a change is one transaction: a stop in the middle leaves the old version or
the new one, with its own configuration and its place in the outbox.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

import structlog

from supervisor.administration.change import ChangeContext
from supervisor.administration.comparison import asked_anew, compare, version_view, withheld_after
from supervisor.administration.controls import event_starts
from supervisor.administration.route_claims import check_routes
from supervisor.errors import PermissionsNotAccepted, PermissionUnknown
from supervisor.plugins import audit
from supervisor.plugins.audit import version_changes, version_facts
from supervisor.plugins.start_trial import check_needs
from supervisor.ports import Names
from supervisor.states import VersionStatus
from supervisor.store.plugins import PluginRow
from supervisor.store.versions import VersionRow, version_of
from supervisor.views import PluginView, VersionComparison, VersionView

log = structlog.get_logger("supervisor.versions")


class Versions:
    """See the module."""

    def __init__(self, changing: ChangeContext, kept_versions: int, names: Names) -> None:
        """``kept_versions``: how many that were installed before are kept."""
        self._names = names
        self._with = changing
        self.kept_versions = kept_versions

    async def all(self, plugin_id: str) -> Sequence[VersionView]:
        """Return the active version, the one that waits, and those that are kept, newest first."""
        row = self._with.installed.row(plugin_id)
        active, others = version_of(row), self._with.installed.others(plugin_id)
        rules = self._with.signatures()
        views = [
            version_view(active, row.withheld, rules),
            *(version_view(other, withheld_after(active, other), rules) for other in others),
        ]
        names = await self._names({view.installed_by for view in views})
        return [
            replace(view, installed_by_name=names.get(view.installed_by, view.installed_by))
            for view in views
        ]

    async def compare(self, plugin_id: str, sha256: str) -> VersionComparison:
        """Put a version beside the active one; raises PluginNotFound, VersionNotFound."""
        other = self._with.installed.other(plugin_id, sha256)
        active = version_of(self._with.installed.row(plugin_id))
        return compare(active, other, self._with.signatures())

    async def accept(
        self,
        plugin_id: str,
        sha256: str,
        *,
        accepted: Collection[str],
        withheld: Collection[str] = (),
        actor: str,
    ) -> PluginView:
        """Activate a version that waits (an upgrade) or is kept (a rollback).

        ``accepted`` or ``withheld`` names every permission that the version asks for and the active
        one does not, else raises PermissionsNotAccepted; also VersionNotFound, PermissionUnknown.
        A rollback restores the configuration that the version had. An enabled plugin continues with
        the next event; one whose configuration is no longer complete waits for it, and says so.
        """
        installed = self._with.installed
        installed.other(plugin_id, sha256)
        async with installed.lock(plugin_id):
            before, other = installed.row(plugin_id), installed.other(plugin_id, sha256)
            after = _decide(before, other, accepted, withheld)
            check_needs(plugin_id, after.report, self._with.limits.of(after.limits))
            check_routes(installed, after.description)
            is_rollback = other.status is VersionStatus.KEPT
            action = audit.ROLLED_BACK if is_rollback else audit.UPGRADED
            with self._with.carried_through(plugin_id):
                async with self._with.stopped(plugin_id):
                    await self._swap(before, after, other, action, actor)
            row = installed.row(plugin_id)
            log.info(action.replace(".", "_"), plugin=plugin_id, version=row.manifest.version)
            return self._with.view(row)

    async def discard(self, plugin_id: str, sha256: str, *, actor: str) -> None:
        """Forget a version that waits or is kept; raises PluginNotFound, VersionNotFound."""
        installed = self._with.installed
        installed.other(plugin_id, sha256)
        async with installed.lock(plugin_id):
            other = installed.other(plugin_id, sha256)
            record = self._with.audit.stamp(actor, audit.DISCARDED, plugin_id)
            store = self._with.store.installed
            with self._with.carried_through(plugin_id):
                await self._with.write(
                    plugin_id,
                    store.discard_version(plugin_id, sha256, record, version_facts(other)),
                )
                await self._with.shelf.forget(sha256)

    async def _swap(
        self, before: PluginRow, after: PluginRow, other: VersionRow, action: str, actor: str
    ) -> None:
        """Record the new version as the active one, and the old one as kept."""
        installed, plugin_id = self._with.installed, before.id
        record = self._with.audit.stamp(actor, action, plugin_id)
        given = set(after.asks_for) - after.withheld - (set(before.asks_for) - before.withheld)
        await self._with.journal.flush()
        await installed.refresh(plugin_id)
        here = installed.row(plugin_id)
        starts = event_starts(here, given, await self._with.outbox.last_seq())
        after = replace(after, event_starts=starts)
        hashes = [before.sha256, *(each.sha256 for each in installed.others(plugin_id))]

        await self._with.write(
            plugin_id,
            self._with.store.installed.replace_version(
                before,
                after,
                other.status,
                installed.config(plugin_id),
                keep=self.kept_versions,
                record=record,
                changes=version_changes(before, after),
            ),
        )
        await self._with.shelf.forget(*hashes)


def _decide(
    before: PluginRow, other: VersionRow, accepted: Collection[str], withheld: Collection[str]
) -> PluginRow:
    """Return the plugin with its other version, and what of that is denied."""
    yes, no = set(accepted), set(withheld)
    if unknown := (yes | no) - set(other.asks_for):
        raise PermissionUnknown(before.id, unknown, other.asks_for)
    active = version_of(before)
    missing = [token for token in asked_anew(active, other) if token not in yes | no]
    if missing:
        raise PermissionsNotAccepted(before.id, other.manifest.version, missing)
    return replace(
        before,
        description=other.description,
        manifest_text=other.manifest_text,
        report=other.report,
        sha256=other.sha256,
        size=other.size,
        source=other.source,
        installed_at=other.installed_at,
        installed_by=other.installed_by,
        withheld=(withheld_after(active, other) - yes) | no,
    )
