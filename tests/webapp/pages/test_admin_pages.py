"""Admin: people, groups, catalogue, statuses, settings, by the forms that admins use."""

import sqlite3
from typing import Any

import pytest

from helpdesk import accounts
from helpdesk.accounts import User
from helpdesk.actors import SYSTEM, Role
from helpdesk.ids import new_id


async def test_an_admin_makes_finds_edits_and_disables_an_account(site: Any, password: str) -> None:
    browser = await site.as_("admin")
    page = await browser.submit(
        "/admin/people/new",
        "/admin/people/new",
        name="Robin Ng",
        email="Robin@Example.com",
        role="staff",
        password=password,
    )
    assert "Account created." in page.words()
    robin = await site.desk.users.find_by_email(SYSTEM, "robin@example.com")
    assert robin.role is Role.STAFF
    found = await browser.get("/admin/people?q=robin")
    assert "Robin Ng" in found.words()
    assert "Other" not in found.words()
    at = f"/admin/people/{robin.id}"
    page = await browser.submit(
        at, at, name="Robin N.", email="robin@example.com", role="user", disabled="yes"
    )
    assert "Account saved." in page.words()
    robin = await site.desk.users.get(SYSTEM, robin.id)
    assert (robin.name, robin.role, robin.disabled) == ("Robin N.", Role.USER, True)
    refused = await (await site.stranger()).log_in("robin@example.com")
    assert refused.status == 401
    page = await browser.submit(at, at, name="Robin N.", email="robin@example.com", role="user")
    assert not (await site.desk.users.get(SYSTEM, robin.id)).disabled


async def test_a_refused_account_names_the_field_and_keeps_what_was_typed(site: Any) -> None:
    browser = await site.as_("admin")
    page = await browser.submit(
        "/admin/people/new", "/admin/people/new", name="Robin", email="user@example.com"
    )
    assert page.status == 409
    assert 'value="Robin"' in page.text
    page = await browser.submit(
        "/admin/people/new",
        "/admin/people/new",
        name="Robin",
        email="nonsense",
        password="a password that must not come back",
    )
    assert page.status == 422
    assert 'id="email-problem"' in page.text
    assert "must not come back" not in page.text
    page = await browser.submit(
        "/admin/people/new", "/admin/people/new", name="R", email="r@example.com", password="short"
    )
    assert page.status == 422
    assert 'id="password-problem"' in page.text


async def test_an_admin_sets_a_password_and_ends_sessions(site: Any) -> None:
    browser, victim, user = await site.as_("admin"), await site.as_("user"), site.people.user
    at = f"/admin/people/{user.id}"
    await browser.submit(at, f"{at}/sessions/end")
    assert (await victim.get("/api/me")).status == 401
    await browser.submit(at, f"{at}/password", password="a second password")
    assert (await (await site.stranger()).log_in(user.email, "a second password")).status == 200
    page = await browser.submit(at, f"{at}/password", password="short")
    assert page.status == 422


async def test_an_admin_revokes_somebody_s_key(site: Any) -> None:
    client, browser, user = await site.with_key("user"), await site.as_("admin"), site.people.user
    (key,) = await site.desk.api_keys.list(SYSTEM, user.id)
    at = f"/admin/people/{user.id}"
    await browser.submit(at, f"{at}/keys/{key.id}/revoke")
    assert (await client.get("/api/me")).status == 401


async def test_the_last_admin_stays(site: Any) -> None:
    browser, admin = await site.as_("admin"), site.people.admin
    at = f"/admin/people/{admin.id}"
    page = await browser.submit(at, at, name="Admin", email=admin.email, role="user")
    assert page.status == 409
    assert "last admin" in page.words()


async def test_a_group_is_made_filled_and_deleted(site: Any) -> None:
    browser, staff = await site.as_("admin"), site.people.staff
    category = await site.desk.catalogue.add_category(SYSTEM, "Hardware")
    page = await browser.submit("/admin/groups", "/admin/groups", name="Team")
    assert "Group created." in page.words()
    (group,) = await site.desk.groups.all(SYSTEM)
    at = f"/admin/groups/{group.id}"
    await browser.submit(at, at, name="Team A", member=staff.id, category=category.id)
    (group,) = await site.desk.groups.all(SYSTEM)
    assert (group.name, group.member_ids, group.category_ids) == (
        "Team A",
        (staff.id,),
        (category.id,),
    )
    assert "Hardware" in (await browser.get("/admin/groups")).words()
    ticket = await site.ticket()
    await site.desk.tickets.assign_group(SYSTEM, ticket.id, group.id)
    assert (await browser.submit(at, f"{at}/delete")).status == 409
    await site.desk.tickets.unassign(SYSTEM, ticket.id)
    page = await browser.submit(at, f"{at}/delete")
    assert "Group deleted." in page.words()
    assert await site.desk.groups.all(SYSTEM) == ()


async def test_a_disabled_member_stays_a_member_when_the_group_is_saved(site: Any) -> None:
    browser, staff = await site.as_("admin"), site.people.staff
    group = await site.desk.groups.create(SYSTEM, name="Team", member_ids=[staff.id])
    await site.desk.users.update(SYSTEM, staff.id, disabled=True)
    page = await browser.get(f"/admin/groups/{group.id}")
    assert f'value="{staff.id}" checked' in page.text


async def test_a_group_of_2_500_members_is_saved_and_shown(site: Any) -> None:
    now = site.desk.clock.now()

    def hire(connection: sqlite3.Connection) -> list[str]:
        people = [
            User(new_id(), f"staff{number}@example.com", f"Staff {number}", Role.STAFF, False, now)
            for number in range(2_500)
        ]
        for person in people:
            accounts.insert(connection, person, None)
        return [person.id for person in people]

    members = await site.desk.database.write(hire)
    group = await site.desk.groups.create(SYSTEM, name="Team")
    browser, at = await site.as_("admin"), f"/admin/groups/{group.id}"
    token = (await browser.get(at)).csrf_token
    fields = {"csrf_token": token, "name": "Team", "member": members}
    response = await browser.client.post(at, data=fields, follow_redirects=True)
    assert response.status_code == 200
    assert "Group saved." in response.text
    assert response.text.count(" checked>") == 2_500
    assert len((await site.desk.groups.get(SYSTEM, group.id)).member_ids) == 2_500


async def test_two_groups_of_one_name_are_refused(site: Any) -> None:
    browser = await site.as_("admin")
    await site.desk.groups.create(SYSTEM, name="Team")
    page = await browser.submit("/admin/groups", "/admin/groups", name="team")
    assert page.status == 409
    assert 'value="team"' in page.text


async def test_the_catalogue_grows_and_shrinks(site: Any) -> None:
    browser, catalogue = await site.as_("admin"), site.desk.catalogue
    page = await browser.submit("/admin/catalogue", "/admin/catalogue", name="Hardware")
    assert "Added." in page.words()
    (category,) = await catalogue.tree()
    at = f"/admin/catalogue/{category.id}"
    await browser.submit(at, f"{at}/add", name="Laptop")
    (category,) = await catalogue.tree()
    below = f"/admin/catalogue/{category.types[0].id}"
    await browser.submit(below, f"{below}/add", name="Battery")
    page = await browser.submit(below, f"{below}/rename", name="Notebook")
    assert "Renamed." in page.words()
    (category,) = await catalogue.tree()
    assert category.types[0].name == "Notebook"
    item = category.types[0].items[0]
    whole = (await browser.get("/admin/catalogue")).words()
    assert "Hardware" in whole
    assert "Notebook" in whole
    assert "Battery" in whole
    lowest = f"/admin/catalogue/{item.id}"
    assert "items" not in (await browser.get(lowest)).text.split("<h1>")[1]
    await site.ticket(category="Hardware", type="Notebook", item="Battery")
    page = await browser.submit(lowest, f"{lowest}/delete")
    assert page.status == 409
    assert "uses this item" in page.words()
    await browser.submit("/admin/catalogue", "/admin/catalogue", name="Software")
    software = next(node for node in await catalogue.tree() if node.name == "Software")
    at = f"/admin/catalogue/{software.id}"
    assert (await browser.submit(at, f"{at}/rename", name="hardware")).status == 409
    await browser.submit(at, f"{at}/delete")
    assert [node.name for node in await catalogue.tree()] == ["Hardware"]


async def test_statuses_are_added_renamed_and_removed(site: Any) -> None:
    browser, at = await site.as_("admin"), "/admin/statuses"
    await browser.submit(at, at, name="Waiting")
    await browser.submit(at, f"{at}/rename", status="Waiting", new_name="On hold")
    names = [status.name for status in await site.desk.statuses.all()]
    assert names == ["New", "On hold", "Resolved", "Closed"]
    assert (
        await browser.submit(at, f"{at}/rename", status="On hold", new_name="New")
    ).status == 409
    assert (await browser.submit(at, f"{at}/rename", status="Closed", new_name="x")).status == 409
    assert (await browser.submit(at, f"{at}/remove", status="Nothing")).status == 422
    ticket = await site.ticket()
    await site.desk.tickets.set_status(SYSTEM, ticket.id, "On hold")
    assert (await browser.submit(at, f"{at}/remove", status="On hold")).status == 409
    await site.desk.tickets.set_status(SYSTEM, ticket.id, "New")
    page = await browser.submit(at, f"{at}/remove", status="On hold")
    assert "Status removed." in page.words()


async def test_settings_are_saved_together_or_not_at_all(site: Any) -> None:
    browser, at = await site.as_("admin"), "/admin/settings"
    good = {
        "site_name": "Help",
        "site_url": "https://help.example.com/",
        "reopen_window_days": "3",
        "session_days": "7",
        "plugin_error_threshold": "40",
    }
    page = await browser.submit(at, at, **good)
    assert "Settings saved." in page.words()
    values = await site.desk.settings.all()
    assert (values.site_url, values.reopen_window_days, values.plugin_error_threshold) == (
        "https://help.example.com",
        3,
        40,
    )
    page = await browser.submit(at, at, **good | {"session_days": "0", "site_name": "Other"})
    assert page.status == 422
    assert 'id="session_days-problem"' in page.text
    assert 'value="Other"' in page.text
    assert (await site.desk.settings.all()).site_name == "Help"


@pytest.mark.parametrize(
    "path",
    [
        "/admin/people/none",
        "/admin/groups/none",
        "/admin/catalogue/none",
        "/admin/people/%00",
        "/admin/groups/..%2f..",
    ],
)
async def test_what_is_not_there_is_not_found(site: Any, path: str) -> None:
    browser = await site.as_("admin")
    assert (await browser.get(path)).status == 404


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/admin/people/none", {"name": "x", "email": "x@example.com", "role": "user"}),
        ("/admin/people/none/password", {"password": "long enough"}),
        ("/admin/people/none/sessions/end", {}),
        ("/admin/groups/none", {"name": "x"}),
        ("/admin/groups/none/delete", {}),
        ("/admin/catalogue/none/add", {"name": "x"}),
        ("/admin/catalogue/none/rename", {"name": "x"}),
        ("/admin/catalogue/none/delete", {}),
    ],
)
async def test_what_is_not_there_cannot_be_changed(site: Any, path: str, fields: Any) -> None:
    browser = await site.as_("admin")
    assert (await browser.submit("/admin/groups", path, **fields)).status == 404
