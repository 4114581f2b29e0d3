"""Takes the pictures of the docs: a real server with demo data, seen by a real browser.

    python docs/tools/pictures.py

Needs Debian's Chromium and the test dependencies (``make test`` brings both), and built examples
(``make -C examples/triage``, ``make -C examples/audit-trail``). Takes some minutes: the charts
show what really happened.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from playwright.sync_api import Page, sync_playwright
from wasmtime import wat2wasm

from sandbox_child.wasm.caps import MANIFEST_SECTION
from sandbox_child.wasm.sections import replace_custom_section

HERE = Path(__file__).resolve()
IMAGES = HERE.parent.parent / "images"
EXAMPLES = HERE.parents[2] / "examples"
BUSY_S = 200
"""Tickets are written for so long before the table is looked at."""
_SIZE = {"width": 1180, "height": 900}
_WIDE = {"width": 1360, "height": 860}
_CHROMIUM = "/usr/bin/chromium"
_FLAGS = ["--headless", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
_ADDRESS = re.compile(r"is at (http://\S+)")
_PASSWORD = "demo"


@contextmanager
def demo_server() -> Iterator[str]:
    """Run a demo help desk on a free port; give its address."""
    with tempfile.TemporaryDirectory(prefix="ohd-pictures-") as data:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "serve", "--demo", "--port", "0", "--data", data],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        try:
            for line in process.stderr:
                if found := _ADDRESS.search(line):
                    yield found[1]
                    break
        finally:
            process.terminate()
            process.communicate()


def ticket(page: Page, address: str) -> None:
    """Write a ticket, and wait until the bundled plugin has seen it."""
    page.goto(f"{address}/")
    page.get_by_label("Email").fill("staff@example.com")
    page.get_by_label("Password").fill(_PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="New ticket").first.click()
    page.get_by_label("Subject").fill("Printer on the second floor is down")
    page.get_by_label("Description").fill(
        "It prints **nothing** since this morning, and payslips are due today. Urgent, please.\n\n"
        "What it shows: https://wiki.example.com/printers/e-57"
    )
    page.get_by_role("button", name="Create ticket").click()
    page.get_by_text("Ticket digest").first.wait_for()
    page.get_by_text("digest_urgency").wait_for()


_FAILING = """
(module
  (memory (export "memory") 20)
  (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
  (func (export "ohd_free") (param i32 i32))
  (func $send_to_printer unreachable)
  (func $on_event (export "on_event") (param i32 i32) call $send_to_printer))
"""
_FAILING_MANIFEST = {
    "id": "com.example.badge-printer",
    "name": "Badge printer",
    "version": "0.9.1",
    "description": "Prints a badge for every visitor's ticket.",
    "events": ["ticket.created"],
}
_SUBJECTS = (
    "Printer on the second floor is down",
    "Urgent: the payroll share cannot be reached",
    "A new laptop for a colleague",
    "Password of the meeting room's screen",
    "VPN drops every few minutes",
)


class Admin:
    """The API as the demo's admin."""

    def __init__(self, address: str) -> None:
        self._client = httpx.Client(base_url=address, timeout=60)
        who = {"email": "admin@example.com", "password": _PASSWORD}
        self._client.headers["X-CSRF-Token"] = self._call("POST", "/api/auth/login", json=who)[
            "csrf_token"
        ]

    def _call(self, method: str, path: str, **content: object) -> dict[str, object]:
        answer = self._client.request(method, path, **content)  # type: ignore[arg-type]
        answer.raise_for_status()
        return dict(answer.json())

    def install(self, name: str, module: bytes, **change: object) -> str:
        """Install a plugin, and change it; returns its address."""
        made = self._call("POST", "/api/admin/plugins", files={"file": (name, module)})
        address = f"/api/admin/plugins/{made['id']}"
        if change:
            self._call("PATCH", address, json=change)
        return str(made["id"])

    def write_tickets(self, count: int) -> None:
        """Write some tickets."""
        for number in range(count):
            subject = _SUBJECTS[number % len(_SUBJECTS)]
            self._call("POST", "/api/tickets", json={"subject": subject, "description": "Please."})


def failing_module() -> bytes:
    """Return a plugin that fails in every event, with the names of its functions."""
    manifest = json.dumps(_FAILING_MANIFEST).encode()
    return replace_custom_section(bytes(wat2wasm(_FAILING)), MANIFEST_SECTION, manifest)


def example(name: str) -> bytes:
    """Return a built example."""
    try:
        return next((EXAMPLES / name).glob("*.wasm")).read_bytes()
    except StopIteration:
        sys.exit(f"the example {name} is not built: make -C examples/{name}")


def plugins(page: Page, address: str) -> None:
    """Take the pictures of what an admin sees."""
    admin = Admin(address)
    admin.install("triage.wasm", example("triage"), enabled=True)
    admin.install("badge-printer.wasm", failing_module(), enabled=True)
    trail = admin.install("audit-trail.wasm", example("audit-trail"))
    end = time.monotonic() + BUSY_S
    bursts = 0
    while time.monotonic() < end:
        admin.write_tickets(1 + bursts * 5 % 9)
        bursts += 1
        time.sleep(7)
    page.goto(f"{address}/login")
    page.get_by_label("Email").fill("admin@example.com")
    page.get_by_label("Password").fill(_PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.set_viewport_size(_WIDE)
    page.goto(f"{address}/admin/plugins")
    page.locator(".spark-good").first.wait_for(state="attached")
    admin.write_tickets(3)
    page.wait_for_timeout(2_500)
    page.screenshot(path=IMAGES / "plugins.png")
    page.goto(f"{address}/admin/plugins/{trail}/review")
    page.screenshot(path=IMAGES / "review.png")
    page.goto(f"{address}/admin/plugins/org.openhelpdesk.digest")
    page.screenshot(path=IMAGES / "plugin.png")
    page.goto(f"{address}/admin/plugins/org.openhelpdesk.digest/deliveries")
    page.locator(".deliveries a.subject").first.click()
    page.screenshot(path=IMAGES / "delivery.png")


def main() -> None:
    """Take every picture."""
    IMAGES.mkdir(exist_ok=True)
    flags = [*_FLAGS, "--no-sandbox"] if os.geteuid() == 0 else _FLAGS
    with demo_server() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=flags)
        page = browser.new_page(viewport=_SIZE, color_scheme="light")
        ticket(page, address)
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=IMAGES / "ticket.png")
        plugins(browser.new_page(viewport=_SIZE, color_scheme="light"), address)
        browser.close()


if __name__ == "__main__":
    main()
