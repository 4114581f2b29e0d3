"""Payloads of host calls, as types, and the schemas that are published of them.

What is decoded is what is described. The request of ``ohd_http_request`` is the egress client's.
"""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from sandbox_child.wire.messages import LogLevel
from supervisor.egress.messages import GuestRequest
from supervisor.ports import ActionResult

TicketId = Annotated[str, Meta(description="the ticket's ID, as in events")]


class AddReply(Struct):
    """Payload of ``ohd_add_reply``."""

    ticket_id: TicketId
    body: Annotated[str, Meta(description="the text, in Markdown")]
    is_internal: Annotated[
        bool, Meta(description="true for an internal note, which the requester never sees")
    ] = False


class SetCustomField(Struct):
    """Payload of ``ohd_set_custom_field``."""

    ticket_id: TicketId
    key: Annotated[str, Meta(description="the name of the field")]
    value: Annotated[str, Meta(description="its text")]


_RESULTS: Final = {
    ActionResult.DONE: "done",
    ActionResult.MALFORMED: "the payload is invalid",
    ActionResult.NO_SUCH_TICKET: "the ticket does not exist",
    ActionResult.NOT_PERMITTED: "not permitted",
    ActionResult.LIMIT: "a limit was reached",
    ActionResult.HOST_ERROR: "the host failed",
}
_HTTP_ANSWER: Final = {
    "description": "The status that ohd_http_request returns; the answer's body lies in memory.",
    "oneOf": [
        {"const": 0, "description": "no answer: the network failed, or a rule or limit was met"},
        {
            "type": "integer",
            "minimum": 100,
            "maximum": 599,
            "description": "the server's; 403 also for a host that the manifest does not declare",
        },
    ],
}


def host_call_schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of each host call's request and answer, by name."""
    action = _numbers("What the function returns.", {r.value: w for r, w in _RESULTS.items()})
    levels = {level.value: level.name.lower() for level in LogLevel}
    return {
        "ohd_http_request.request": msgspec.json.schema(GuestRequest),
        "ohd_http_request.answer": dict(_HTTP_ANSWER),
        "ohd_add_reply.request": msgspec.json.schema(AddReply),
        "ohd_add_reply.answer": action,
        "ohd_set_custom_field.request": msgspec.json.schema(SetCustomField),
        "ohd_set_custom_field.answer": action,
        "ohd_log.level": _numbers("The level of a log line; the line itself is text.", levels),
    }


def _numbers(description: str, meanings: dict[int, str]) -> dict[str, Any]:
    choices = [{"const": number, "description": words} for number, words in meanings.items()]
    return {"description": description, "oneOf": choices}
