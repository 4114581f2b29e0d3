"""Plugins are administered by many at once, on a full disk, and while the database is held."""

import random
import socket
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from typing import Any

import httpx
import pytest

from sandbox_child.wasm.sections import manifest_section, replace_custom_section
from tests.faults.breaking import FullDisk, locked
from tests.faults.desk import Server, Site, module_of, until
from tests.faults.test_disk import on_its_own_disk

LISTENER, MOOD, DIGEST = "org.example.listener", "org.example.mood", "org.openhelpdesk.digest"
PLUGINS = "/api/admin/plugins"
RACED = "org.example.raced"
CROWD = 20


def version(plugin_id: str, number: str) -> bytes:
    """Return the listener in some version, under some id."""
    module = module_of(LISTENER, plugin_id)
    text = manifest_section(module).replace(b'"1.0.0"', f'"{number}"'.encode())
    return replace_custom_section(module, "ohd_manifest", text)


class Admin:
    """Somebody who administers plugins over the API."""

    def __init__(self, site: Site, server: Server) -> None:
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{server.port}",
            headers={"Authorization": f"Bearer {site.key}"},
            timeout=120,
        )

    def install(self, module: bytes) -> httpx.Response:
        return self.client.post(PLUGINS, files={"file": ("plugin.wasm", module)})

    def patch(self, plugin_id: str, **changes: Any) -> httpx.Response:
        return self.client.patch(f"{PLUGINS}/{plugin_id}", json=changes)

    def versions(self, plugin_id: str) -> list[dict[str, Any]]:
        found = self.client.get(f"{PLUGINS}/{plugin_id}/versions").json().get("data", [])
        return [each for each in found if each["status"] != "active"]

    def accept(self, plugin_id: str, sha256: str) -> httpx.Response:
        return self.client.post(
            f"{PLUGINS}/{plugin_id}/versions/{sha256}/accept", json={"accepted": []}
        )

    def restart(self, plugin_id: str) -> httpx.Response:
        return self.client.post(f"{PLUGINS}/{plugin_id}/restart", json={})

    def uninstall(self, plugin_id: str) -> httpx.Response:
        return self.client.delete(f"{PLUGINS}/{plugin_id}")

    def stands(self) -> dict[str, tuple[Any, ...]]:
        """Return what can be changed of each plugin."""
        return {
            each["id"]: (
                each["version"],
                each["enabled"],
                each["waiting_version"],
                [asked["granted"] for asked in each["permissions"]],
                [field["value"] for field in each["config"]],
            )
            for each in self.client.get(PLUGINS).json()["data"]
        }

    def all_run(self) -> bool:
        found = self.client.get(PLUGINS).json()["data"]
        return all(each["state"] == "running" for each in found if each["enabled"])


@contextmanager
def administered(site: Site, server: Server) -> Iterator[Admin]:
    admin = Admin(site, server)
    with closing(admin.client):
        yield admin


def told(site: Site, plugin_id: str) -> Counter[int]:
    """Return how many tickets a plugin received once, how many twice, and so on."""
    query = (
        "SELECT (SELECT count(*) FROM deliveries WHERE event_seq = seq AND plugin_id = ? "
        "AND outcome = 'ok') FROM events WHERE type = 'ticket.created'"
    )
    with closing(sqlite3.connect(site.data / "ohd.sqlite3")) as db:
        return Counter(count for (count,) in db.execute(query, (plugin_id,)))


def modules_needed(site: Site) -> set[str]:
    with closing(sqlite3.connect(site.data / "ohd.sqlite3")) as db:
        query = "SELECT sha256 FROM plugins UNION SELECT sha256 FROM plugin_versions"
        return {f"{sha256}.wasm" for (sha256,) in db.execute(query)}


def modules_there(site: Site) -> set[str]:
    return {path.name for path in (site.data / "modules").iterdir()}


def changes_of(admin: Admin) -> list[Callable[[], httpx.Response]]:
    """Return one change of each kind, each of a plugin that none of the others touches twice."""
    (waiting,) = admin.versions(LISTENER)
    return [
        lambda: admin.install(version("org.example.new", "1.0.0")),
        lambda: admin.accept(LISTENER, waiting["sha256"]),
        lambda: admin.patch(DIGEST, config={"urgent_words": "lost"}),
        lambda: admin.patch(DIGEST, withheld=["reply"]),
        lambda: admin.patch(MOOD, enabled=False),
        lambda: admin.uninstall(RACED),
    ]


@pytest.mark.parametrize("fault", ["full disk", "locked database"])
def test_a_change_that_cannot_be_saved_changes_nothing(fault, site, serve):
    with ExitStack() as stack:
        is_own = fault == "full disk"
        if is_own:
            stack.enter_context(on_its_own_disk(site))
        server = serve()
        admin = stack.enter_context(administered(site, server))
        assert admin.install(version(LISTENER, "2.0.0")).status_code == 201
        assert admin.install(version(RACED, "1.0.0")).status_code == 201
        assert admin.patch(RACED, enabled=True).status_code == 200
        assert server.ticket("Before") == 201
        server.wait_settled()
        until(admin.all_run)
        before, changes = admin.stands(), changes_of(admin)
        if not is_own:
            # Each is waited for as long as the database's patience lasts, one after the other.
            changes = [changes[0], changes[-1]]
        with ExitStack() as broken, ThreadPoolExecutor(len(changes)) as people:
            if is_own:
                disk = FullDisk(site)
                disk.fill()
                broken.callback(disk.free)
            else:
                broken.enter_context(locked(site))
            answers = list(people.map(lambda change: change(), changes))
            assert [(a.status_code, a.text) for a in answers if a.status_code != 503] == []
            # Nobody is shown what the disk or the database said.
            assert "reference" not in "".join(answer.text for answer in answers)
            assert admin.stands() == before
        until(admin.all_run)
        assert modules_there(site) == modules_needed(site)
        # What was refused can be done now, and nothing was lost meanwhile.
        until(lambda: server.ticket("After") == 201)
        books = server.wait_settled()
        assert (books.problems, books.redelivered, books.outcomes["dropped"]) == ([], 0, 0)
        assert {change().status_code for change in changes} <= {200, 201, 204}
        assert server.ticket("In the end") == 201
        until(lambda: told(site, LISTENER) == Counter({1: len(site.acknowledged)}))
        assert server.stop() == 0
        assert site.left_over(server) == []
        assert modules_there(site) == modules_needed(site)
        server.close()


def test_many_who_change_the_same_plugins_leave_them_whole_and_lose_no_event(site, serve):
    server = serve()
    with administered(site, server) as admin, ThreadPoolExecutor(CROWD + 1) as people:
        assert admin.install(version(LISTENER, "2.0.0")).status_code == 201
        crowd = [people.submit(meddle, site, server, number) for number in range(CROWD)]
        changing = people.submit(change_versions, site, server, crowd)
        while not all(each.done() for each in crowd) or len(site.acknowledged) < 100:
            assert server.ticket("While everything changes") == 201
        assert sum((each.result() for each in crowd), Counter())[500] == 0
        assert changing.result() >= 4
        until(lambda: told(site, LISTENER) == Counter({1: len(site.acknowledged)}))
        # An upload that ends half way is none.
        before = admin.stands()
        with socket.create_connection(("127.0.0.1", server.port)) as half:
            half.sendall(half_an_upload(site))
        assert admin.stands() == before
    server.kill()
    again = serve()
    assert modules_there(site) == modules_needed(site)
    with administered(site, again) as admin:
        until(admin.all_run)
        assert admin.stands() == before
    assert told(site, LISTENER) == Counter({1: len(site.acknowledged)})
    assert again.stop() == 0
    assert site.left_over(again) == []


def meddle(site: Site, server: Server, number: int) -> Counter[int]:
    """Do some of everything to one plugin; return how often it was answered how."""
    rng = random.Random(number)
    answers: Counter[int] = Counter()
    with administered(site, server) as admin:
        for _ in range(3):
            other = admin.versions(RACED)
            kinds: list[Callable[[], httpx.Response]] = [
                lambda: admin.install(version(RACED, f"1.0.{rng.randrange(3)}")),
                lambda: admin.patch(RACED, enabled=True),
                lambda: admin.patch(RACED, enabled=False),
                lambda: admin.patch(RACED, withheld=["event:ticket.created"]),
                lambda: admin.restart(RACED),
                lambda: admin.uninstall(RACED),
            ]
            if other:
                kinds.append(partial(admin.accept, RACED, rng.choice(other)["sha256"]))
            answers[rng.choice(kinds)().status_code // 100 * 100] += 1
    return answers


def change_versions(site: Site, server: Server, crowd: Sequence[Future[Any]]) -> int:
    """Upgrade and roll the listener back as long as the others are at it; return how often."""
    changes = 0
    with administered(site, server) as admin:
        while changes < 4 or not all(each.done() for each in crowd):
            (other,) = admin.versions(LISTENER)
            assert admin.accept(LISTENER, other["sha256"]).status_code == 200
            changes += 1
    return changes


def half_an_upload(site: Site) -> bytes:
    """Return a request that ends in the middle of the file."""
    file = version("org.example.half", "1.0.0")
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="p.wasm"\r\n\r\n' + file
    head = (
        f"POST {PLUGINS} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {site.key}\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(part) + 7}\r\n\r\n"
    )
    return head.encode() + part[:-100]
