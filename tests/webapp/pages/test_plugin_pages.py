"""Admin, plugins: upload, switch, settings, and what the page tells."""

from dataclasses import replace
from typing import Any

import pytest

from supervisor.states import PluginState
from supervisor.views import ConfigFieldView, LogLine
from webapp.pages.plugin_forms import read_config

SCHEMA = {
    "webhook_url": {"type": "string", "label": "Webhook URL", "required": True, "secret": True},
    "channel": {"type": "string", "label": "Channel", "default": "#support"},
    "mention": {"type": "boolean", "label": "Mention all", "default": True},
    "retries": {"type": "integer", "label": "Retries"},
    "tone": {"type": "select", "label": "Tone", "options": ["calm", "loud"]},
}
SECRET = "https://hooks.example/seeded-secret"
AT = "/admin/plugins/org.example.probe"


async def upload(browser: Any, module: bytes, name: str = "probe.wasm") -> Any:
    token = (await browser.get("/admin/plugins")).csrf_token
    return await browser.client.post(
        "/admin/plugins",
        data={"csrf_token": token},
        files={"file": (name, module, "application/wasm")},
        follow_redirects=True,
    )


async def test_an_uploaded_plugin_arrives_disabled_with_all_that_it_declares(
    site: Any, make_module: Any
) -> None:
    browser = await site.as_("admin")
    module = make_module(
        permissions={"http": {"allowed_hosts": ["hooks.example"]}}, author="Example Corp"
    )
    response = await upload(browser, module, "C:\\fake path\\probe.wasm")
    assert response.status_code == 200
    assert response.url.path == f"{AT}/review"
    for shown in ("Permissions", "hooks.example", "Example Corp", "ticket.created"):
        assert shown in response.text
    assert "upload of probe.wasm" in response.text
    assert not (await site.shelf.overview.plugin("org.example.probe")).enabled


@pytest.mark.parametrize("module", [b"", b"not wasm", b"\0asm\1\0\0\0", b"\0asm\x0d\0\1\0"])
async def test_a_refused_file_says_why(site: Any, module: bytes) -> None:
    response = await upload(await site.as_("admin"), module)
    assert response.status_code == 422
    assert "was not installed" in response.text
    assert await site.shelf.overview.plugins() == []


async def test_a_form_without_a_file_asks_for_one(site: Any) -> None:
    page = await (await site.as_("admin")).submit("/admin/plugins", "/admin/plugins")
    assert page.status == 422
    assert "hoose a plugin file" in page.words()


async def test_a_file_over_the_limit_is_refused_and_one_below_it_is_read(
    build_site: Any, make_module: Any
) -> None:
    site = await build_site(max_upload_bytes=3_000_000)
    browser = await site.as_("admin")
    assert (await upload(browser, b"\0" * 3_000_001)).status_code == 413
    large = make_module(padding="x" * 1000) + b"\0\xff\xff\x7f\1p" + b"\0" * (0x1FFFFF - 2)
    assert (await upload(browser, large)).status_code == 200


async def test_a_plugin_is_not_enabled_before_its_required_fields_are_set(site: Any) -> None:
    await site.install(config_schema=SCHEMA)
    browser = await site.as_("admin")
    page = await browser.submit(AT, f"{AT}/enable")
    assert page.status == 422
    assert "webhook_url: this field is required" in page.words()
    page = await browser.submit(AT, f"{AT}/config", config__webhook_url=SECRET)
    assert "Settings saved." in page.words()
    page = await browser.submit(AT, f"{AT}/enable")
    assert "Plugin enabled." in page.words()
    page = await browser.submit(AT, f"{AT}/disable")
    assert "Plugin disabled." in page.words()


async def test_the_settings_form_saves_each_type(site: Any) -> None:
    await site.install(config_schema=SCHEMA)
    browser = await site.as_("admin")
    await browser.submit(
        AT,
        f"{AT}/config",
        config__webhook_url=SECRET,
        config__channel="#ops",
        config__retries="-3",
        config__tone="loud",
    )
    assert site.shelf.saved["org.example.probe"] == {
        "webhook_url": SECRET,
        "channel": "#ops",
        "mention": False,
        "retries": -3,
        "tone": "loud",
    }
    page = await browser.get(f"{AT}/settings")
    assert 'value="#ops"' in page.text
    assert 'value="-3"' in page.text
    assert "<option selected>loud</option>" in page.text


async def test_a_secret_is_shown_as_set_kept_when_left_empty_and_cleared_on_demand(
    site: Any,
) -> None:
    await site.install(config_schema=SCHEMA | {"extra": {"type": "string", "secret": True}})
    browser, saved = await site.as_("admin"), site.shelf.saved
    await browser.submit(
        AT, f"{AT}/config", config__webhook_url=SECRET, config__extra="another-secret"
    )
    await browser.submit(AT, f"{AT}/config", config__channel="#ops")
    assert saved["org.example.probe"]["webhook_url"] == SECRET
    assert saved["org.example.probe"]["extra"] == "another-secret"
    page = await browser.get(f"{AT}/settings")
    assert "Leave empty to keep" in page.text
    api = await browser.client.get("/api/admin/plugins")
    for text in (page.text, api.text):
        assert SECRET not in text
        assert "another-secret" not in text
    await browser.submit(AT, f"{AT}/config", clear__extra="on")
    assert "extra" not in saved["org.example.probe"]
    assert saved["org.example.probe"]["webhook_url"] == SECRET


async def test_a_setting_that_does_not_fit_is_named_and_the_rest_stays_typed(site: Any) -> None:
    await site.install(config_schema=SCHEMA)
    browser = await site.as_("admin")
    page = await browser.submit(
        AT, f"{AT}/config", config__webhook_url=SECRET, config__channel="#kept", config__retries="x"
    )
    assert page.status == 422
    assert "xpected a whole number, found 'x'" in page.words()
    assert 'value="#kept"' in page.text
    assert SECRET not in page.text
    assert site.shelf.saved["org.example.probe"] == {}


async def test_the_page_tells_state_process_errors_deliveries_and_log(
    site: Any, make_delivery: Any
) -> None:
    await site.install()
    site.shelf.views["org.example.probe"] = replace(
        site.shelf.views["org.example.probe"],
        enabled=True,
        state=PluginState.BACKING_OFF,
        state_reason="restarting in 4 s",
        pid=4242,
        error_count=7,
        last_error="it trapped",
    )
    site.shelf.told = [make_delivery(redelivered=True)]
    site.shelf.lines = [LogLine(1, "2026-04-05T14:00:00Z", "org.example.probe", "warn", "hm", None)]
    browser = await site.as_("admin")
    told = {
        AT: (
            *("Backing off: Restarting in 4 s.", "PID 4242", "it trapped"),
            *("Errors (24 h) 7", "Errors since installation 7"),
        ),
        f"{AT}/deliveries": ("ticket.created redelivered", "trap unreachable", "1.25 ms"),
        f"{AT}/log": ("warn hm",),
        "/admin/plugins/log": ("warn org.example.probe hm",),
        "/admin/plugins": ("it trapped backing off 4242",),
    }
    for address, every in told.items():
        words = (await browser.get(address)).words()
        for shown in every:
            assert shown in words, (address, shown)


async def test_uninstalling_removes_it(site: Any) -> None:
    await site.install()
    page = await (await site.as_("admin")).submit(f"{AT}/uninstall", f"{AT}/uninstall")
    assert "Plugin uninstalled." in page.words()
    assert await site.shelf.overview.plugins() == []


@pytest.mark.parametrize("step", ["enable", "disable", "config", "uninstall"])
async def test_a_plugin_that_is_not_there_is_not_found(site: Any, step: str) -> None:
    browser = await site.as_("admin")
    page = await browser.submit("/admin/plugins", f"/admin/plugins/com.example.none/{step}")
    assert page.status == 404


def field(kind: str, *, secret: bool = False) -> ConfigFieldView:
    return ConfigFieldView("f", kind, "F", "", False, secret, (), ("a",), None, None, False)


@pytest.mark.parametrize(
    ("kind", "fields", "values"),
    [
        ("string", {"config.f": "text"}, {"f": "text"}),
        ("string", {"config.f": ""}, {"f": None}),
        ("boolean", {"config.f": "on"}, {"f": True}),
        ("boolean", {}, {"f": False}),
        ("integer", {"config.f": " 12 "}, {"f": 12}),
        ("integer", {"config.f": "+7"}, {"f": 7}),
        ("integer", {"config.f": ""}, {"f": None}),
        ("select", {"config.f": "a"}, {"f": "a"}),
        ("select", {"config.f": ""}, {"f": None}),
    ],
)
def test_form_text_becomes_values(
    kind: str, fields: dict[str, str], values: dict[str, object]
) -> None:
    assert read_config(fields, [field(kind)]) == (values, {})


@pytest.mark.parametrize("text", ["x", "1.5", "--1", "١٢", "1e9", "9" * 21])
def test_what_is_no_number_is_named(text: str) -> None:
    values, problems = read_config({"config.f": text}, [field("integer")])
    assert values == {}
    assert "whole number" in problems["f"]


def test_an_empty_secret_says_nothing() -> None:
    assert read_config({"config.f": ""}, [field("string", secret=True)]) == ({}, {})
    cleared = {"config.f": "", "clear.f": "on"}
    assert read_config(cleared, [field("string", secret=True)]) == ({"f": None}, {})
