"""The FAQ's promises, called as the help desk calls it: rights, review, versions, files, markup."""

import base64
import csv
import io
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cli.compose import Application, open_application
from cli.config import Config
from helpdesk.actors import SYSTEM, Role
from helpdesk.numbers import number_of
from helpdesk.tickets.model import TicketDraft
from supervisor.calls.behalf import EVERYTHING, NOBODY, Behalf
from supervisor.config import SupervisorConfig
from supervisor.limits import Limits
from supervisor.query import Audience
from tests.guests.toolchains import ROOT
from webapp.config import WebConfig

ID = "goatkit.faq"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"x" * 40).decode()
PUBLIC, USERS, STAFF = "0", "1", "2"
ANA = {"_user_role": "Agent", "_user_id": 7, "_user_email": "ana@example.com"}
BO = {"_user_role": "Agent", "_user_id": 8, "_user_email": "bo@example.com"}
ADMIN = {**BO, "_user_role": "Admin", "_user_id": 9, "_is_admin": True}
USER = {"_user_role": "Customer", "_user_id": 5, "_user_email": "cy@example.com"}
VISITOR: dict[str, Any] = {}


class Faq:
    """The plugin, in a help desk."""

    def __init__(self, opened: Application) -> None:
        self.opened = opened

    async def ask(self, who: Any, function: str, behalf: Behalf = EVERYTHING, **args: Any) -> Any:
        encoded = json.dumps({"_lang": "en", **args, **who}).encode()
        answer = await self.opened.supervisor.functions.call(ID, function, encoded, behalf)
        assert answer.error is None, (function, answer.error)
        return json.loads(answer.value)

    async def page(self, who: Any, function: str, **args: Any) -> str:
        """Return a page's HTML without the style and the script that each has."""
        html = (await self.ask(who, function, **args))["html"]
        return re.sub(r"<style>.*?</style>|<script>\(.*?</script>", "", html, flags=re.DOTALL)

    async def save(self, who: Any, title: str, body: str = "text", **more: str) -> Any:
        fields = {"title": title, "body": body, "level": PUBLIC, "then": "publish"}
        if not more.get("id") and not more.get("category"):
            fields["new_category"] = "General"
        return await self.ask(who, "save", **(fields | more))

    async def write(self, who: Any, title: str, body: str = "text", **more: str) -> int:
        saved = await self.save(who, title, body, **more)
        found = re.search(r"(?:article/|id=)(\d+)", saved.get("redirect", ""))
        assert found, saved
        return int(found[1])


@pytest.fixture
async def faq(tmp_path: Path) -> AsyncIterator[Faq]:
    """Return the FAQ out of the box, with all that it asks for."""
    supervisor = SupervisorConfig(tmp_path, Limits(deadline_s=120.0), box=ROOT / "plugins")
    config = Config(data=tmp_path, web=WebConfig(port=0), supervisor=supervisor)
    async with open_application(config, run_plugins=True) as opened:
        plugin = await opened.supervisor.box.install("faq", actor="test")
        for asked in plugin.permissions:
            await opened.supervisor.controls.grant(plugin.id, asked.token, actor="test")
        await opened.supervisor.controls.set_enabled(plugin.id, True, actor="test")
        yield Faq(opened)


def said(html: str) -> str:
    found = re.search(r'role="(?:alert|status)">([^<]+)', html)
    return found[1] if found else ""


async def test_nobody_reads_more_than_they_may_by_any_address(faq: Faq) -> None:
    picture = await faq.ask(ANA, "upload", picture={"data": PNG})
    name = re.search(r"picture:([^)]+)", picture["markdown"])
    assert name
    body = f"zanzibar {picture['markdown']}"
    ids = [await faq.write(ANA, f"For {level}", body, level=level) for level in "012"]
    for who, most in ((VISITOR, 0), (USER, 1), (ANA, 2)):
        for level, article in enumerate(ids):
            shown = await faq.page(who, "article", id=str(article))
            assert ("zanzibar" in shown) == (level <= most)
            assert (f"For {level}" in await faq.page(who, "home")) == (level <= most)
            assert (f"For {level}" in await faq.page(who, "home", q="zanzibar")) == (level <= most)
            assert (f"For {level}" in await faq.page(who, "home", category="1")) == (level <= most)
        found = (await faq.ask(who, "suggest", q="zanzibar"))["articles"]
        assert [one["title"] for one in found] == [f"For {level}" for level in range(most + 1)]
        # The picture is the first article's, which is for everybody.
        assert (await faq.ask(who, "picture", name=name[1]))["_binary"] is True
    for who in (VISITOR, USER):
        for function in (
            *("list", "edit", "save", "act", "versions", "restore", "categories", "save_category"),
            *("searches", "save_synonyms", "transfer", "export", "import"),
        ):
            html = await faq.page(who, function, id="3", version="1", act="publish")
            assert "This page is for staff." in html
        assert (await faq.ask(who, "insert", id="1"))["status"] == 404
        assert (await faq.ask(who, "upload", picture={"data": PNG}))["status"] == 403
        assert (await faq.ask(who, "preview", body="x"))["status"] == 403
    # A category for fewer people closes its articles and their pictures, and an archive does.
    await faq.ask(ANA, "save_category", id="1", name="General", level=STAFF, position="0")
    for who in (VISITOR, USER):
        assert (await faq.ask(who, "picture", name=name[1]))["status"] == 404
        assert "zanzibar" not in await faq.page(who, "article", id=str(ids[0]))
        assert (await faq.ask(who, "suggest", q="zanzibar"))["articles"] == []
    await faq.ask(ANA, "save_category", id="1", name="General", level=PUBLIC, position="0")
    assert "zanzibar" in await faq.page(VISITOR, "article", id=str(ids[0]))
    await faq.ask(ANA, "act", id=str(ids[0]), act="archive")
    assert "zanzibar" not in await faq.page(VISITOR, "article", id=str(ids[0]))
    assert (await faq.ask(VISITOR, "picture", name=name[1]))["status"] == 404
    for name in ("..", "../own.sqlite3", "x" * 5000, "%2e", "\0"):
        assert (await faq.ask(VISITOR, "picture", name=name))["status"] == 404


async def test_a_draft_is_reviewed_by_somebody_else(faq: Faq) -> None:
    article = str(await faq.write(ANA, "Mine", "first", then="review"))
    assert "first" not in await faq.page(VISITOR, "article", id=article)
    mine = await faq.page(ANA, "act", id=article, act="publish")
    assert "Somebody else has to publish" in mine
    mine = await faq.page(ANA, "save", id=article, version="1", title="Mine", body="first",
                          category="1", level=PUBLIC, then="publish")  # fmt: skip
    assert "Somebody else has to publish" in mine
    await faq.ask(BO, "act", id=article, act="reject")
    assert "somebody else changed" in await faq.page(BO, "act", id=article, act="publish")
    await faq.save(ANA, "Mine", "second", id=article, version="1", category="1", then="review")
    done = await faq.ask(BO, "act", id=article, act="publish")
    assert done["redirect"] == f"/faq/article/{article}?done=published"
    assert "second" in await faq.page(VISITOR, "article", id=article)
    # Readers keep what was published while the next one waits; admins may publish their own.
    await faq.save(ADMIN, "Mine", "third", id=article, version="2", category="1", then="review")
    assert "second" in await faq.page(VISITOR, "article", id=article)
    await faq.ask(ADMIN, "act", id=article, act="publish")
    assert "third" in await faq.page(VISITOR, "article", id=article)
    # What readers see is not deleted, only what they see no longer.
    assert "Nothing was changed" in await faq.page(ANA, "act", id=article, act="delete")
    await faq.ask(ANA, "act", id=article, act="archive")
    assert (await faq.ask(ANA, "act", id=article, act="delete"))["redirect"].startswith("/faq/")
    assert "no such article" in await faq.page(ANA, "article", id=article)


async def test_versions_are_compared_restored_and_never_overwritten(faq: Faq) -> None:
    article = str(await faq.write(ANA, "How", "one\ntwo\nthree"))
    await faq.save(ANA, "How", "one\n<2>\nthree", id=article, version="1", category="1")
    late = await faq.page(BO, "save", id=article, version="1", title="How", body="late text",
                          category="1", level=PUBLIC, then="publish")  # fmt: skip
    assert "Somebody else saved this article meanwhile" in late
    assert "late text" in late
    compared = await faq.page(ANA, "versions", id=article)
    assert "<del>- two</del>" in compared
    assert "<ins>+ &lt;2&gt;</ins>" in compared
    again = await faq.ask(BO, "restore", id=article, version="1")
    assert again["redirect"].endswith("done=restored")
    # Readers see what was published until the restored one is.
    assert "&lt;2&gt;" in await faq.page(VISITOR, "article", id=article) or "<2>" not in compared
    assert "two" in await faq.page(ANA, "edit", id=article)
    await faq.save(BO, "How", "one\ntwo\nthree", id=article, version="3", category="1")
    assert "two" in await faq.page(VISITOR, "article", id=article)
    for version in ("99", "-1", "x", str(10**30)):
        html = await faq.page(BO, "restore", id=article, version=version)
        assert "no such article" in html


async def test_admins_give_synonyms_and_see_what_was_not_found(faq: Faq) -> None:
    await faq.write(ANA, "Copier is jammed", "Open the door.")
    assert "Nothing found" in await faq.page(USER, "home", q="Drucker")
    assert "drucker" in await faq.page(ANA, "searches")
    assert "Admins change" in await faq.page(ANA, "save_synonyms", words="copier, Drucker")
    await faq.ask(ADMIN, "save_synonyms", words="copier, Drucker, MFP\nalone\n")
    assert "Copier is jammed" in await faq.page(VISITOR, "home", q="Druckern")
    assert "copier, Drucker, MFP" in await faq.page(ANA, "searches")
    # Bots fill the list of searches: the oldest go, and new ones are still counted.
    assert (await faq.ask(VISITOR, "suggest", q="x" * 10_000))["articles"] == []
    assert "Nothing found" in await faq.page(VISITOR, "home", q="quux " * 2_000)
    for odd in ("%", "' OR 1=1 --", "_____", "\0\u202e", "🙈🙈 ü", "(((((", "*"):
        assert "<h1" not in await faq.page(VISITOR, "home", q=odd)


async def test_a_person_has_one_vote_and_a_visitor_none(faq: Faq) -> None:
    article = str(await faq.write(ANA, "Votes"))
    for yes in ("1", "1", "0", "1", "1"):
        await faq.ask(USER, "vote", id=article, yes=yes)
    await faq.ask(BO, "vote", id=article, yes="0")
    assert "no such article" in await faq.page(VISITOR, "vote", id=article, yes="1")
    assert "Yes: 1 / No: 1" in await faq.page(ANA, "article", id=article)


async def test_tickets_and_articles_lead_to_each_other(faq: Faq) -> None:
    desk = faq.opened.helpdesk
    people = []
    for name, role in (("sam", Role.USER), ("ana", Role.STAFF)):
        made = await desk.users.create(SYSTEM, email=f"{name}@example.com", name=name, role=role)
        people.append(made)
    sam, ana = people
    ticket = await desk.tickets.create(sam.actor, TicketDraft("The <printer> jams", "x"))
    number = str(
        await desk.database.read(lambda c: number_of(c, kind="ticket", thing_id=ticket.id))
    )
    for_ana = Behalf(Audience.person_of(ana.id))
    form = (await faq.ask(ANA, "edit", for_ana, ticket=number))["html"]
    assert 'value="The &lt;printer&gt; jams"' in form
    assert f'name="tickets" value="{number}"' in form
    article = await faq.write(ANA, "Printer jams", "Open **it** ![](picture:1.png)\nThen close it.",
                              tickets=f"{number}, x, -1, {10**30}")  # fmt: skip
    shown = (await faq.ask(ANA, "article", for_ana, id=str(article)))["html"]
    assert f'href="/tickets/{number}">#{number} The &lt;printer&gt; jams' in shown
    beside = (await faq.ask(ANA, "ticket_widget", for_ana, ticket_id=int(number)))["html"]
    assert f'data-insert="{article}"' in beside
    assert (await faq.ask(ANA, "insert", for_ana, id=str(article)))["text"] == "Then close it."
    # Who may not see the ticket reads nothing of it.
    assert "printer" not in (await faq.ask(ANA, "edit", NOBODY, ticket=number))["html"]
    await faq.write(ANA, "Staff only", "secret", level=STAFF, tickets=number)
    beside = (await faq.ask(ANA, "ticket_widget", for_ana, ticket_id=int(number)))["html"]
    assert "Staff only" in beside
    assert (await faq.ask(ANA, "insert", for_ana, id="2"))["status"] == 404


async def test_what_is_exported_is_imported_and_exported_the_same(faq: Faq, tmp_path: Path) -> None:
    await faq.write(ANA, "A, \"quoted\" one", "line\n\n- a; b\n", new_category="A::B",
                    keywords="k1 k2", tickets="12, 7")  # fmt: skip
    await faq.write(ANA, "Zweiter", "ü 🙈", category="1", level=USERS, then="draft")
    await faq.write(ANA, "Third", "c", category="1", then="review")
    await faq.ask(ANA, "act", id=str(await faq.write(ANA, "Old", "d", category="1")), act="archive")
    await faq.ask(ANA, "save_category", id="1", name="A::B", level=USERS, position="0")
    first = await exported(faq)
    rows = list(csv.DictReader(io.StringIO(first.decode())))
    assert [row["state"] for row in rows] == ["published", "draft", "review", "archived"]
    # A category for fewer people is not lost with its name.
    assert {row["audience"] for row in rows} == {"users"}
    for number in (1, 2, 3, 4):
        await faq.ask(ANA, "act", id=str(number), act="archive")
        await faq.ask(ANA, "act", id=str(number), act="delete")
    assert await uploaded(faq, first) == "Articles imported: 4"
    assert await exported(faq) == first
    assert "line" in await faq.page(USER, "article", id="1")
    assert "line" not in await faq.page(VISITOR, "article", id="1")


async def exported(faq: Faq) -> bytes:
    parts = re.findall(r"export\?from=(\d+)&amp;to=(\d+)", await faq.page(ANA, "transfer"))
    (ends,) = parts
    answer = await faq.ask(ANA, "export", **{"from": ends[0], "to": ends[1]})
    return base64.b64decode(answer["data"])


async def uploaded(faq: Faq, content: bytes) -> str:
    file = {"filename": "a.csv", "data": base64.b64encode(content).decode()}
    return said(await faq.page(ANA, "import", file=file))


async def test_an_export_of_otrs_is_read_and_does_nothing(faq: Faq) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b ""cc""><!ENTITY c ""&b;&b;"">]>&c;&amp;lt;script&amp;gt;'
    rows = [
        (
            '"Drucker";"Büro::Geräte";"de";"external";"<p>Stau</p>";"";"<ul><li>Tür</li></ul>'
            '<script>x</script>";"";"";"";"papier"'
        ),
        '"Intern";"Büro";"de";"internal";"geheim";"";"";"";"";"";""',
        f'"Bombe";"Büro";"de";"public";"{bomb}";"";"";"";"";"";""',
    ]
    content = "\n".join(rows).encode("latin-1")
    assert await uploaded(faq, content) == "Articles imported: 3"
    html = await faq.page(USER, "article", id="1")
    assert "Büro / Geräte" in html
    assert "<h2>Symptom</h2>" in html
    assert "<li>Tür</li>" in html
    assert "<script>" not in html
    assert "no such article" in await faq.page(USER, "article", id="2")
    assert "<script" not in await faq.page(VISITOR, "article", id="3")


async def test_files_that_are_none_are_refused_whole_with_the_reason(faq: Faq) -> None:
    head = b"title,category,audience,state,keywords,tickets,body\n"
    for content, why in (
        (b"", "no articles"),
        (bytes(range(256)) * 500, "expected the columns"),
        (head + b"a,b,everybody,draft,,,x\n", "audience: expected public, users or staff"),
        (head + b"a,b,staff,gone,,,x\n", "state: expected"),
        (head + b",b,staff,draft,,,x\n", "title and body are needed"),
        (head + b"a,b,staff,draft,,,x\n" * 1_001, "split the file"),
        (head + b'"never closed,b,staff,draft,,,' + b"x" * 2_000_000, "title and body"),
        (head + b"a,b,staff,draft,,," + b"x" * 200_001 + b"\n", "200,000"),
    ):
        assert why in await uploaded(faq, content), content[:80]
    assert "No articles yet" in await faq.page(ANA, "transfer")


HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)><svg/onload=alert(1)>",
    "<a href='javascript:alert(1)'>x</a> [x](javascript:alert(1)) [x](JaVaScRiPt:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>) ![x](data:image/svg+xml,<svg onload=x>)",
    "<style>*{display:none}</style><div style='position:fixed;inset:0' onmouseover=x>a</div>",
    "<iframe src=/></iframe><object data=/><embed src=/><base href=//e><meta http-equiv=refresh>",
    "<form action=/><input name=x><button>go</button></form><link rel=stylesheet href=//evil>",
    "<math><mtext><table><mglyph><style><!--</style><p title='--&gt;&lt;img src=1 onerror=x&gt;'>",
    '<noscript><p title="</noscript><img src=x onerror=x>">',
    "![](picture:\"onerror=x) ![](picture:../../own.sqlite3) <img src='picture:x' srcset='//e'>",
)
BAD = re.compile(
    r"<(script|style|iframe|object|embed|base|meta|form|input|button|link|svg|math|noscript)\b"
    r"|<[^>]*\s(on\w+|style|srcset|src)=|href=.?(javascript|data):", re.IGNORECASE
)  # fmt: skip


async def test_markup_of_every_kind_is_text_structure_or_a_link(faq: Faq) -> None:
    for text in HOSTILE:
        article = str(await faq.write(ANA, '<b>"Title"', f"{text}\n\nend of it"))
        html = await faq.page(VISITOR, "article", id=article)
        (body,) = re.findall(r"<article>(.*)</article>", html, re.DOTALL)
        assert "end of it" in body or text.startswith(("<noscript", "<math"))
        assert not BAD.search(re.sub(r'data-picture="[^"]*"', "", body)), body


DEEP = (
    *("<div>" * 10_000, "<b>" * 60_000, ">" * 190_000, "[" * 190_000, "*a **a " * 27_000),
    *("|a" * 60_000 + "\n" + "|-" * 60_000, "<svg><math><table><select>" * 3_000),
    *("- " * 90_000, "`" * 199_999, "&" * 190_000, "<!--" * 40_000, "![](" * 45_000),
)


async def test_what_nests_or_grows_is_kept_or_refused_in_time(faq: Faq) -> None:
    for text in DEEP:
        saved = await faq.save(ANA, "Deep", text)
        assert "redirect" in saved or said(saved["html"]), text[:12]


async def test_an_article_that_is_too_long_keeps_what_was_typed(faq: Faq) -> None:
    for text in ("a" * 200_001, "x" * 1_000_000):
        html = await faq.page(ANA, "save", title="Long", body=text, new_category="G", then="draft")
        assert "longer than 200,000 characters" in html
        assert text in html
    assert await faq.write(ANA, "Umlauts", "ü" * 199_000, new_category="G") == 1


async def test_it_asks_for_no_permission_that_it_does_not_use(faq: Faq) -> None:
    picture = await faq.ask(ANA, "upload", picture={"data": PNG})
    article = str(await faq.write(ANA, "One", picture["markdown"], tickets="1"))
    await faq.ask(ANA, "article", id=article)
    await faq.ask(VISITOR, "picture", name=picture["markdown"][12:-1])
    asked = {one.token for one in (await faq.opened.supervisor.overview.plugin(ID)).permissions}
    routes = {token.removeprefix("public_route:") for token in asked if ":/faq" in token}
    registration = json.loads((ROOT / "plugins/faq/registration.json").read_bytes())
    open_ = {route["path"] for route in registration["routes"] if "middleware" not in route}
    assert routes == open_
    assert asked - {f"public_route:{path}" for path in routes} == {
        *("db:write:faq_*", "db:read:ticket", "file:readwrite", "new_ticket")
    }
    made = await faq.opened.supervisor.deliveries.page(ID, limit=100)
    calls = [call for delivery in made for call in delivery.host_calls]
    names = {call["name"] for call in calls}
    assert names == {"db_query", "db_exec", "store_file", "get_file", "time_now"}
    assert all(call["status"] == 1 for call in calls)
    assert any("FROM ticket" in str(call["request"]) for call in calls)
