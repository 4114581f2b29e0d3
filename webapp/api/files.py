"""Files of tickets over the API: sent as a form with one file, read from their own address."""

from typing import Annotated, Literal, cast
from urllib.parse import quote

from msgspec import Meta, Struct

from helpdesk.clock import rfc3339
from helpdesk.files.service import TicketFile
from webapp.api.operations import operation
from webapp.api.queries import Query
from webapp.api.shapes import AuthorOut, Listing, Moment, author_json, whole_list
from webapp.context import app_context
from webapp.errors import BodyInvalid
from webapp.http.streamed import read_part
from webapp.routes import Access, Body, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("api_files", __name__, Access.SIGNED_IN)


class FileOut(Struct):
    """A file on a ticket; ``url`` is where its content is, for who may read it."""

    id: str
    name: str
    size: Annotated[int, Meta(description="Bytes.")]
    type: Annotated[str, Meta(description="By its content, whatever the sender said.")]
    sha256: str
    is_internal: bool
    author: AuthorOut
    created_at: Moment
    url: str
    state: Annotated[
        Literal["clear", "waiting", "infected"],
        Meta(description="Only a clear file can be downloaded; see the virus scanner's settings."),
    ]


class FileQuery(Query):
    """Where a file goes."""

    ticket: Annotated[str, Meta(description="A ticket's number or id.")]
    internal: Annotated[bool, Meta(description="For staff alone.")] = False


@operation(
    blueprint,
    "POST",
    "/api/files",
    status=201,
    upload=True,
    limit=Body.FILE,
    errors=(403, 409),
)
async def add(query: FileQuery) -> FileOut:
    """Add a file of up to 25 MiB to a ticket.

    Who may reply may add a public file, who may write notes an internal one.
    """
    files, actor = app_context().helpdesk.files, current_visit().actor
    await files.require_add(actor, query.ticket, internal=query.internal)
    part = await read_part()
    if not part.name:
        raise BodyInvalid("the field 'file' has no file name; send it as a file")
    async with files.receive() as arrival:
        async for piece in part:
            await arrival.write(piece)
        content = await arrival.keep()
        return _shown(
            await files.add(actor, query.ticket, part.name, content, internal=query.internal)
        )


@operation(blueprint, "GET", "/api/tickets/<ticket_id>/files", of="ticket")
async def files(ticket_id: str) -> Listing[FileOut]:
    """List the files of a ticket that the caller may read, oldest first."""
    found = await app_context().helpdesk.files.all(current_visit().actor, ticket_id)
    return whole_list([_shown(file) for file in found])


def _shown(file: TicketFile) -> FileOut:
    return FileOut(
        file.id,
        file.name,
        file.size,
        file.kind,
        file.sha256,
        file.is_internal,
        author_json(file.author),
        rfc3339(file.created_at),
        f"/files/{quote(file.id, safe='')}/{quote(file.name, safe='')}",
        cast(Literal["clear", "waiting", "infected"], file.state),
    )
