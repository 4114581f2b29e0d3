"""The egress log and the audit log, on pages, over the API and in a spreadsheet."""

import csv
import io
from typing import Any

import pytest

from helpdesk.actors import SYSTEM
from helpdesk.audit import AuditFilter
from supervisor.states import EgressOutcome
from supervisor.views import EgressEntry
from webapp.rendering.spreadsheets import csv_lines, safe_cell


def entry(number: int, **facts: Any) -> EgressEntry:
    usual: dict[str, Any] = {
        "id": number,
        "at": "2026-04-05T14:00:00.000Z",
        "plugin_id": "org.example.probe",
        "event_id": "01JZ0000000000000000000002",
        "outcome": EgressOutcome.ANSWERED,
        "host": "api.example.com",
        "address": "203.0.113.7",
        "method": "POST",
        "path": "/hook",
        "status": 200,
        "sent_bytes": 1500,
        "received_bytes": 20,
        "duration_ms": 12.5,
        "detail": None,
    }
    return EgressEntry(**usual | facts)


async def test_an_admin_reads_what_plugins_asked_of_the_network(site: Any) -> None:
    site.shelf.requests = [
        entry(
            2,
            outcome=EgressOutcome.REFUSED,
            host="evil.example.com",
            address=None,
            status=403,
            detail="the host evil.example.com is not declared",
        ),
        entry(1),
    ]
    page = await (await site.as_("admin")).get("/admin/egress")
    assert page.status == 200
    words = page.words()
    assert "POST api.example.com/hook" in words
    assert "203.0.113.7" in words
    assert "1.5 KiB" in words
    assert "The host evil.example.com is not declared." in words
    assert "not connected" in words


async def test_the_egress_log_has_filters_and_pages(site: Any) -> None:
    site.shelf.requests = [entry(number, host=f"h{number % 2}.example") for number in range(120)]
    browser = await site.as_("admin")
    first = await browser.get("/admin/egress?host=h1.example")
    assert "60 requests" in first.words()
    assert "Page 1 of 2" in first.words()
    assert "h0.example" not in first.text
    assert "/admin/egress?host=h1.example&amp;page=2" in first.text
    assert "/admin/egress.csv?host=h1.example" in first.text
    nothing = await browser.get("/admin/egress?outcome=failed")
    assert "No requests match your filters" in nothing.words()
    for odd in ("page=0", "page=x", "page=99999999"):
        assert (await browser.get(f"/admin/egress?{odd}")).status == 200


@pytest.mark.parametrize(
    "query",
    [
        "egress?outcome=nonsense",
        "egress.csv?outcome=nonsense",
        "plugins/log?level=loud",
        "plugins/org.example.probe/log?level=loud",
        "plugins/org.example.probe/deliveries?outcome=nonsense",
        "plugins/org.example.probe/deliveries?errors=perhaps",
        "plugins/org.example.probe/deliveries?redelivered=perhaps",
    ],
)
async def test_a_filter_that_the_api_refuses_is_refused_on_the_page(site: Any, query: str) -> None:
    await site.install()
    browser = await site.as_("admin")
    name = query.partition("?")[2].partition("=")[0]
    page = await browser.get(f"/admin/{query}")
    over_api = query.replace("egress.csv", "egress").replace("plugins/log", "logs")
    answer = await browser.client.get(f"/api/admin/{over_api.replace('probe/log', 'probe/logs')}")
    assert (page.status, answer.status_code) == (422, 422)
    assert f"{name}: expected".casefold() in page.words().casefold()
    assert name in answer.json()["error"]


async def test_the_export_holds_every_request_and_no_formula(site: Any) -> None:
    site.shelf.requests = [
        entry(3, path="=HYPERLINK(1)", detail="@SUM(1)"),
        entry(2, method="+cmd", host="-1+1"),
        entry(1, path='/a,"b"\nc'),
    ]
    browser = await site.as_("admin")
    response = (await browser.get("/admin/egress.csv")).response
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(response.text, newline="")))
    assert [row["path"] for row in rows] == ["'=HYPERLINK(1)", "/hook", '/a,"b"\nc']
    assert rows[0]["detail"] == "'@SUM(1)"
    assert (rows[1]["method"], rows[1]["host"]) == ("'+cmd", "'-1+1")
    assert rows[2]["duration_ms"] == "12.5"


async def test_a_large_export_comes_in_pieces(site: Any) -> None:
    site.shelf.requests = [entry(number) for number in range(2_500, 0, -1)]
    browser = await site.as_("admin")
    text = (await browser.get("/admin/egress.csv")).text
    assert len(text.splitlines()) == 2_501


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff20"])
def test_no_cell_begins_like_a_formula(sign: str) -> None:
    assert safe_cell(f"{sign}1+1") == f"'{sign}1+1"


def test_numbers_and_plain_text_stay_what_they_are() -> None:
    assert [safe_cell(cell) for cell in (-5, 1.5, None, "a=b")] == [-5, 1.5, None, "a=b"]
    assert csv_lines([("a", None, 1)]) == b"a,,1\r\n"


async def test_an_admin_reads_who_changed_what(site: Any) -> None:
    browser = await site.as_("admin")
    await browser.submit("/admin/settings", "/admin/settings", plugin_error_threshold="70")
    record = site.desk.audit.stamp("command line (jo)", "plugin.configured", "org.example.probe")
    changes = {"token": "changed", "hosts": {"from": ["a.example"], "to": []}}
    await site.desk.database.write(lambda c: record(c, changes))
    page = await browser.get("/admin/audit")
    words = page.words()
    assert "settings.changed" in words
    assert "plugin_error_threshold : from 50 to 70" in words
    assert "Admin &lt;admin@example.com&gt;" in page.text
    assert "127.0.0.1" in words
    assert "token : changed" in words
    only = await browser.get("/admin/audit?actor=command+line")
    assert "org.example.probe" in only.text
    assert "settings.changed" not in only.text


async def test_what_stands_in_the_records_is_text_and_not_markup(site: Any, hostile: str) -> None:
    site.shelf.requests = [entry(1, host=hostile, path=hostile, method=hostile, detail=hostile)]
    record = site.desk.audit.stamp(hostile, hostile, hostile)
    changes = {hostile: {"from": hostile, "to": [hostile]}}
    await site.desk.database.write(lambda c: record(c, changes))
    browser = await site.as_("admin")
    for path in ("/admin/egress", "/admin/audit", f"/admin/egress?host={hostile}"):
        page = await browser.get(path)
        assert page.status == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text


@pytest.mark.parametrize(
    ("hops", "forwarded", "expected"),
    [
        (0, "198.51.100.7", "127.0.0.1"),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "10.0.0.1, 2001:db8::7", "2001:db8::7"),
        (1, "<script>", "127.0.0.1"),
    ],
)
async def test_an_action_comes_from_the_address_that_trusted_proxies_saw(
    build_site: Any, hops: int, forwarded: str, expected: str
) -> None:
    site = await build_site(proxy_hops=hops)
    client = (await site.with_key("admin")).client
    headers = {"X-Forwarded-For": forwarded}
    changed = await client.patch("/api/admin/settings", json={"session_days": 3}, headers=headers)
    assert changed.status_code == 200
    wanted = AuditFilter(action="settings.changed")
    (found,) = (await site.desk.audit.list(SYSTEM, wanted)).rows
    assert found.origin == f"{expected}, API key"


async def test_the_api_lists_both_with_their_filters(site: Any) -> None:
    site.shelf.requests = [entry(2, outcome=EgressOutcome.FAILED), entry(1)]
    browser = await site.with_key("admin")
    found = (await browser.client.get("/api/admin/egress?outcome=failed")).json()
    assert (found["total"], found["data"][0]["outcome"]) == (1, "failed")
    await browser.client.patch("/api/admin/settings", json={"session_days": 3})
    found = (await browser.client.get("/api/admin/audit?action=settings.changed")).json()
    assert found["data"][0]["changes"] == {"session_days": {"from": 14, "to": 3}}
    assert (await browser.client.get("/api/admin/egress?outcome=odd")).status_code == 422
    assert (await browser.client.get("/api/admin/audit?colour=red")).status_code == 422
