"""Webhook routes: a signature in the place of a login, over a real supervisor."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from supervisor.delivery.webhooks import MOST_BYTES
from tests.goatkit_modules import goatkit_module

ID, PATH = "goatkit.hooks", "/api/plugins/hooks/push"
REGISTRATION = {
    "name": "hooks",
    "routes": [
        {"method": "POST", "path": PATH, "handler": "echo", "middleware": ["webhook"]},
        {
            "method": "POST",
            "path": f"{PATH}/both",
            "handler": "echo",
            "middleware": ["auth", "webhook"],
        },
    ],
}
SECRET = "hunter2-hunter2"
BODY = json.dumps({"action": "opened", "_user_id": 7, "org_id": 3}).encode()


@pytest.fixture
async def site(real_site: Any) -> Any:
    shelf = real_site.shelf
    await shelf.installs.install(goatkit_module(REGISTRATION, {}), source="test", actor="test")
    await shelf._parts.store.data.set_secret(ID, "hooks_webhook_secret", SECRET)
    await shelf.controls.set_enabled(ID, True, actor="test")
    return real_site


async def post(site: Any, body: bytes = BODY, path: str = PATH, **headers: str) -> Any:
    browser = await site.stranger()
    return await browser.client.post(
        path, content=body, headers={"Content-Type": "application/json", **headers}
    )


def signed(body: bytes = BODY) -> dict[str, str]:
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}"}


async def test_a_signed_request_reaches_the_plugin_once_that_is_granted(site: Any) -> None:
    assert (await post(site, **signed())).status_code == 401
    await site.shelf.controls.grant(ID, f"public_route:{PATH}", actor="test")
    answer = await post(site, **signed())
    assert answer.status_code == 200
    sent = answer.json()
    assert (sent["action"], sent["_method"], sent["_org_id"]) == ("opened", "POST", 0)
    assert "_user_id" not in sent
    assert sent["org_id"] == 0


async def test_any_other_request_is_refused_and_on_record(site: Any) -> None:
    await site.shelf.controls.grant(ID, f"public_route:{PATH}", actor="test")
    large = b'"' + b"x" * MOST_BYTES + b'"'
    assert (await post(site)).status_code == 401
    assert (await post(site, b"{}", **signed())).status_code == 401
    assert (await post(site, large, **signed(large))).status_code in {401, 413}
    found = await site.shelf.deliveries.page(ID)
    assert {view.outcome for view in found} == {"dropped"}
    assert any("no signature" in str(view.error) for view in found)


async def test_a_login_that_is_asked_for_too_is_needed_all_the_same(site: Any) -> None:
    await site.shelf.controls.grant(ID, "public_route", actor="test")
    assert (await post(site, path=f"{PATH}/both", **signed())).status_code == 401
