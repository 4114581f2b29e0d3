"""What somebody wrote is in the answer wherever a form is not taken."""

import pytest

REPLY = "A reply that took me half an hour.\n\nTwo paragraphs of it."


@pytest.fixture
def headers(site):
    return {"Origin": site.url, "Sec-Fetch-Site": "same-origin", "Referer": f"{site.url}/tickets/1"}


async def test_a_session_that_ended_asks_to_log_in_and_shows_what_was_written(site, headers):
    await site.ticket()
    browser = await site.as_("user")
    token = (await browser.get("/tickets/1")).csrf_token
    browser.client.cookies.clear()
    response = await browser.client.post(
        "/tickets/1/reply", data={"csrf_token": token, "reply": REPLY}, headers=headers
    )
    assert response.status_code == 401
    assert REPLY in response.text
    assert "API key" not in response.text
    assert "your session has ended" in response.text.lower()
    assert '<input type="hidden" name="next" value="/tickets/1">' in response.text
    assert (await site.desk.tickets.detail(site.people.admin.actor, "1")).replies == ()


async def test_after_the_log_in_one_is_where_one_was(site, headers, password):
    await site.ticket()
    browser = await site.stranger()
    shown = await browser.client.post("/tickets/1/reply", data={"reply": REPLY}, headers=headers)
    token = shown.text.split('name="csrf_token" value="')[1].split('"')[0]
    fields = {"csrf_token": token, "next": "/tickets/1"}
    credentials = {"email": "user@example.com", "password": password}
    response = await browser.client.post("/login", data=fields | credentials)
    assert response.headers["Location"] == "/tickets/1"


async def test_a_page_that_is_out_of_date_gives_the_text_back(site, headers):
    await site.ticket()
    browser = await site.as_("user")
    fields = {"csrf_token": "of another session", "reply": REPLY}
    response = await browser.client.post("/tickets/1/reply", data=fields, headers=headers)
    assert response.status_code == 403
    assert REPLY in response.text
    assert 'href="/tickets/1"' in response.text


async def test_a_ticket_that_was_closed_meanwhile_gives_the_text_back(site):
    ticket = await site.ticket()
    staff = await site.as_("staff")
    page = await staff.get("/tickets/1")
    actor = site.people.staff.actor
    await site.desk.tickets.resolve(actor, ticket.id, "")
    await site.desk.tickets.close(actor, ticket.id)
    for step, name in (("reply", "reply"), ("resolve", "notes")):
        fields = {"csrf_token": page.csrf_token, name: REPLY}
        response = await staff.client.post(f"/tickets/1/{step}", data=fields)
        assert response.status_code >= 400
        assert REPLY in response.text


async def test_a_foreign_page_puts_no_words_on_ours(site):
    browser = await site.stranger()
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    response = await browser.client.post(
        "/tickets/1/reply", data={"reply": "call +1 555 0100"}, headers=foreign
    )
    assert response.status_code == 401
    assert "555" not in response.text


async def test_a_password_is_never_shown_again(site, headers):
    browser = await site.stranger()
    response = await browser.client.post(
        "/profile/password", data={"current": "hunter2!", "new": "hunter3!"}, headers=headers
    )
    assert response.status_code == 401
    assert "hunter" not in response.text


@pytest.mark.parametrize(
    "referer", ["https://evil.example/x", "//evil.example/", "http://[", "/tickets/1", ""]
)
async def test_the_way_back_stays_on_this_site(site, headers, referer):
    browser = await site.stranger()
    headers["Referer"] = referer
    response = await browser.client.post("/tickets/1/reply", data={"reply": "x"}, headers=headers)
    assert '<input type="hidden" name="next" value="/">' in response.text
