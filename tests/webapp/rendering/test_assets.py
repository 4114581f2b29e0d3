"""Static files: named by their content, all the way down."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from webapp.rendering import vendored
from webapp.rendering.assets import ASSETS, asset_url


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


async def test_an_asset_travels_packed_to_those_who_can_unpack_it(site: Any) -> None:
    browser = await site.stranger()
    packed = (await browser.get(asset_url("app.css"), headers={"Accept-Encoding": "gzip"})).response
    plain = (
        await browser.get(asset_url("app.css"), headers={"Accept-Encoding": "identity"})
    ).response
    refused = (
        await browser.get(asset_url("app.css"), headers={"Accept-Encoding": "gzip;q=0"})
    ).response
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert "Content-Encoding" not in refused.headers
    assert packed.content == plain.content == ASSETS["app.css"].body
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 2
    page = (await browser.get("/login", headers={"Accept-Encoding": "gzip"})).response
    assert "Content-Encoding" not in page.headers


def test_a_script_names_the_scripts_that_it_imports_by_their_content() -> None:
    imports = [
        (name, found)
        for name, asset in ASSETS.items()
        for found in re.findall(r'from "([^"]+)"', asset.body.decode())
    ]
    assert imports != []
    for name, address in imports:
        imported = re.fullmatch(r"/static/([\w-]+\.js)\?v=\w+", address)
        assert imported is not None, name
        assert address == asset_url(imported[1])


def test_no_script_writes_markup() -> None:
    for name, asset in ASSETS.items():
        assert not re.search(
            rb"innerHTML|outerHTML\s*=[^=]|insertAdjacentHTML|document\.write|eval\(", asset.body
        ), name


def test_chart_js_is_the_version_that_the_lock_file_pins() -> None:
    folder = Path(__file__).resolve().parents[3] / "packaging" / "vendor"
    lock = json.loads((folder / "package-lock.json").read_text("utf-8"))
    pinned = lock["packages"]["node_modules/chart.js"]
    assert pinned["version"] == vendored.CHART.version
    assert pinned["integrity"].startswith("sha512-")
    assert not any("resolved" in package for package in lock["packages"].values())


def test_a_script_that_is_not_the_pinned_one_is_not_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vendored, "FOLDER", tmp_path)
    assert vendored.CHART.read() is None
    (tmp_path / vendored.CHART.name).write_text("alert(1)")
    assert vendored.CHART.read() is None


async def test_a_script_that_is_missing_says_how_to_get_it(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.rendering.assets.VENDORED", {})
    answer = await (await site.stranger()).client.get("/static/vendor/chart.min.js")
    assert answer.status_code == 404
    assert "run `make vendor`" in answer.text
    there = await (await site.stranger()).client.get("/static/vendor/none.js")
    assert (there.status_code, "make vendor" in there.text) == (404, False)
