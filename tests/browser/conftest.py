"""Debian's Chromium, driven by Playwright, against a real help desk with real panels."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.desk import PASSWORD, Desk, running_desk
from tests.browser.modules import Modules, module_site
from tests.browser.panel_guests import panel_site

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
AXE = Path(__file__).resolve().parents[2] / ".cache/node/node_modules/axe-core/axe.min.js"
PATIENCE_MS = 60_000
"""Where two cores are shared with compilers a page takes long; what never comes fails late."""


def missing(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    """Return a running browser. It ends with this folder's tests: its event loop is not Trio's."""
    try:
        from playwright.sync_api import expect, sync_playwright  # type: ignore[import-not-found,unused-ignore]
    except ModuleNotFoundError:
        missing("Playwright is not installed; run `make test` once")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        missing("Chromium is not installed; run `make test` once as root, or install it")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def modules() -> Iterator[Modules]:
    """Return the web server that the help desk may fetch plugins from."""
    with module_site() as site:
        yield site


@pytest.fixture(scope="package")
def desk(tmp_path_factory: pytest.TempPathFactory, modules: Modules) -> Iterator[Desk]:
    """Return a help desk with the demo's people and tickets."""
    with running_desk(tmp_path_factory.mktemp("desk"), modules.port) as running:
        yield running


@pytest.fixture(scope="package")
def panels_at() -> Iterator[str]:
    """Return the origin of the web server that panels are on."""
    with panel_site() as origin:
        yield origin


@pytest.fixture(scope="package")
def sessions(chromium: Any, desk: Desk) -> Callable[[str], Any]:
    """Return a function from a role to the cookies of somebody who has logged in by the form."""
    known: dict[str, Any] = {}

    def session(role: str) -> Any:
        if role not in known:
            context = chromium.new_context()
            page = context.new_page()
            log_in_by_form(page, desk.url, f"{role}@example.com")
            known[role] = context.storage_state()
            context.close()
        return known[role]

    return session


def log_in_by_form(page: Any, url: str, email: str) -> None:
    page.goto(f"{url}/login")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/tickets")


@pytest.fixture
def open_page(
    chromium: Any, desk: Desk, sessions: Callable[[str], Any]
) -> Iterator[Callable[..., Any]]:
    """Return ``open_page(role, path)``: a page in a browser context of its own.

    Whatever the browser complained of on any page (a script's error, a policy violated) fails the
    test; ``expected`` names words of complaints that belong to it.
    """
    contexts, complaints = [], []
    allowed: list[str] = []

    def hear(text: str) -> None:
        complaints.append(text)

    def opened(role: str | None, path: str = "/tickets", **options: Any) -> Any:
        allowed.extend(options.pop("expected", ()))
        state = {"storage_state": sessions(role)} if role else {}
        context = chromium.new_context(
            base_url=desk.url, timezone_id="Europe/Lisbon", **state, **options
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: hear(f"{page.url}: {error}"))
        page.on("console", lambda said: said.type == "error" and hear(f"{page.url}: {said.text}"))
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [text for text in complaints if not any(word in text for word in allowed)] == []


@pytest.fixture
def log_in() -> Callable[..., None]:
    return log_in_by_form


@pytest.fixture(scope="package")
def axe() -> Callable[..., list[str]]:
    """Return a function that names what axe finds wrong on a page, by all its rules or by some."""
    if not AXE.exists():
        missing("axe is not installed; run `make test` once")
    source = AXE.read_text("utf-8")

    def violations(page: Any, *rules: str) -> list[str]:
        page.evaluate(f"window.axe === undefined ? (() => {{ {source} }})() : null")
        options: dict[str, Any] = {"resultTypes": ["violations"]}
        if rules:
            options["runOnly"] = list(rules)
        found = page.evaluate("(options) => axe.run(document, options)", options)
        return [
            f"{page.url}: {one['id']}: {one['help']}: {node['html'][:200]} {node['failureSummary']}"
            for one in found["violations"]
            for node in one["nodes"]
        ]

    return violations
