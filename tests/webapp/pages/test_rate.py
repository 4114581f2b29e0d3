"""The question how it went by pages: the link in a letter, the ticket, the list, the dashboard."""

import re
from typing import Any

import pytest

from helpdesk.actors import SYSTEM
from helpdesk.mail import outgoing


@pytest.fixture
async def asked(site: Any) -> Any:
    await site.desk.mail.show_on_page()
    await site.desk.settings.update(SYSTEM, ask_rating="yes")
    return site


async def test_a_scanner_that_follows_the_link_rates_nothing_and_a_form_does(
    asked: Any, hostile: str
) -> None:
    ticket = await asked.ticket(by="user", subject=hostile)
    await asked.desk.tickets.resolve(asked.people.admin.actor, ticket.id, "Done")
    found = await asked.desk.database.read(lambda c: outgoing.newest(c, None, 100))
    texts = [one.letter.text for one in found if one.address == "user@example.com"]
    at = re.search(r"/rate/\S+", texts[0])[0]
    browser = await asked.stranger()
    for query in ("", "?score=bad"):
        page = await browser.get(at + query)
        assert (page.status, hostile in page.text) == (200, False)
        assert (await browser.client.head(at + query)).status_code == 200
    admin = asked.people.admin.actor
    assert (await asked.desk.ratings.of_ticket(admin, ticket.id)).rating is None
    refused = await browser.submit(at, at, score="great")
    assert refused.status == 422
    page = await browser.submit(at, at, score="bad", comment=hostile)
    assert "Thank you" in page.words()
    staff = await asked.as_("staff")
    shown = await staff.get(f"/tickets/{ticket.number}")
    assert ("Bad" in shown.words(), hostile in shown.text) == (True, False)
    assert ticket.id in (await staff.get("/tickets?rating=bad")).text
    assert ticket.id not in (await staff.get("/tickets?rating=good")).text
    assert "Bad: 1" in (await staff.get("/dashboard")).words()
    assert "Satisfaction" not in (await (await asked.as_("user")).get("/dashboard")).words()


async def test_the_requester_answers_on_the_page_of_the_ticket(asked: Any) -> None:
    ticket = await asked.ticket(by="user")
    browser, at = await asked.as_("user"), f"/tickets/{ticket.number}"
    assert "How did it go?" not in (await browser.get(at)).words()
    await asked.desk.tickets.resolve(asked.people.admin.actor, ticket.id, "Done")
    page = await browser.submit(at, f"{at}/rate", score="ok", comment="fine")
    assert ("Your answer is saved" in page.words(), "Change answer" in page.words()) == (True, True)
    key = (await asked.with_key("user")).client
    body = {"score": "good"}
    changed = await key.put(f"/api/tickets/{ticket.id}/rating", json=body)
    assert (changed.json()["score"], changed.json()["comment"]) == ("good", "")
    counted = await (await asked.with_key("staff")).client.get("/api/ratings")
    assert counted.json() == {"good": 1, "ok": 0, "bad": 0}
