"""A link from an admin to a password of one's own, by pages and by the API."""

import re
from html import unescape
from typing import Any

PASSWORD = "a new password"


async def test_an_admin_hands_over_a_link_and_its_holder_sets_a_password(site: Any) -> None:
    admin, person = await site.as_("admin"), site.people.other
    at = f"/admin/people/{person.id}"
    page = await admin.submit(at, f"{at}/invitation")
    link = unescape(
        re.search(r'id="link" type="text" (?:dir="auto" )?value="([^"]+)"', page.text)[1]
    )
    path = "/invitation" + link.partition("/invitation")[2]
    assert link.startswith("http")
    assert 'id="link"' not in (await admin.get(at)).text
    browser = await site.stranger()
    form = await browser.get(path)
    assert (form.status, "other@example.com" in form.text) == (200, True)
    token = path.partition("token=")[2]
    fields = {"token": token, "password": PASSWORD}
    differs = await browser.submit(path, "/invitation", password_again="another", **fields)
    assert (differs.status, PASSWORD in differs.text) == (422, False)
    done = await browser.submit(path, "/invitation", password_again=PASSWORD, **fields)
    assert done.response.url.path == "/tickets"
    again = await (await site.stranger()).get(path)
    assert (again.status, "used already" in again.words()) == (404, True)
    assert (await (await site.stranger()).log_in("other@example.com", PASSWORD)).status == 200


async def test_the_api_makes_links_and_the_login_page_says_where_to_ask(site: Any) -> None:
    admin = await site.as_("admin")
    made = await admin.call("POST", f"/api/users/{site.people.user.id}/invitation")
    assert made.status_code == 201
    assert "/invitation?token=" in made.json()["url"]
    assert "Forgot your password?" in (await (await site.stranger()).get("/login")).words()
