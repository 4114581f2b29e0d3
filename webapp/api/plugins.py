"""Administration of plugins over the API."""

from dataclasses import dataclass, fields

import trio
from msgspec import UNSET
from quart import Response, request

from supervisor.errors import ModuleRefused, NotInstalled
from supervisor.states import InstallStep, PluginState
from supervisor.views import BoxedPlugin, InstallView, PluginView
from webapp.api.bodies import PluginPatch, PluginSource
from webapp.api.operations import operation
from webapp.api.shapes import Listing, whole_list
from webapp.context import app_context
from webapp.http.jsonio import json_response, read_json
from webapp.http.uploads import uploaded_module
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("api_plugins", __name__, Access.ADMIN)

ONE = "/api/admin/plugins/<plugin_id>"
PATIENCE_S = 20.0
"""An installation that takes longer is answered 202, and goes on."""


@dataclass(frozen=True, slots=True)
class PluginOut(PluginView):
    """An installed plugin; ``status`` is another name for its ``state``."""

    status: PluginState


def shown(plugin: PluginView) -> PluginOut:
    """Return a plugin as the API shows it."""
    told = {field.name: getattr(plugin, field.name) for field in fields(PluginView)}
    return PluginOut(**told, status=plugin.state)


@operation(blueprint, "GET", "/api/admin/plugins", errors=(403,))
async def plugins() -> Listing[PluginOut]:
    """List the installed plugins."""
    return whole_list([shown(found) for found in await app_context().supervisor.overview.plugins()])


@operation(
    blueprint,
    "POST",
    "/api/admin/plugins",
    status=201,
    location="/api/admin/plugins/{id}",
    answer=PluginOut,
    errors=(403, 409, 429),
    upload=True,
    instead=PluginSource,
    unfinished=InstallView,
)
async def install() -> PluginOut | Response:
    """Install the module in the multipart field ``file`` or at ``url``. It starts disabled.

    A new version of an installed plugin waits for review: see its ``waiting_version``, and the
    versions. What takes longer than 20 seconds is answered 202 with where to follow it.
    """
    return await _outcome(await _begin())


async def _outcome(begun: InstallView) -> PluginOut | Response:
    came = begun
    with trio.move_on_after(PATIENCE_S):
        while came.step not in (InstallStep.DONE, InstallStep.REFUSED):
            came = await app_context().supervisor.installs.wait(begun.id, seen=came)
    if came.step is InstallStep.REFUSED:
        kind = NotInstalled if came.server_failed else ModuleRefused
        raise kind(came.error or "the plugin was not installed")
    if came.step is InstallStep.DONE and came.plugin_id is not None:
        return shown(await app_context().supervisor.overview.plugin(came.plugin_id))
    response = json_response(came, status=202)
    response.headers["Location"] = f"/api/admin/plugins/installs/{came.id}"
    return response


async def _begin() -> InstallView:
    actor = current_visit().actor.id
    if request.mimetype == "application/json":
        source = await read_json(PluginSource)
        return await app_context().supervisor.installs.start(url=source.url, actor=actor)
    name, module = await uploaded_module()
    return await app_context().supervisor.installs.start(
        module=module, source=f"upload of {name}", actor=actor
    )


@operation(blueprint, "GET", "/api/admin/plugins/box", errors=(403,))
async def box() -> Listing[BoxedPlugin]:
    """List the plugins that come with the help desk, installed or not."""
    return whole_list(await app_context().supervisor.box.all())


@operation(
    blueprint,
    "POST",
    "/api/admin/plugins/box/<name>",
    status=201,
    location="/api/admin/plugins/{id}",
    answer=PluginOut,
    errors=(403, 409, 429),
    unfinished=InstallView,
)
async def install_from_box(name: str) -> PluginOut | Response:
    """Install a plugin that comes with the help desk, or its update. It starts disabled.

    The answer is that of an installation from a file.
    """
    actor = current_visit().actor.id
    return await _outcome(await app_context().supervisor.box.start(name, actor=actor))


@operation(blueprint, "GET", "/api/admin/plugins/installs/<install_id>", errors=(403,))
async def installation(install_id: str) -> InstallView:
    """Return the progress of an installation; available for a while after its end."""
    return app_context().supervisor.installs.status(install_id)


@operation(blueprint, "GET", ONE, errors=(403,))
async def plugin(plugin_id: str) -> PluginOut:
    """Return one plugin."""
    return shown(await app_context().supervisor.overview.plugin(plugin_id))


@operation(blueprint, "PATCH", ONE, errors=(403, 409))
async def change(plugin_id: str, body: PluginPatch) -> PluginOut:
    """Change a plugin's permissions, limits and configuration, enable it, or disable it.

    The members are applied in this order, each by itself: where one is refused, those before it
    stay.
    """
    actor = current_visit().actor.id
    found = await app_context().supervisor.overview.plugin(plugin_id)
    if body.withheld is not UNSET:
        found = await app_context().supervisor.controls.withhold(
            plugin_id, withheld=body.withheld, actor=actor
        )
    if body.limits is not UNSET:
        found = await app_context().supervisor.controls.set_limits(
            plugin_id, body.limits, actor=actor
        )
    if body.config is not UNSET:
        found = await app_context().supervisor.controls.set_config(
            plugin_id, body.config, actor=actor
        )
    if body.enabled is not UNSET:
        found = await app_context().supervisor.controls.set_enabled(
            plugin_id, body.enabled, actor=actor
        )
    return shown(found)


@operation(blueprint, "POST", f"{ONE}/restart", errors=(403, 409))
async def restart(plugin_id: str) -> PluginOut:
    """Restart an enabled plugin after its in-flight events finish."""
    return shown(
        await app_context().supervisor.controls.restart(plugin_id, actor=current_visit().actor.id)
    )


@operation(blueprint, "DELETE", ONE, errors=(403, 409))
async def uninstall(plugin_id: str) -> None:
    """Uninstall the plugin with all its versions and configuration."""
    await app_context().supervisor.controls.uninstall(plugin_id, actor=current_visit().actor.id)
