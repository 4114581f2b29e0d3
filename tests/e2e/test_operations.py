"""A running server in an operator's hands: watched, told to reload, backed up, its key replaced."""

import json
import os
import signal
import socket
import sqlite3

import httpx
import pytest
import trio
from prometheus_client.parser import text_string_to_metric_families

from tests.server_process import PATIENCE_S, ohd

SECRET = "xoxb-very-secret-17"


async def run_ohd(helpdesk, *words):
    return await trio.to_thread.run_sync(
        lambda: ohd(*words, "--data", "data", cwd=helpdesk.server.folder)
    )


async def until(ask, good):
    """Ask another process again until its answer is good, and return it."""
    with trio.fail_after(PATIENCE_S):
        while not good(answer := await ask()):  # noqa: ASYNC110 - of another process
            await trio.sleep(0.02)
    return answer


async def until_logged(helpdesk, word):
    async def read():
        return helpdesk.server.log

    await until(read, lambda log: word in log)


def samples(text):
    """Return every sample of a scrape, by name and labels."""
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def scrape(helpdesk):
    response = await helpdesk.client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    return samples(response.text)


async def test_a_scrape_tells_of_plugins_processes_and_the_server(helpdesk):
    good = await helpdesk.install("wat/noop")
    bad = await helpdesk.install("wat/trap")
    for _ in range(3):
        await helpdesk.ticket()
    await helpdesk.deliveries(good, 3)
    await helpdesk.deliveries(bad, 3)
    found = await scrape(helpdesk)
    plugin = ("plugin", good)
    assert found["ohd_plugin_deliveries_total", ("outcome", "ok"), plugin] == 3
    assert found["ohd_plugin_deliveries_total", ("outcome", "trap"), ("plugin", bad)] == 3
    assert found["ohd_plugin_delivery_seconds_count", plugin] == 3
    assert found["ohd_plugin_delivery_seconds_bucket", ("le", "+Inf"), plugin] == 3
    assert 0 < found["ohd_plugin_delivery_seconds_sum", plugin] < 60
    assert found["ohd_plugin_process_starts_total", plugin] == 1
    assert found["ohd_plugin_errors_total", ("plugin", bad)] == 3
    assert found["ohd_plugin_running", plugin] == 1
    assert found["ohd_plugin_state", plugin, ("state", "running")] == 1
    assert found["ohd_plugin_state", plugin, ("state", "disabled")] == 0
    assert found["ohd_plugin_process_resident_bytes", plugin] > 1_000_000
    assert found["ohd_plugin_events_waiting", plugin] == 0
    assert found["ohd_part_ok", ("part", "database")] == 1
    assert found["ohd_fork_server_starts_total",] == 1
    assert found["process_resident_memory_bytes",] > 1_000_000
    created = ("method", "POST"), ("part", "api_tickets"), ("status", "201")
    assert found["ohd_http_requests_total", *created] == 3
    buckets = [
        (float(dict(key[1:])["le"]), value)
        for key, value in found.items()
        if key[0] == "ohd_plugin_delivery_seconds_bucket" and plugin in key
    ]
    assert [value for _, value in sorted(buckets)] == sorted(value for _, value in buckets)


async def test_metrics_are_for_admins_unless_this_machine_is_let_in(open_helpdesk):
    helpdesk = await open_helpdesk()
    async with httpx.AsyncClient(base_url=helpdesk.server.url) as stranger:
        assert (await stranger.get("/metrics")).status_code == 401
        assert (await stranger.get("/healthz")).text == "ok\n"
    await helpdesk.stop()
    helpdesk = await open_helpdesk("[metrics]\nloopback = true\n")
    async with httpx.AsyncClient(base_url=helpdesk.server.url) as stranger:
        assert (await stranger.get("/metrics")).status_code == 200
        # A proxy on this machine speaks for somebody else.
        proxied = {"X-Forwarded-For": "198.51.100.7"}
        assert (await stranger.get("/metrics", headers=proxied)).status_code == 401


async def test_a_server_says_when_it_cannot_write(helpdesk):
    async def ready_now():
        return await helpdesk.client.get("/readyz")

    ready = await ready_now()
    assert ready.status_code == 200
    assert ready.json() == {
        "ready": True,
        "parts": {"database": "ok", "fork_server": "ok", "journal": "ok"},
    }
    blocker = sqlite3.connect(helpdesk.server.data / "ohd.sqlite3", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    try:
        answer = await until(ready_now, lambda answer: answer.status_code != 200)
        assert answer.status_code == 503
        assert answer.json()["parts"]["database"] == "failing"
        assert (await helpdesk.client.get("/healthz")).status_code == 200
    finally:
        blocker.execute("ROLLBACK")
        blocker.close()
    await until(ready_now, lambda answer: answer.status_code == 200)


async def test_sighup_takes_over_limits_egress_and_log_level_without_a_restart(
    open_helpdesk, stand_in
):
    helpdesk = await open_helpdesk()
    plugin = await helpdesk.probe({"do": "http", "url": f"{stand_in.url}/a"})
    await helpdesk.ticket()
    await helpdesk.deliveries(plugin, 1)
    before = await helpdesk.plugin(plugin)
    config = helpdesk.server.folder / "config.toml"
    config.write_text(
        f"[log]\nlevel = 'debug'\n[server]\nproxy_hops = 1\n[limits]\nmemory_bytes = 33554432\n"
        f"[egress]\nports = [{stand_in.port}]\n"
        f"[egress.private]\nlocalhost = ['127.0.0.0/8', '::1/128']\n",
        "utf-8",
    )
    os.kill(helpdesk.server.pid, signal.SIGHUP)
    await until_logged(helpdesk, "config_reloaded")
    line = next(x for x in helpdesk.server.log.splitlines() if "config_reloaded" in x)
    assert json.loads(line)["needs_restart"] == ["proxy_hops"]
    await helpdesk.ticket()
    await stand_in.wait(1)
    assert (await helpdesk.plugin(plugin))["pid"] == before["pid"]
    (view,) = (await helpdesk.call("GET", "/admin/processes"))["data"]
    assert view["guest_memory_limit_bytes"] == 67108864  # a process keeps the limits of its start
    await helpdesk.call("POST", f"/admin/plugins/{plugin}/restart")
    (view,) = (await helpdesk.call("GET", "/admin/processes"))["data"]
    assert view["guest_memory_limit_bytes"] == 33554432


async def test_a_settings_file_that_is_unusable_changes_nothing(open_helpdesk):
    helpdesk = await open_helpdesk()
    config = helpdesk.server.folder / "config.toml"
    config.write_text("[limits]\nmemory_bytes = 0\n", "utf-8")
    os.kill(helpdesk.server.pid, signal.SIGHUP)
    await until_logged(helpdesk, "config_not_reloaded")
    assert "memory_bytes is 0" in helpdesk.server.log
    assert (await helpdesk.client.get("/readyz")).status_code == 200


async def test_the_service_manager_hears_of_start_reload_and_stop(
    open_helpdesk, tmp_path, monkeypatch
):
    address = str(tmp_path / "notify")
    with trio.socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        await manager.bind(address)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        monkeypatch.setenv("WATCHDOG_USEC", "400000")
        helpdesk = await open_helpdesk()

        async def hear(wanted):
            with trio.fail_after(PATIENCE_S):
                while wanted not in (await manager.recv(4096)).decode().splitlines():
                    pass

        await hear("READY=1")
        await hear("WATCHDOG=1")
        await hear("WATCHDOG=1")
        os.kill(helpdesk.server.pid, signal.SIGHUP)
        await hear("RELOADING=1")
        await hear("READY=1")
        # A hang-up, and a second request to stop, do not break off what the first has begun.
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGTERM):
            os.kill(helpdesk.server.pid, number)
        await hear("STOPPING=1")
        assert await helpdesk.stop() == 0


async def test_a_running_server_is_backed_up_and_restored_elsewhere(helpdesk, tmp_path):
    plugin = await helpdesk.install("zig/probe", enabled=False)
    await helpdesk.change(plugin, config={"token": SECRET})
    await helpdesk.ticket("The ticket that must come back")
    done = await run_ohd(helpdesk, "backup", "backup.tar", "--with-key")
    assert done.returncode == 0, done.stderr
    assert SECRET.encode() not in (helpdesk.server.folder / "backup.tar").read_bytes()
    refused = await run_ohd(helpdesk, "restore", "backup.tar", "--replace")
    assert refused.returncode == 2
    assert "another ohd process" in refused.stderr
    await helpdesk.ticket("A later one")
    await helpdesk.stop()
    restored = await run_ohd(helpdesk, "restore", "backup.tar", "--replace")
    assert restored.returncode == 0, restored.stderr
    await helpdesk.start()
    tickets = (await helpdesk.call("GET", "/tickets"))["data"]
    assert [ticket["subject"] for ticket in tickets] == ["The ticket that must come back"]
    view = await helpdesk.plugin(plugin)
    assert next(field for field in view["config"] if field["name"] == "token")["is_set"]
    # Its module came along, and its secret opens.
    await helpdesk.change(plugin, config={"steps": json.dumps([{"do": "config"}])}, enabled=True)
    await helpdesk.ticket()
    (delivery,) = await helpdesk.deliveries(plugin)
    assert delivery["outcome"] == "ok"
    audit = (await helpdesk.call("GET", "/admin/audit"))["data"]
    assert "backup.restored" in [entry["action"] for entry in audit]


@pytest.mark.parametrize("running", [True, False])
async def test_the_key_is_replaced_with_or_without_a_running_server(helpdesk, running, stand_in):
    plugin = await helpdesk.install("zig/probe", enabled=False, events=["ticket.created"])
    await helpdesk.change(plugin, config={"token": SECRET})
    path = helpdesk.server.data / "secret.key"
    before = path.read_text()
    if not running:
        await helpdesk.stop()
    done = await run_ohd(helpdesk, "key", "rotate")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "1 secrets encrypted with the new key\n"
    after = path.read_text()
    assert len(after.splitlines()) == 1
    assert after != before
    if running:
        # Saved behind the rotation, it is sealed with the new key too.
        await helpdesk.change(plugin, config={"colour": "red"})
        await helpdesk.stop()
    await helpdesk.start()
    await helpdesk.change(plugin, config={"steps": json.dumps([{"do": "config"}])}, enabled=True)
    await helpdesk.ticket()
    (delivery,) = await helpdesk.deliveries(plugin)
    assert delivery["outcome"] == "ok"
    lines = (await helpdesk.call("GET", f"/admin/plugins/{plugin}/logs"))["data"]
    assert any('"token":"[secret]"' in line["message"].replace(" ", "") for line in lines)
    (entry,) = (await helpdesk.call("GET", "/admin/audit?action=key.rotated"))["data"]
    assert entry["origin"] == "command line"
    assert entry["changes"]["secrets"] == 1


async def test_the_audit_log_says_who_did_what_from_where(helpdesk):
    plugin = await helpdesk.install("wat/noop")
    await helpdesk.call("PATCH", "/admin/settings", json={"plugin_error_threshold": 70})
    done = await run_ohd(helpdesk, "plugin", "disable", plugin)
    assert done.returncode == 0, done.stderr
    # The accounts and keys of this help desk are on record before.
    entries = [
        entry
        for entry in (await helpdesk.call("GET", "/admin/audit?per_page=200"))["data"][::-1]
        if entry["action"].partition(".")[0] in {"plugin", "settings"}
    ]
    assert [entry["action"] for entry in entries] == [
        *("plugin.installed", "plugin.enabled", "settings.changed", "plugin.disabled")
    ]
    assert {entry["origin"] for entry in entries[:3]} == {"127.0.0.1, API key"}
    assert {entry["actor_name"] for entry in entries[:3]} == {"Alex Admin <admin@example.com>"}
    assert entries[2]["changes"] == {"plugin_error_threshold": {"from": 50, "to": 70}}
    assert entries[3]["origin"] == "command line"
    assert entries[3]["actor_id"].startswith("command line")


async def test_requests_of_plugins_are_in_the_egress_log_over_the_api_and_as_csv(
    open_helpdesk, stand_in
):
    helpdesk = await open_helpdesk(
        f"[egress]\nports = [{stand_in.port}]\n[egress.private]\nlocalhost = ['127.0.0.0/8']\n"
    )
    plugin = await helpdesk.probe(
        {"do": "http", "url": f"{stand_in.url}/=cmd?a=b"},
        {"do": "http", "url": "https://evil.example.com/=cmd"},
    )
    await helpdesk.ticket()
    (delivery,) = await helpdesk.deliveries(plugin)
    found = await helpdesk.call("GET", f"/admin/egress?event={delivery['event_id']}")
    assert found["total"] == 2
    refused, answered = found["data"]
    assert (answered["outcome"], answered["path"], answered["status"]) == (
        *("answered", "/=cmd"),
        200,
    )
    assert (refused["outcome"], refused["status"]) == ("refused", 403)
    only = await helpdesk.call("GET", "/admin/egress?outcome=refused&per_page=1")
    assert [entry["host"] for entry in only["data"]] == ["evil.example.com"]
    csv = await helpdesk.client.get("/admin/egress.csv")
    assert csv.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in csv.headers["content-disposition"]
    assert len(csv.text.splitlines()) == 3


async def test_a_changed_health_rule_holds_without_a_restart(helpdesk):
    plugin = await helpdesk.install("wat/trap")
    await helpdesk.ticket()
    await helpdesk.deliveries(plugin, 1)
    await helpdesk.call("PATCH", "/admin/settings", json={"plugin_error_least_deliveries": 2})
    await helpdesk.ticket()
    view = await until(lambda: helpdesk.plugin(plugin), lambda view: view["state"] == "failed")
    assert view["state_reason"].startswith("2 of 2 deliveries failed")


async def test_the_doctor_finds_a_sound_help_desk_and_what_is_wrong_with_one(helpdesk):
    plugin = await helpdesk.install("zig/probe", enabled=False)
    await helpdesk.change(plugin, config={"token": SECRET})
    done = await run_ohd(helpdesk, "doctor", "--json")
    assert done.returncode == 0, done.stdout
    report = json.loads(done.stdout)
    found = {finding["name"]: finding for finding in report["findings"]}
    assert found["server"]["found"] == "running"
    assert found["key"]["found"].endswith("opens all 1 secrets")
    assert found["plugins"]["found"] == "1 installed"
    assert "seccomp" in found["sandbox"]["found"]
    assert all(finding["cost"] for finding in report["findings"] if finding["status"] != "ok")
    await helpdesk.stop()
    data = helpdesk.server.data
    (data / "secret.key").chmod(0o644)
    next((data / "modules").iterdir()).write_bytes(b"changed")
    done = await run_ohd(helpdesk, "doctor")
    assert done.returncode == 1
    assert "FAIL  key: the key file" in done.stdout
    assert "FAIL  module:" in done.stdout
