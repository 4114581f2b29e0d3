"""A plugin's own limits: the form under its settings, and the API."""

from typing import Any

AT = "/admin/plugins/org.example.probe"


async def test_the_form_sets_limits_and_an_empty_field_goes_back(site: Any) -> None:
    await site.install()
    browser = await site.as_("admin")
    page = await browser.submit(
        f"{AT}/settings", f"{AT}/limits", limit__memory_mib="128", limit__deadline_s=" 0.5 "
    )
    assert "Limits saved. They apply" in page.words()
    assert 'placeholder="64" value="128"' in page.text
    assert 'placeholder="5.0" value' not in page.text
    assert 'placeholder="5" value="0.5"' in page.text
    assert 'placeholder="20000" value=""' in page.text
    assert "Linear memory. 1\N{EN DASH}1024 MiB. Default: 64 MiB." in page.words()
    found = {
        one.name: one for one in (await site.shelf.overview.plugin("org.example.probe")).limits
    }
    assert [one.name for one in found.values() if one.is_overridden] == ["deadline_s", "memory_mib"]
    page = await browser.submit(f"{AT}/settings", f"{AT}/limits", limit__memory_mib="128")
    assert 'placeholder="5" value=""' in page.text
    assert 'placeholder="64" value="128"' in page.text


async def test_what_does_not_fit_is_said_beside_its_field_and_stays_typed(site: Any) -> None:
    await site.install()
    browser = await site.as_("admin")
    for memory, said in (
        ("lots", "Expected a number, found 'lots'."),
        ("5000", "Expected a number from 1 to 1024 MiB, found 5000."),
    ):
        page = await browser.submit(
            f"{AT}/settings", f"{AT}/limits", limit__memory_mib=memory, limit__log_lines="7"
        )
        assert page.status == 422
        assert said in page.words()
        assert 'id="limit.memory_mib-problem"' in page.text
        assert f'value="{memory}"' in page.text
        assert 'value="7"' in page.text
    plugin = await site.shelf.overview.plugin("org.example.probe")
    assert not any(one.is_overridden for one in plugin.limits)


async def test_the_api_shows_sets_and_resets_limits(site: Any) -> None:
    await site.install()
    client = (await site.with_key("admin")).client
    changed = await client.patch(f"/api{AT}", json={"limits": {"memory_mib": 128}})
    assert changed.status_code == 200
    found = {one["name"]: one for one in changed.json()["limits"]}
    assert found["memory_mib"] | {"sentence": "", "label": ""} == {
        "name": "memory_mib",
        "label": "",
        "unit": "MiB",
        "value": 128,
        "default": 64,
        "least": 1,
        "most": 1024,
        "sentence": "",
        "is_overridden": True,
    }
    assert found["deadline_s"]["is_overridden"] is False
    for limits in ({"memory_mib": 0.5}, {"memory_mib": "128"}, {"colour": 1}, {"log_lines": 1.5}):
        refused = await client.patch(f"/api{AT}", json={"limits": limits})
        assert refused.status_code == 422, limits
        assert next(iter(limits)) in refused.json()["error"] or "limits" in refused.json()["error"]
    back = await client.patch(f"/api{AT}", json={"limits": {"memory_mib": None}})
    assert not any(one["is_overridden"] for one in back.json()["limits"])


async def test_only_admins_set_limits(site: Any) -> None:
    await site.install()
    client = (await site.with_key("staff")).client
    assert (await client.patch(f"/api{AT}", json={"limits": {}})).status_code == 403
