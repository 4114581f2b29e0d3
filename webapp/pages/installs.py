"""Admin, plugins: installing one from the box, a file or a URL, and the page that follows it.

Most installations are over within a second, so the form waits a moment for the end and leads
there; behind that moment a page follows it.
"""

from collections.abc import Mapping

import trio
from quart import Response

from helpdesk.accounts import User
from supervisor.errors import PluginNotFound, SupervisorError
from supervisor.states import InstallStep
from supervisor.views import InstallView
from webapp.context import AppContext, app_context
from webapp.errors import BodyInvalid
from webapp.http.event_streams import Watch, event_bytes, stream_response
from webapp.http.forms import chosen, form_fields
from webapp.http.page import page
from webapp.http.redirects import see
from webapp.http.uploads import uploaded_module
from webapp.pages.outcomes import Outcome, refused
from webapp.pages.plugin_frame import names
from webapp.pages.plugins import show_list
from webapp.rendering.links import install_url, plugin_url, version_url
from webapp.routes import Access, Body, Section, facts
from webapp.visitors.sessions import current_visit

blueprint = Section("installs", __name__, Access.ADMIN)

PATIENCE_S = 2.0
"""A form waits so long for the end before it leads to the page that follows."""
PAUSE_S = 0.2
"""Between two events of a stream: bytes arrive faster than people read."""
_ENDS = (InstallStep.DONE, InstallStep.REFUSED)


@blueprint.post("/admin/plugins")
@facts(body=Body.UPLOAD)
async def install() -> Response:
    """Install the file that was sent, or the one at the address that was typed; disabled."""
    fields = await form_fields()
    try:
        begun = await _begin(fields)
        came = await _come(begun.id)
    except (SupervisorError, BodyInvalid) as error:
        return await show_list(refused(error, fields))
    if came.step is InstallStep.REFUSED:
        return await show_list(await _refusal(came, fields.get("url", "")))
    return see(await _next(came) or install_url(came.id))


async def _begin(fields: Mapping[str, str]) -> InstallView:
    plugins, actor = app_context().supervisor, current_visit().actor.id
    if "box" in fields:
        return await plugins.box.start(fields["box"], actor=actor)
    if "url" in fields:
        return await plugins.installs.start(url=chosen(fields, "url"), actor=actor)
    name, module = await uploaded_module()
    return await plugins.installs.start(module=module, source=f"upload of {name}", actor=actor)


async def _come(install_id: str) -> InstallView:
    """Return an installation's end, or how far it has come when patience ends."""
    view = app_context().supervisor.installs.status(install_id)
    with trio.move_on_after(PATIENCE_S):
        while view.step not in _ENDS:
            view = await app_context().supervisor.installs.wait(install_id, seen=view)
    return view


async def _refusal(came: InstallView, url: str) -> Outcome:
    problem = f"{came.source or 'The file'} was not installed: {await _reason(came)}"
    return Outcome(problem=problem, typed={"url": url}, status=503 if came.server_failed else 422)


async def _reason(came: InstallView) -> str:
    """Return why it was refused, with the name of who has installed the same before."""
    reason = came.error or "the reason is unknown"
    if came.plugin_id is None:
        return reason
    try:
        versions = await app_context().supervisor.versions.all(came.plugin_id)
    except PluginNotFound:
        return reason
    for actor_id, name in (await names(version.installed_by for version in versions)).items():
        reason = reason.replace(actor_id, name)
    return reason


async def _next(came: InstallView) -> str | None:
    """Return where an installation leads that is done."""
    if came.step is not InstallStep.DONE or came.plugin_id is None:
        return None
    if came.is_upgrade:
        plugin = await app_context().supervisor.overview.plugin(came.plugin_id)
        if plugin.waiting_version is not None:
            return version_url(plugin.id, plugin.waiting_version)
    return plugin_url(came.plugin_id, "review", "installed")


@blueprint.get("/admin/plugins/installs/<install_id>")
async def progress(install_id: str) -> Response:
    """Show how far an installation has come."""
    came = app_context().supervisor.installs.status(install_id)
    return page(
        "install.html",
        came=came,
        steps=(
            InstallStep.FETCHING,
            InstallStep.CHECKING,
            InstallStep.COMPILING,
            InstallStep.STARTING,
        ),
        is_over=came.step in _ENDS,
        leads_to=await _next(came),
        reason=await _reason(came),
    )


@blueprint.get("/admin/plugins/installs/<install_id>/live")
@facts(json=True)
async def live(install_id: str) -> Response:
    """Tell an open page whenever the installation has come further: ``event: step``."""
    app_context().supervisor.installs.status(install_id)
    return stream_response(lambda here, person, shown: _Progress(here, person, shown, install_id))


class _Progress(Watch):
    """Follows one installation to its end."""

    def __init__(self, here: AppContext, person: User, credential: str, install_id: str) -> None:
        super().__init__(here, person, credential)
        self._install_id = install_id
        self._seen: InstallView | None = None

    async def ask(self) -> bytes:
        """Wait until it has come further than was told."""
        if self._seen is not None:
            if self._seen.step in _ENDS:
                await trio.sleep_forever()
            await trio.sleep(PAUSE_S)
        try:
            seen = await self.here.supervisor.installs.wait(self._install_id, seen=self._seen)
        except SupervisorError:
            self.seat.end()
            return b""
        self._seen = seen
        return event_bytes("step", {"step": seen.step, "received_bytes": seen.received_bytes})
