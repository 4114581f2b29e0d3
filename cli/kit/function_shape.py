"""Types of a GoatKit plugin's case: a function is called, and what is to come of it.

As in ``shape``, the description of each type is what an author reads as the expected form.
"""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from cli.kit.shape import CaseLimits, Expect, Name, Stub, Text
from helpdesk.tickets.model import Priority


class SampleTicket(Struct, forbid_unknown_fields=True):
    """One ticket of the help desk that the plugin is tried on."""

    subject: Annotated[str, Meta(min_length=1, max_length=200, description="a text")]
    requester: Annotated[str, Meta(description="the email address of a sample person")] = (
        "user@example.com"
    )
    description: str = "A sample ticket."
    priority: Priority = Priority.MEDIUM
    category: str | None = None
    type: str | None = None
    item: str | None = None
    status: Annotated[str, Meta(description="the name of a status")] = "New"
    assignee: Annotated[str | None, Meta(description="the email address of a sample agent")] = None
    days_ago: Annotated[float, Meta(ge=0, le=3650, description="its age in days")] = 0


class FunctionExpect(Expect, omit_defaults=True):
    """Expected result; missing keys are not checked, except ``outcome``, whose default is ok."""

    result: Annotated[Any, Meta(description="what the function returns, as JSON")] | UnsetType = (
        UNSET
    )
    html: (
        Annotated[Text | list[Text], Meta(description="the result's html, or several parts of it")]
        | None
    ) = None
    host_calls: (
        Annotated[list[str], Meta(description='every host call in order, such as "db_query: ok"')]
        | None
    ) = None


class FunctionCaseShape(Struct, forbid_unknown_fields=True):
    """One case of a GoatKit plugin's test."""

    call: Annotated[str, Meta(min_length=1, description="the name of the function")]
    name: Name | None = None
    args: Annotated[dict[str, Any] | None, Meta(description="the arguments, an object")] = None
    user: (
        Annotated[str, Meta(description="admin, agent, customer, or a person's email address")]
        | None
    ) = None
    language: Annotated[str, Meta(min_length=2, max_length=20)] = "en"
    grants: Annotated[
        list[str], Meta(description='permissions such as "db:read:ticket", or "requested" for all')
    ] = field(default_factory=list)
    tickets: (
        Annotated[list[SampleTicket], Meta(description="tickets in place of the sample ones")]
        | None
    ) = None
    config: Annotated[dict[str, Any], Meta(description="the plugin's configuration")] = field(
        default_factory=dict
    )
    http: Annotated[list[Stub], Meta(description="the answers to its requests")] = field(
        default_factory=list
    )
    limits: CaseLimits = field(default_factory=CaseLimits)
    expect: FunctionExpect = field(default_factory=FunctionExpect)


def function_case_schema() -> dict[str, Any]:
    """Return the JSON Schema of these cases, for editors."""
    return msgspec.json.schema(FunctionCaseShape)
