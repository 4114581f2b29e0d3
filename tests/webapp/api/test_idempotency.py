"""``Idempotency-Key``: a request that is sent again creates nothing twice."""

from typing import Any

import pytest

from helpdesk.once import LONGEST_KEY

TICKET = {"subject": "Printer on fire"}


async def test_a_ticket_and_a_reply_are_created_once_for_one_key(site: Any) -> None:
    client = (await site.with_key("user")).client
    sent = [
        await client.post("/api/tickets", json=TICKET, headers={"Idempotency-Key": "t"})
        for _ in range(3)
    ]
    assert [response.status_code for response in sent] == [201] * 3
    (ticket_id,) = {response.json()["id"] for response in sent}
    address = f"/api/tickets/{ticket_id}/replies"
    replies = [
        await client.post(address, json={"body": "hello"}, headers={"Idempotency-Key": "r"})
        for _ in range(3)
    ]
    assert len({response.json()["id"] for response in replies}) == 1
    assert (await client.get("/api/tickets")).json()["total"] == 1
    assert (await client.get(address)).json()["total"] == 1


async def test_without_a_key_each_request_counts(site: Any) -> None:
    client = (await site.with_key("user")).client
    sent = [await client.post("/api/tickets", json=TICKET) for _ in range(2)]
    assert len({response.json()["id"] for response in sent}) == 2


async def test_a_key_of_another_request_is_refused_by_name(site: Any) -> None:
    client = (await site.with_key("user")).client
    headers = {"Idempotency-Key": "k"}
    await client.post("/api/tickets", json=TICKET, headers=headers)
    other = await client.post("/api/tickets", json={"subject": "Else"}, headers=headers)
    assert other.status_code == 422
    assert "Idempotency-Key" in other.json()["error"]


@pytest.mark.parametrize("key", ["", "x" * (LONGEST_KEY + 1)], ids=["empty", "long"])
async def test_a_key_that_cannot_be_one_is_refused_by_name(site: Any, key: str) -> None:
    client = (await site.with_key("user")).client
    response = await client.post("/api/tickets", json=TICKET, headers={"Idempotency-Key": key})
    assert response.status_code == 422
    assert "Idempotency-Key" in response.json()["error"]


async def test_the_description_says_which_requests_take_a_key(site: Any) -> None:
    document = (await (await site.stranger()).client.get("/api/openapi.json")).json()
    takers = {
        path
        for path, methods in document["paths"].items()
        for told in methods.values()
        if any(parameter["name"] == "Idempotency-Key" for parameter in told.get("parameters", ()))
    }
    one = "/api/tickets/{ticket_id}"
    assert takers == {"/api/tickets", f"{one}/replies", f"{one}/split"}
    page = await (await site.stranger()).get("/api/docs")
    assert "Idempotency-Key" in page.words()
