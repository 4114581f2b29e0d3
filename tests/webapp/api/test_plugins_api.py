"""Administration of plugins over the API."""

from typing import Any

from supervisor.views import LogLine

AT = "/api/admin/plugins/org.example.probe"
SCHEMA = {
    "token": {"type": "string", "required": True, "secret": True},
    "count": {"type": "integer", "default": 3},
}


async def test_install_configure_enable_and_uninstall(site: Any, make_module: Any) -> None:
    client = (await site.with_key("admin")).client
    files = {"file": ("probe.wasm", make_module(config_schema=SCHEMA), "application/wasm")}
    installed = await client.post("/api/admin/plugins", files=files)
    assert installed.status_code == 201
    assert installed.headers["Location"] == AT
    plugin = installed.json()
    assert (plugin["id"], plugin["enabled"], plugin["state"]) == (
        "org.example.probe",
        False,
        "disabled",
    )
    assert plugin["status"] == plugin["state"]
    assert plugin["pid"] is None
    assert plugin["error_count"] == 0
    early = await client.patch(AT, json={"enabled": True})
    assert early.status_code == 422
    assert "token" in early.json()["error"]
    ready = await client.patch(
        AT, json={"config": {"token": "s3cret", "count": 5}, "enabled": True}
    )
    assert ready.status_code == 200
    assert ready.json()["enabled"] is True
    assert "s3cret" not in ready.text
    fields = {field["name"]: field for field in ready.json()["config"]}
    assert (fields["token"]["value"], fields["token"]["is_set"]) == (None, True)
    assert fields["count"]["value"] == 5
    listed = (await client.get("/api/admin/plugins")).json()
    assert [row["id"] for row in listed["data"]] == ["org.example.probe"]
    assert listed["total"] == 1
    assert (await client.delete(AT)).status_code == 204
    assert (await client.get(AT)).status_code == 404


async def test_settings_that_do_not_fit_are_named_without_their_values(site: Any) -> None:
    await site.install(config_schema=SCHEMA)
    client = (await site.with_key("admin")).client
    response = await client.patch(AT, json={"config": {"token": "s3cret", "count": "many"}})
    assert response.status_code == 422
    assert "count" in response.json()["error"]
    assert "many" not in response.json()["error"]
    strange = await client.patch(AT, json={"config": {"token": "t", "colour": "red"}})
    assert "colour" in strange.json()["error"]
    unknown = await client.patch(AT, json={"enable": True})
    assert unknown.status_code == 422
    assert "enable" in unknown.json()["error"]


async def test_a_refused_module_says_why(site: Any) -> None:
    client = (await site.with_key("admin")).client
    files = {"file": ("x.wasm", b"\0asm\1\0\0\0", "application/wasm")}
    response = await client.post("/api/admin/plugins", files=files)
    assert response.status_code == 422
    assert "ohd_manifest" in response.json()["error"]
    missing = await client.post("/api/admin/plugins", files={"other": ("x", b"x")})
    assert missing.status_code == 422
    assert "'file'" in missing.json()["error"]


async def test_deliveries_logs_and_processes(site: Any, make_delivery: Any) -> None:
    await site.install()
    site.shelf.told = [make_delivery(id="b"), make_delivery(id="a")]
    site.shelf.lines = [LogLine(1, "2026-04-05T14:00:00Z", "org.example.probe", "info", "hi", None)]
    client = (await site.with_key("admin")).client
    deliveries = (await client.get(f"{AT}/deliveries")).json()
    assert [row["id"] for row in deliveries["data"]] == ["b", "a"]
    assert deliveries["data"][0]["outcome"] == "trap"
    older = (await client.get(f"{AT}/deliveries?before=b&limit=1")).json()
    assert [row["id"] for row in older["data"]] == ["a"]
    logs = (await client.get(f"{AT}/logs")).json()
    assert logs["data"][0]["message"] == "hi"
    processes = (await client.get("/api/admin/processes")).json()["data"]
    assert [row["plugin_id"] for row in processes] == ["org.example.probe"]
    assert (await client.get(f"{AT}/logs?limit=0")).status_code == 422
    for path in ("deliveries", "logs"):
        gone = await client.get(f"/api/admin/plugins/com.example.none/{path}")
        assert gone.status_code == 404
