"""How requesters rate resolved tickets, over the API."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from helpdesk.clock import rfc3339
from helpdesk.tickets.ratings import Question
from webapp.api.bodies import Body
from webapp.api.operations import operation
from webapp.api.queries import Query
from webapp.api.shapes import Moment
from webapp.context import app_context
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("api_ratings", __name__, Access.SIGNED_IN)

_ONE = "/api/tickets/<ticket_id>/rating"
Score = Literal["good", "ok", "bad"]


class RatingOut(Struct):
    """What the requester of a ticket answered; nulls where nothing."""

    score: str | None
    comment: str | None
    at: Moment | None
    is_open: bool
    """Whether you are asked, and can answer or change the answer now."""


class RatingBody(Body):
    """How it went."""

    score: Score
    comment: Annotated[str, Meta(max_length=2000)] = ""


class RatingQuery(Query):
    """How far back ratings are counted."""

    days: Annotated[int, Meta(ge=1, le=3650)] = 30


class RatingsOut(Struct):
    """How many tickets were rated so."""

    good: int
    ok: int
    bad: int


@operation(blueprint, "GET", _ONE, of="ticket")
async def rating(ticket_id: str) -> RatingOut:
    """Return how a ticket was rated, for staff and its requester."""
    return _json(await app_context().helpdesk.ratings.of_ticket(current_visit().actor, ticket_id))


@operation(blueprint, "PUT", _ONE, of="ticket", errors=(403, 409))
async def rate(ticket_id: str, body: RatingBody) -> RatingOut:
    """Rate the resolution of your own ticket, or change the rating, within 14 days."""
    ratings, actor = app_context().helpdesk.ratings, current_visit().actor
    await ratings.rate(actor, ticket_id, body.score, body.comment)
    return _json(await ratings.of_ticket(actor, ticket_id))


@operation(blueprint, "GET", "/api/ratings", errors=(403,))
async def ratings(query: RatingQuery) -> RatingsOut:
    """Count the ratings of the last days (staff)."""
    found = await app_context().helpdesk.ratings.figures(current_visit().actor, query.days)
    return RatingsOut(**found)


def _json(question: Question) -> RatingOut:
    found = question.rating
    if found is None:
        return RatingOut(None, None, None, question.is_open)
    return RatingOut(found.score, found.comment, rfc3339(found.at), question.is_open)
