"""Passkeys in a real browser: Chromium with an authenticator that it plays itself."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import PATIENCE_MS

EMAIL, PASSWORD = "you@example.com", "a long enough password"
FACTORS = "/profile/second-factor"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Serve a help desk whose public URL has a name: browsers offer no passkeys for numbers."""
    data = tmp_path / "data"
    person = ("user", "create", EMAIL, "--name", "You", "--role", "admin", "--data", str(data))
    command = [sys.executable, "-m", "cli.main"]
    subprocess.run([*command, *person], input=PASSWORD, text=True, check=True, timeout=60)
    for _ in range(5):
        with served(command, tmp_path, data) as url:
            if url:
                yield url
                return
    pytest.fail("no port could be had")


@contextmanager
def served(command: list[str], folder: Path, data: Path) -> Iterator[str]:
    """Serve on a port that was free a moment ago; yields nothing where somebody was faster."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "config.toml"
    config.write_text(f'[server]\nbase_url = "http://localhost:{port}"\n', "utf-8")
    serve = ("serve", "--port", str(port), "--config", str(config), "--data", str(data))
    with subprocess.Popen([*command, *serve], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        begun = any("Open Help Desk is at" in line for line in process.stderr)
        rest = threading.Thread(target=process.stderr.read)
        rest.start()
        try:
            yield f"http://localhost:{port}" if begun else ""
        finally:
            process.terminate()
            process.wait(30)
            rest.join()


@pytest.fixture
def page(chromium: Any, address: str) -> Iterator[Any]:
    context = chromium.new_context(base_url=address)
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def show_password(page: Any) -> None:
    page.goto("/login")
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def test_a_passkey_is_made_and_logs_its_owner_in(page: Any) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    authenticator = devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
            }
        },
    )["authenticatorId"]
    show_password(page)
    page.wait_for_url("**/tickets")
    page.goto(FACTORS)
    page.get_by_label("Name").fill("This laptop")
    page.get_by_role("button", name="Add passkey").click()
    codes = page.locator("#recovery-codes code")
    codes.first.wait_for()
    recovery = codes.first.inner_text()
    assert codes.count() == 10
    assert page.get_by_role("cell", name="This laptop", exact=True).count() == 1
    page.get_by_role("button", name="Log out", exact=True).click()
    page.wait_for_url("**/login")

    show_password(page)
    page.wait_for_url("**/login/second")
    verified = {"authenticatorId": authenticator, "isUserVerified": False}
    devtools.send("WebAuthn.setUserVerified", verified)
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_text("No passkey was given. Try again.").wait_for()
    devtools.send("WebAuthn.setUserVerified", verified | {"isUserVerified": True})
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/tickets")
    found = devtools.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})
    (credential,) = found["credentials"]
    assert (credential["rpId"], credential["signCount"] > 0) == ("localhost", True)
    page.get_by_role("button", name="Log out", exact=True).click()
    page.wait_for_url("**/login")

    show_password(page)
    page.get_by_label("Code").fill(recovery.lower())
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/tickets")
    page.goto(FACTORS)
    page.get_by_text("9 left.").wait_for()
