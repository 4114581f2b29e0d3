"""The API's description: whole, readable, and true of what the server does."""

import os
import re
from typing import Any

import pytest
import schemathesis
import trio
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks as conforms

from helpdesk.actors import SYSTEM, Role
from helpdesk.tickets.model import TicketFilter
from webapp.api import openapi
from webapp.api.docs import type_name

EXAMPLES = int(os.environ.get("OHD_API_EXAMPLES", "2"))
"""Requests an operation, a role and a kind of data; more of them find more."""
CHECKS = [
    schemathesis.checks.not_a_server_error,
    conforms.status_code_conformance,
    conforms.content_type_conformance,
    conforms.response_headers_conformance,
    conforms.response_schema_conformance,
    conforms.negative_data_rejection,
]


async def described(site: Any) -> dict[str, Any]:
    response = await (await site.stranger()).client.get("/api/openapi.json")
    assert response.status_code == 200
    return response.json()


async def test_every_route_is_described_by_what_serves_it(site: Any) -> None:
    assert openapi.undescribed(site.app) == []
    document = await described(site)
    told = {
        (method.upper(), re.sub(r"{[a-z_]+}", "{}", path))
        for path, methods in document["paths"].items()
        for method in methods
    }
    served = {
        (method, re.sub(r"<[^>]+>", "{}", rule.rule))
        for rule in site.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/") and not rule.endpoint.startswith("api_docs.")
    }
    assert told == served
    names = [
        kind["operationId"] for methods in document["paths"].values() for kind in methods.values()
    ]
    assert len(names) == len(set(names))


async def test_the_description_is_valid_openapi(site: Any) -> None:
    schema = schemathesis.openapi.from_dict(await described(site))
    schema.validate()


async def test_every_reference_leads_somewhere(site: Any) -> None:
    document = await described(site)

    def references(part: Any) -> list[str]:
        if isinstance(part, dict):
            own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
            return own + [ref for value in part.values() for ref in references(value)]
        return (
            [ref for value in part for ref in references(value)] if isinstance(part, list) else []
        )

    found = set(references(document))
    assert found
    for reference in found:
        at: Any = document
        for step in reference.removeprefix("#/").split("/"):
            at = at[step]


async def test_people_can_read_it(site: Any) -> None:
    stranger = await site.stranger()
    page, objects = await stranger.get("/api/docs"), await stranger.get("/api/docs/objects")
    assert (page.status, objects.status) == (200, 200)
    document = await described(site)
    for path, methods in document["paths"].items():
        for method in methods:
            assert f"{method.upper()} {path}" in page.words()
    for name in document["components"]["schemas"]:
        assert name.startswith("ListingOf") or f'id="shape-{name}"' in objects.text
    assert max(len(each.response.content) for each in (page, objects)) < 100_000


def test_types_are_said_in_words() -> None:
    assert type_name({"$ref": "#/components/schemas/TicketOut"}) == "TicketOut"
    assert type_name({"type": "array", "items": {"type": "string"}}) == "list of string"
    assert type_name({"anyOf": [{"type": "integer"}, {"type": "null"}]}) == "integer or null"
    assert type_name({"enum": ["a", "b"], "type": "string"}) == "a | b"
    assert type_name({"type": "string", "format": "email"}) == "string, email"
    assert type_name({}) == "anything"


async def things(site: Any, make_module: Any, make_delivery: Any) -> dict[str, list[str]]:
    """Make one of everything, so that addresses lead somewhere half of the time."""
    desk = site.desk
    made = await desk.users.create(SYSTEM, email="m@example.com", name="M", role=Role.STAFF)
    key = await desk.api_keys.create(SYSTEM, made.id, name="k")
    await desk.sessions.start(site.people.user.id)
    (session,) = await desk.sessions.list(SYSTEM, site.people.user.id)
    category = await desk.catalogue.add_category(SYSTEM, "Hardware")
    group = await desk.groups.create(SYSTEM, name="G", member_ids=[made.id])
    canned = await desk.canned.create(SYSTEM, name="C", body="B", scope="everyone")
    view = await desk.views.create(
        SYSTEM, name="V", scope="everyone", wanted=TicketFilter(), sort="subject"
    )
    await desk.statuses.add(SYSTEM, "On hold")
    tickets = [(await site.ticket(by=by)).id for by in ("user", "other")]
    plugin = await site.install(enabled=True)
    installed = await site.shelf.installs.start(module=make_module(), source="x", actor="test")
    site.shelf.told = [make_delivery(id="1")]
    for person in (site.people.user, site.people.admin, site.people.staff):
        await desk.notifications.notify(person.id, title="x")
    notices = [
        notice.id
        for person in (site.people.user, site.people.admin)
        for notice in await desk.notifications.list(person.actor)
    ]
    organization = await desk.organizations.create(SYSTEM, name="Acme")
    return {
        "ticket_id": tickets,
        "user_id": [made.id, site.people.other.id],
        "view_id": [view.id],
        "kind": ["related", "blocks"],
        "other": ["1", "2"],
        "canned_id": [canned.id],
        "key_id": [key.key.id],
        "session_id": [session.id],
        "group_id": [group.id],
        "organization_id": [organization.id],
        "node_id": [category.id],
        "name": ["On hold", "Closed"],
        "schema": ["manifest", "ticket.created"],
        "plugin_id": [plugin.id],
        "install_id": [installed.id],
        "delivery_id": ["1"],
        "digest": [plugin.sha256],
        "notification_id": notices,
    }


@pytest.mark.parametrize(
    ("role", "mode"),
    [
        ("nobody", GenerationMode.POSITIVE),
        ("user", GenerationMode.POSITIVE),
        ("staff", GenerationMode.POSITIVE),
        ("admin", GenerationMode.POSITIVE),
        ("user", GenerationMode.NEGATIVE),
        ("admin", GenerationMode.NEGATIVE),
    ],
)
async def test_whatever_is_sent_is_answered_as_described(
    site: Any, make_module: Any, make_delivery: Any, role: str, mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_dict(await described(site))
    known = await things(site, make_module, make_delivery)
    headers = {}
    if role != "nobody":
        headers["Authorization"] = (await site.with_key(role)).client.headers["Authorization"]
    called = await trio.to_thread.run_sync(call_everything, site.url, schema, known, headers, mode)
    assert called >= 40


def call_everything(
    url: str, schema: Any, known: dict[str, list[str]], headers: dict[str, str], mode: Any
) -> int:
    """Call every operation that this kind of data can be made for; return how many."""
    return sum(
        call_operation(result.ok(), url, known, headers, mode)
        for result in schema.get_all_operations()
    )


def call_operation(
    operation: Any, url: str, known: dict[str, list[str]], headers: dict[str, str], mode: Any
) -> bool:
    made = []

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    def call(case: Any, data: Any) -> None:
        for name in case.path_parameters or {}:
            if data.draw(st.booleans()):
                case.path_parameters[name] = data.draw(st.sampled_from(known[name]))
        case.call_and_validate(base_url=url, headers=headers, checks=CHECKS, timeout=120)
        made.append(case)

    try:
        call()
    except Unsatisfiable:
        # An operation without any input has no wrong input.
        assert not made
    return bool(made)
