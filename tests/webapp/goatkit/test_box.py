"""In the box: from the list to a review like any other, by page and by API."""

from typing import Any

import pytest

from webapp.pages import installs

ID = "goatkit.statistics"
BOX = "/api/admin/plugins/box"


async def boxed(browser: Any) -> dict[str, Any]:
    listed = (await browser.client.get(BOX)).json()["data"]
    return {one["name"]: one for one in listed}["statistics"]


async def test_one_click_installs_and_leads_to_the_review(
    real_site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installs, "PATIENCE_S", 60.0)
    admin = await real_site.as_("admin")
    page = await admin.get("/admin/plugins")
    assert "In the box" in page.words()
    assert 'name="box" value="statistics"' in page.text
    review = await admin.submit("/admin/plugins", "/admin/plugins", box="statistics")
    assert review.response.url.path == f"/admin/plugins/{ID}/review"
    assert "Nothing is granted by itself" in review.words()
    plugin = await real_site.shelf.overview.plugin(ID)
    assert (plugin.enabled, any(one.granted for one in plugin.permissions)) == (False, False)
    again = (await admin.get("/admin/plugins")).text
    assert 'aria-label="Install Statistics"' not in again
    assert (await boxed(admin))["standing"] == "installed"


async def test_the_api_installs_for_admins_alone(real_site: Any) -> None:
    staff, admin = await real_site.with_key("staff"), await real_site.with_key("admin")
    at = f"{BOX}/statistics"
    assert (await staff.client.post(at)).status_code == 403
    assert (await boxed(admin))["standing"] == "available"
    made = await admin.client.post(at)
    assert made.status_code in {201, 202}
    if made.status_code == 201:
        assert made.headers["Location"] == f"/api/admin/plugins/{ID}"
        assert (await admin.client.post(at)).status_code == 422
    none = await admin.client.post(f"{BOX}/nothing")
    assert none.status_code == 404
    assert "is not in the box" in none.json()["error"]
