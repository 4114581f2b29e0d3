"""Types of a case: the checks and the published schema are made from these.

The description of each type is what an author reads as the expected form.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

OutcomeName = Literal["ok", "trap", "timeout", "out_of_memory", "exit", "lost", "start_failed"]

Name = Annotated[
    str, Meta(min_length=1, max_length=200, description="a name of at most 200 letters")
]
Status = Annotated[int, Meta(ge=100, le=599, description="an HTTP status from 100 to 599")]
Body = Annotated[
    str | dict[str, Any] | list[Any] | None,
    Meta(description="a text, or an object or array that stands for its JSON"),
]


class Contains(Struct, forbid_unknown_fields=True):
    """A part of a text, where the whole of it is not known beforehand."""

    contains: Annotated[str, Meta(description="a part of the text")]


Text = Annotated[str | Contains, Meta(description="a text, or {contains: a part of it}")]


class Stub(Struct, forbid_unknown_fields=True):
    """The answer to one request. Each is used once, in order, for its method and URL."""

    url: Annotated[str, Meta(min_length=1, description="the whole URL")]
    method: Annotated[str, Meta(description="a method such as POST")] = "GET"
    status: Status = 200
    body: Body = None
    error: Annotated[
        bool, Meta(description="true for a network error: the plugin sees status 0")
    ] = False


class ExpectedRequest(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A request that the plugin makes; keys that are absent are not checked."""

    method: str | None = None
    url: Text | None = None
    headers: Annotated[
        dict[str, str] | None, Meta(description="the headers to check; others may be there")
    ] = None
    body: Body = None
    """Compared as JSON where both sides are JSON."""
    body_contains: Annotated[str | None, Meta(description="a part of the body")] = None
    status: Annotated[int | None, Meta(description="what the plugin got for it")] = None


class ExpectedReply(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A reply or a note that the plugin writes."""

    body: Text | None = None
    internal: bool | None = None
    ticket: Annotated[str | None, Meta(description="the id of its ticket")] = None


class Expect(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Expected result; missing keys are not checked, except ``outcome``, whose default is ok."""

    outcome: OutcomeName = "ok"
    error: Text | None = None
    logs: (
        Annotated[
            list[str | Contains],
            Meta(description='an array of lines such as "info: posted", or {contains: a part}'),
        ]
        | None
    ) = None
    requests: (
        Annotated[list[ExpectedRequest], Meta(description="every request, in order")] | None
    ) = None
    replies: (
        Annotated[list[ExpectedReply], Meta(description="every reply and note, in order")] | None
    ) = None
    fields: (
        Annotated[dict[str, str], Meta(description="every custom field that is set, by its key")]
        | None
    ) = None
    url: Annotated[str | None, Meta(description="the address of the panel")] = None


class CaseLimits(Struct, forbid_unknown_fields=True):
    """Limits for this case, at most those of the server."""

    deadline_s: Annotated[float, Meta(gt=0)] | None = None
    memory_bytes: Annotated[int, Meta(ge=65_536)] | None = None
    http_requests: Annotated[int, Meta(ge=0)] | None = None
    host_calls: Annotated[int, Meta(ge=0)] | None = None


class CaseShape(Struct, forbid_unknown_fields=True):
    """One case of a plugin's test: an event or a panel, and what is to come of it."""

    name: Name | None = None
    event: (
        Annotated[
            str | dict[str, Any],
            Meta(description="a path beside the case, or the payload itself"),
        ]
        | None
    ) = None
    panel: Annotated[str | None, Meta(description="the id of the ticket to ask the panel for")] = (
        None
    )
    config: Annotated[dict[str, Any], Meta(description="the plugin's configuration")] = field(
        default_factory=dict
    )
    http: Annotated[list[Stub], Meta(description="the answers to its requests")] = field(
        default_factory=list
    )
    limits: CaseLimits = field(default_factory=CaseLimits)
    expect: Expect = field(default_factory=Expect)


def case_schema() -> dict[str, Any]:
    """Return the JSON Schema of cases, for editors."""
    return msgspec.json.schema(CaseShape)
