"""Static files: named by their content, all the way down."""

import re
from typing import Any

from webapp.assets import ASSETS, asset_url


async def test_an_asset_under_its_name_may_be_kept_for_good(site: Any) -> None:
    browser = await site.stranger()
    for name in ASSETS:
        answer = (await browser.get(asset_url(name))).response
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        stale = (await browser.get(f"/static/{name}?v=another")).response
        assert "immutable" not in stale.headers["Cache-Control"]
        tag = {"If-None-Match": answer.headers["ETag"]}
        assert (await browser.get(asset_url(name), headers=tag)).status == 304


def test_a_script_names_the_scripts_that_it_imports_by_their_content() -> None:
    imports = [
        (name, found)
        for name, asset in ASSETS.items()
        for found in re.findall(r'from "([^"]+)"', asset.body.decode())
    ]
    assert imports != []
    for name, address in imports:
        imported = re.fullmatch(r"/static/(\w+\.js)\?v=\w+", address)
        assert imported is not None, name
        assert address == asset_url(imported[1])


def test_no_script_writes_markup() -> None:
    for name, asset in ASSETS.items():
        assert not re.search(
            rb"innerHTML|outerHTML\s*=[^=]|insertAdjacentHTML|document\.write|eval\(", asset.body
        ), name
