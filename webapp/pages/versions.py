"""Admin, one plugin: its versions, two of them side by side, and the change from one to another."""

from collections.abc import Mapping

from quart import Response

from supervisor.errors import ConfigInvalid, PermissionsNotAccepted
from supervisor.states import VersionStatus
from webapp.context import app_context
from webapp.http.forms import form_fields
from webapp.http.redirects import see
from webapp.pages.outcomes import NOTHING, Outcome, done_from_address, refused
from webapp.pages.plugin_frame import names, show
from webapp.rendering.catalogues import N_
from webapp.rendering.links import plugin_url
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("plugin_versions", __name__, Access.ADMIN)

DONE = {"discarded": N_("Version deleted.")}
_CHOICE = "permission."
"""Prefix of the fields that each decide on one permission."""


@blueprint.get("/admin/plugins/<plugin_id>/versions")
async def versions(plugin_id: str) -> Response:
    """List the versions that are kept."""
    plugin = await app_context().supervisor.overview.plugin(plugin_id)
    found = await app_context().supervisor.versions.all(plugin_id)
    return show(
        "plugin_versions.html",
        plugin,
        "versions",
        done_from_address(DONE),
        versions=found,
        names=await names(version.installed_by for version in found),
    )


@blueprint.get("/admin/plugins/<plugin_id>/versions/<digest>")
async def compare(plugin_id: str, digest: str) -> Response:
    """Show a version beside the active one."""
    return await _compare(plugin_id, digest)


async def _compare(plugin_id: str, digest: str, outcome: Outcome = NOTHING) -> Response:
    plugin = await app_context().supervisor.overview.plugin(plugin_id)
    found = await app_context().supervisor.versions.compare(plugin_id, digest)
    return show(
        "plugin_compare.html",
        plugin,
        "compare",
        outcome,
        found=found,
        both=(found.active, found.other),
        names=await names((found.active.installed_by, found.other.installed_by)),
    )


@blueprint.post("/admin/plugins/<plugin_id>/versions/<digest>/accept")
async def accept(plugin_id: str, digest: str) -> Response:
    """Make this version the active one; whatever it newly requests was allowed or denied."""
    fields = await form_fields()
    kept = await app_context().supervisor.versions.all(plugin_id)
    is_rollback = any(v.sha256 == digest and v.status is VersionStatus.KEPT for v in kept)
    try:
        await app_context().supervisor.versions.accept(
            plugin_id,
            digest,
            accepted=_tokens(fields, "allow"),
            withheld=_tokens(fields, "withhold"),
            actor=current_visit().actor.id,
        )
    except (PermissionsNotAccepted, ConfigInvalid) as error:
        return await _compare(plugin_id, digest, refused(error, fields))
    return see(plugin_url(plugin_id, done="rolled-back" if is_rollback else "upgraded"))


def _tokens(fields: Mapping[str, str], decision: str) -> list[str]:
    return [
        name.removeprefix(_CHOICE)
        for name, said in fields.items()
        if name.startswith(_CHOICE) and said == decision
    ]


@blueprint.post("/admin/plugins/<plugin_id>/versions/<digest>/discard")
async def discard(plugin_id: str, digest: str) -> Response:
    """Delete a version that is not the active one."""
    await app_context().supervisor.versions.discard(
        plugin_id, digest, actor=current_visit().actor.id
    )
    return see(plugin_url(plugin_id, "versions", "discarded"))
