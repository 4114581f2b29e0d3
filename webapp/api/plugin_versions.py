"""The versions of a plugin over the API."""

from supervisor.views import VersionComparison, VersionView
from webapp.api.bodies import AcceptBody
from webapp.api.operations import operation
from webapp.api.plugins import ONE, PluginOut, shown
from webapp.api.shapes import Listing, whole_list
from webapp.context import app_context
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("api_plugin_versions", __name__, Access.ADMIN)

_VERSION = f"{ONE}/versions/<digest>"


@operation(blueprint, "GET", f"{ONE}/versions", errors=(403,))
async def versions(plugin_id: str) -> Listing[VersionView]:
    """List the active, waiting and kept versions, newest first."""
    return whole_list(await app_context().supervisor.versions.all(plugin_id))


@operation(blueprint, "GET", _VERSION, errors=(403,))
async def comparison(plugin_id: str, digest: str) -> VersionComparison:
    """Compare a waiting or kept version with the active one."""
    return await app_context().supervisor.versions.compare(plugin_id, digest)


@operation(blueprint, "POST", f"{_VERSION}/accept", errors=(403, 409))
async def accept(plugin_id: str, digest: str, body: AcceptBody) -> PluginOut:
    """Make a version active: an upgrade, or a rollback with its configuration.

    Each new permission must be allowed or denied by its token.
    """
    plugin = await app_context().supervisor.versions.accept(
        plugin_id,
        digest,
        accepted=body.accepted,
        withheld=body.withheld,
        actor=current_visit().actor.id,
    )
    return shown(plugin)


@operation(blueprint, "DELETE", _VERSION, errors=(403, 409))
async def discard(plugin_id: str, digest: str) -> None:
    """Delete a version that is not the active one."""
    await app_context().supervisor.versions.discard(
        plugin_id, digest, actor=current_visit().actor.id
    )
