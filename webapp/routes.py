"""Facts of a route, said where the route is: whom it is for, its largest body, how it fails.

A :class:`Section` is a blueprint that cannot be made without saying whom it is for. A view that
differs from the others says so::

    @section.post("/login")
    @facts(body=Body.LOGIN)
    async def log_in() -> Response: ...

The guard, the reader of bodies and the answer to errors ask here; none of them knows a path.
"""

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from quart import Blueprint, Quart, Request
from werkzeug.exceptions import HTTPException

View = TypeVar("View", bound=Callable[..., Any])
_FACTS = "route_facts"


class Access(enum.Enum):
    """Whom a section is for."""

    PUBLIC = "anybody, without looking who it is"
    ANYONE = "anybody, logged in or not"
    SIGNED_IN = "whoever is logged in"
    ENROLLING = "whoever is logged in, also without the second factor that their role requires"
    ADMIN = "admins"


class Body(enum.Enum):
    """How large a body a route takes; ``WebConfig`` has the sizes."""

    USUAL = "max_body_bytes"
    LOGIN = "max_login_body_bytes"
    UPLOAD = "max_upload_bytes"
    FILE = "max_file_body_bytes"
    """Taken in pieces as it arrives (``http.streamed``)."""


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """What is true of a route."""

    body: Body = Body.USUAL
    json: bool = False
    """Whether a program reads its answers: errors are JSON, and nobody is redirected."""
    token: bool = True
    """Whether a change by it must bear the page's token."""
    before_setup: bool = False
    """Whether it is served while there is no account yet."""


_USUAL = RouteFacts()


class Section(Blueprint):
    """A blueprint with one answer to the question whom it is for."""

    def __init__(self, name: str, import_name: str, access: Access) -> None:
        super().__init__(name, import_name)
        self.access = access


def facts(
    *, body: Body = Body.USUAL, json: bool = False, token: bool = True, before_setup: bool = False
) -> Callable[[View], View]:
    """Declare what is special about a view; goes below the route."""

    def declare(view: View) -> View:
        setattr(view, _FACTS, RouteFacts(body, json, token, before_setup))
        return view

    return declare


def facts_of(view: Callable[..., Any] | None) -> RouteFacts:
    """Return what a view says about itself."""
    found: RouteFacts = getattr(view, _FACTS, _USUAL)
    return found


def facts_at(app: Quart, request: Request) -> RouteFacts:
    """Return what is true at a request's address, also where it takes another method."""
    endpoint = request.endpoint
    if endpoint is None:
        adapter = app.url_map.bind("")
        try:
            endpoint, _ = adapter.match(request.path, min(adapter.allowed_methods(request.path)))
        except (HTTPException, ValueError):
            # Nothing is here; under /api/ a program asked for it.
            return RouteFacts(json=request.path.startswith("/api/"))
    return facts_of(app.view_functions[endpoint])


def access_at(app: Quart, request: Request) -> Access:
    """Return whom a request's route is for; where there is none, anybody may be told so."""
    if request.blueprint is None:
        return Access.ANYONE
    section = app.blueprints[request.blueprint]
    if not isinstance(section, Section):
        raise TypeError(f"the blueprint {section.name!r} does not say whom it is for: use Section")
    return section.access


def body_limits(app: Quart) -> Iterator[tuple[str, Body]]:
    """Yield the address and the body of each route that does not take the usual one."""
    for rule in app.url_map.iter_rules():
        body = facts_of(app.view_functions[rule.endpoint]).body
        if body is not Body.USUAL:
            if rule.arguments:
                raise ValueError(
                    f"{rule.rule}: a route with another body limit needs a fixed address"
                )
            yield rule.rule, body
