"""Takes the pictures of the docs: a real server with demo data, seen by a real browser.

    python docs/tools/pictures.py

Needs Debian's Chromium and the test dependencies (``make test`` brings both).
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).parent.parent / "images"
_SIZE = {"width": 1180, "height": 900}
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
        browser.close()


if __name__ == "__main__":
    main()
