"""Every text of every page comes from the catalogue: a language is made up that marks each text.

Whatever stands on a page outside the marks was written by somebody (and is listed here), or was
forgotten. The language is written from right to left, so that the pages' direction is checked too.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from docs.tools import texts
from webapp.rendering import catalogues, templating
from webapp.rendering.catalogues import FILE
from webapp.rendering.markup_texts import READ_ATTRIBUTES
from webapp.routes import facts_of
from webapp.visitors.languages import CHOICES

MARKED = "he"
"""A language that there are no texts in, which is written from right to left."""
BEGIN, END = "⟦", "⟧"
SAID = {
    *CHOICES.values(),
    *("Open Help Desk", "Admin", "Staff", "User", "Other", "A subject", "What happened.", "Probe"),
    *("Hardware", "Laptop", "Dock", "Helpers", "Parked", "Canned one", "Tries things.", "MIT"),
    *("A reply.", "A note.", "probe", "a test", "test", "A", "U", "STARTTLS", "TLS"),
}
"""What people and plugins have written in this test, and languages by their own names."""
NO_WORDS = re.compile(
    r"[\W\d_]*(?:(?:UTC|MiB|KiB|CSV|ms|min|s|h|[A-Z0-9]{26}|[0-9a-f]{12,}|[\w.+-]+@[\w.-]+|#\d+)"
    r"[\W\d_]*)*"
)
UNREAD = {"script", "style", "code", "pre", "textarea", "time", "kbd", "svg"}
VOID = {"input", "br", "img", "link", "meta", "hr"}


class Reader(HTMLParser):
    """Collects the words of a page that stand outside the marks."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = 0
        self.inside: list[str] = []
        self.bare: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.inside.append("code" if ("translate", "no") in attrs else tag)
        for name, value in attrs:
            if name in READ_ATTRIBUTES and value:
                before, self.depth = self.depth, 0
                self.read(value, f"{tag}[{name}]")
                self.depth = before

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and self.inside:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if UNREAD.isdisjoint(self.inside):
            self.read(data, self.inside[-1] if self.inside else "")

    def read(self, text: str, where: str) -> None:
        outside = ""
        for char in text:
            self.depth += (char == BEGIN) - (char == END)
            outside += " " if self.depth or char == END else char
        for written in sorted(SAID, key=len, reverse=True):
            outside = outside.replace(written, " ")
        if not NO_WORDS.fullmatch(outside):
            self.bare.append(f"{where}: {' '.join(outside.split())}")


@pytest.fixture
def marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Serve pages in a language whose every text is its English one between marks."""
    folder = tmp_path / "locale"
    (folder / MARKED / FILE).parent.mkdir(parents=True)

    def clear() -> None:
        for kept in (catalogues.wording, catalogues.available_now, templating.macros):
            kept.cache_clear()
        templating._environment.cache_clear()

    with monkeypatch.context() as patched:
        for module in (catalogues, templating, texts):
            patched.setattr(module, "FOLDER", folder)
        (folder / MARKED / FILE).write_bytes(texts.up_to_date(MARKED, f"{BEGIN}{{}}{END}".format))
        clear()
        yield
    clear()


async def make_all(site: Any) -> dict[str, str]:
    """Make one of everything; return the values of addresses' arguments."""
    desk, admin = site.desk, site.people.admin.actor
    category = await desk.catalogue.add_category(admin, "Hardware")
    kind = await desk.catalogue.add_type(admin, category.id, "Laptop")
    await desk.catalogue.add_item(admin, kind.id, "Dock")
    group = await desk.groups.create(admin, name="Helpers")
    await desk.statuses.add(admin, "Parked")
    ticket = await site.ticket(category=category.id)
    await desk.tickets.reply(site.people.user.actor, ticket.id, "A reply.")
    await desk.tickets.note(admin, ticket.id, "A note.")
    await desk.tickets.resolve(admin, ticket.id, "A note.")
    await desk.tickets.reopen(admin, ticket.id, "A note.")
    await site.install(config_schema={"probe": {"type": "string"}})
    return {
        "ticket_id": ticket.id,
        "user_id": site.people.user.id,
        "person_id": site.people.user.id,
        "group_id": group.id,
        "node_id": category.id,
        "plugin_id": "org.example.probe",
    }


def pages_of(site: Any, values: dict[str, str]) -> list[str]:
    """Return the addresses of all pages whose arguments are known."""
    found = []
    for rule in site.app.url_map.iter_rules():
        view = site.app.view_functions[rule.endpoint]
        if "GET" not in (rule.methods or ()) or facts_of(view).json:
            continue
        if set(rule.arguments) <= set(values):
            _, address = rule.build({name: values[name] for name in rule.arguments})
            found.append(address)
    return sorted(found)


async def test_every_text_of_every_page_is_in_the_catalogue(marked: None, site: Any) -> None:
    values = await make_all(site)
    bare: list[str] = []
    walked = 0
    for role in ("admin", "staff", "user", "nobody"):
        browser = await (site.stranger() if role == "nobody" else site.as_(role))
        browser.client.headers["Accept-Language"] = MARKED
        for address in (*pages_of(site, values), "/nowhere"):
            page = await browser.get(address)
            kind = page.response.headers.get("content-type", "")
            if not kind.startswith("text/html") or page.response.is_redirect:
                continue
            walked += 1
            assert f'<html lang="{MARKED}" dir="rtl">' in page.text, address
            reader = Reader()
            reader.feed(page.text)
            bare += [f"{role} {address} ({page.status}) {text}" for text in reader.bare]
    assert walked > 60
    assert bare == [], "\n".join(bare)
