"""Files of tickets: sent by a form, in pieces, and downloaded as what they are: somebody's bytes.

A download never opens on the help desk's pages: it is an attachment by its header, sandboxed by its
policy, and of a type that nothing runs. Pictures alone, by their content, also open by themselves.
"""

from types import TracebackType
from typing import Self
from urllib.parse import quote

from quart import Response, current_app, g, request
from quart.wrappers.response import ResponseBody

from helpdesk.errors import HelpDeskError
from helpdesk.files.service import INFECTED, WAITING, TicketFile
from helpdesk.files.store import Reading
from webapp.context import app_context
from webapp.errors import BodyInvalid
from webapp.http.guard import CSRF_FIELD, require_token
from webapp.http.redirects import see
from webapp.http.streamed import Part, read_part
from webapp.pages.ticket import again
from webapp.rendering.assets import asset_url
from webapp.rendering.links import ticket_url
from webapp.routes import Access, Body, Section, facts
from webapp.security.headers import foreign_content_headers
from webapp.visitors.sessions import current_visit

blueprint = Section("ticket_files", __name__, Access.SIGNED_IN)

LONGEST_DOWNLOAD_S = 3600.0


@blueprint.post("/files")
@facts(body=Body.FILE, token=False)
async def add() -> Response:
    """Add a file to the ticket that the address names, and show the ticket.

    The form's token comes before the file, and is checked before the file is read.
    """
    part = await read_part()
    require_token(current_visit(), part.fields.get(CSRF_FIELD, ""))
    reference = request.args.get("ticket", "")
    ticket = await app_context().helpdesk.tickets.get(current_visit().actor, reference)
    try:
        added = await take_in(part, reference, internal=bool(part.fields.get("internal")))
    except HelpDeskError as error:
        return await again(reference, {}, error)
    how = {INFECTED: "file-kept-back", WAITING: "file-waits"}.get(added.state, "file")
    return see(ticket_url(ticket.number, how))


async def take_in(part: Part, reference: str, *, internal: bool) -> TicketFile:
    """Store a file as it arrives, and put it on the ticket."""
    files, actor = app_context().helpdesk.files, current_visit().actor
    await files.require_add(actor, reference, internal=internal)
    if not part.name:
        raise BodyInvalid("choose a file: the form has none")
    async with files.receive() as arrival:
        async for piece in part:
            await arrival.write(piece)
        content = await arrival.keep()
        return await files.add(actor, reference, part.name, content, internal=internal)


@blueprint.get("/files/<file_id>/<name>")
async def download(file_id: str, name: str) -> Response:
    """Send a file that the visitor may read; its name in the address is for people alone."""
    del name
    files = app_context().helpdesk.files
    file = await files.get(current_visit().actor, file_id)
    g.own_headers = foreign_content_headers(tls=app_context().config.secure_cookies)
    response = current_app.response_class(
        b"" if request.method == "HEAD" else Download(files.read(file)), content_type=file.kind
    )
    response.timeout = LONGEST_DOWNLOAD_S
    response.headers["Content-Length"] = str(file.size)
    shown = file.is_picture and "view" in request.args
    response.headers["Content-Disposition"] = disposition(file.name, shown=shown)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@blueprint.get("/thumbnails/<file_id>")
async def thumbnail(file_id: str) -> Response:
    """Send a small picture of a file that the visitor may read; where there is none, an icon."""
    desk = app_context().helpdesk
    file = await desk.files.get(current_visit().actor, file_id)
    small = await desk.thumbnails.of(file)
    if small is None:
        return see(asset_url("file.svg"))
    g.own_headers = foreign_content_headers(tls=app_context().config.secure_cookies)
    response = current_app.response_class(small, content_type="image/webp")
    response.headers["Content-Disposition"] = "inline"
    # Whether the visitor may still see it is asked each time.
    response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(file.sha256)
    await response.make_conditional(request)
    return response


class Download(ResponseBody):
    """Sends a content in pieces, and lets go of it however that ends."""

    def __init__(self, content: Reading) -> None:
        self._content = content

    async def __aenter__(self) -> Self:
        await self._content.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._content.__aexit__(kind, error, trace)

    def __aiter__(self) -> Reading:
        return self._content


def disposition(name: str, *, shown: bool = False) -> str:
    """Return the header that makes a browser save a file under its name (RFC 6266, RFC 8187).

    ``shown``: opened in the browser instead; for pictures alone.
    """
    how = "inline" if shown else "attachment"
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
