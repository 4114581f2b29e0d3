"""Consent: a refused call is listed on the plugin's page, with one click that allows it."""

from typing import Any

import pytest
import trio

from tests.goatkit_modules import goatkit_module
from tests.guests.build import build_guest

ID = "goatkit.desk"
STATES = "/api/plugins/desk/states"
AT = f"/admin/plugins/{ID}"


def asks_for_http(module: bytes) -> bytes:
    """Return the module with its first route calling ``http_request``, which it never declared."""
    old = b'"list_ticket_states"'
    assert module.count(old) == 1
    return module.replace(old, b'"http_request"'.ljust(len(old)))


async def install(site: Any, module: bytes) -> None:
    view = await site.shelf.installs.install(module, source="a test", actor="test")
    await site.shelf.controls.set_enabled(view.id, True, actor="test")


@pytest.fixture
async def desk_module() -> bytes:
    path = await trio.to_thread.run_sync(build_guest, "wat/goatkit_desk")
    return path.read_bytes()


async def test_a_refused_call_is_allowed_by_one_click(real_site: Any, desk_module: bytes) -> None:
    await install(real_site, desk_module)
    staff, admin = await real_site.as_("staff"), await real_site.as_("admin")
    assert (await staff.client.get(STATES)).json() is None
    page = await admin.get(AT)
    assert "Refused calls" in page.words()
    assert "refused once" in page.words()
    assert 'value="ticket:read"' in page.text
    done = await admin.submit(AT, f"{AT}/grant", permission="ticket:read")
    assert "Permission granted" in done.words()
    assert "Refused calls" not in (await admin.get(AT)).words()
    assert (await staff.client.get(STATES)).json()["states"] != []
    audit = (await admin.get("/admin/audit")).words()
    assert "plugin.narrowed" in audit or "plugin narrowed" in audit


async def test_what_was_never_asked_for_can_be_allowed_too(
    real_site: Any, desk_module: bytes
) -> None:
    await install(real_site, asks_for_http(desk_module))
    staff, admin = await real_site.as_("staff"), await real_site.as_("admin")
    await staff.client.get(f"{STATES}?url=https://api.example.com/")
    await staff.client.get(f"{STATES}?url=https://api.example.com/")
    page = await admin.get(f"{AT}/review")
    assert "Sends requests to api.example.com" in page.words()
    assert "refused 2 times" in page.words()
    token = "http:api.example.com"
    await admin.submit(f"{AT}/review", f"{AT}/grant", permission=token)
    view = await real_site.shelf.overview.plugin(ID)
    assert token in {one.token for one in view.permissions if one.granted}
    # Denied on the review page, and allowed once more.
    rest = [one.token for one in view.permissions if one.token != token]
    await admin.client.post(
        f"{AT}/permissions",
        data={"csrf_token": page.csrf_token, "shown": [token, *rest], "allowed": []},
    )
    assert "Refused calls" in (await admin.get(AT)).words()
    await admin.submit(AT, f"{AT}/grant", permission=token)
    assert "Refused calls" not in (await admin.get(AT)).words()


async def test_only_an_admin_with_the_page_s_token_grants(
    real_site: Any, desk_module: bytes
) -> None:
    await install(real_site, desk_module)
    staff, admin = await real_site.as_("staff"), await real_site.as_("admin")
    assert (await staff.submit("/tickets", f"{AT}/grant", permission="db:read")).status == 403
    bare = await admin.client.post(f"{AT}/grant", data={"permission": "db:read"})
    assert bare.status_code == 403
    view = await real_site.shelf.overview.plugin(ID)
    assert not any(one.granted for one in view.permissions)


@pytest.mark.parametrize(
    ("permission", "scope", "said"),
    [
        ("everything", "", "is not a permission"),
        ("http", "not a host", "is not a scope of http"),
        ("", "", "is not a permission"),
        ("db:read:" + "t," * 5000, "", "has at most"),
    ],
)
async def test_what_is_no_permission_is_named(
    real_site: Any, desk_module: bytes, permission: str, scope: str, said: str
) -> None:
    await install(real_site, desk_module)
    admin = await real_site.as_("admin")
    page = await admin.submit(f"{AT}/review", f"{AT}/grant", permission=permission, scope=scope)
    assert page.status == 422
    assert said in page.words()


async def test_one_that_declares_nothing_is_given_what_is_picked(real_site: Any) -> None:
    await install(real_site, goatkit_module({"name": "silent"}, {}))
    admin, at = await real_site.as_("admin"), "/admin/plugins/goatkit.silent"
    page = await admin.get(f"{at}/review")
    assert "doesn't say what it needs" in page.words()
    assert 'value="http"' in page.text
    await admin.submit(f"{at}/review", f"{at}/grant", permission="db:read", scope="ticket, queue")
    view = await real_site.shelf.overview.plugin("goatkit.silent")
    assert [one.token for one in view.permissions if one.granted] == ["db:read:queue,ticket"]


async def test_what_a_guest_writes_itself_is_no_offer_of_nonsense(
    real_site: Any, desk_module: bytes
) -> None:
    await install(real_site, desk_module)
    staff = await real_site.as_("staff")
    for line in ("x: grant nonsense to allow it", "x: grant http:; to allow it", "<b>: grant"):
        body = {"level": "warn", "message": line}
        assert (await staff.call("POST", "/api/plugins/desk/log", body)).status_code == 200
    assert "Refused calls" not in (await (await real_site.as_("admin")).get(AT)).words()
