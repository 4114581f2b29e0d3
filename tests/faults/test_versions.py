"""``kill -9`` of the server while a version is installed, or takes the place of another."""

import functools
import signal
import sqlite3

import pytest
import trio

from cli.control.socket import RunningServer
from cli.errors import CannotGoOn
from sandbox_child.wasm.sections import manifest_section, replace_custom_section
from tests.faults.desk import module_of

LISTENER = "org.example.listener"


def newer() -> bytes:
    """Return the listener in another version."""
    module = module_of(LISTENER)
    text = manifest_section(module).replace(b'"1.0.0"', b'"2.0.0"')
    return replace_custom_section(module, "ohd_manifest", text)


async def upgrade(site) -> None:
    """Install the newer version, and change to it."""
    server = RunningServer(site.data)
    view = await server.installs.install(newer(), source="faults", actor="faults")
    await server.versions.accept(LISTENER, view.waiting_version, accepted=[], actor="faults")


def stands(site) -> dict[str, str]:
    """Return the versions of the listener and what each is there for."""
    with sqlite3.connect(site.data / "ohd.sqlite3") as db:
        query = (
            "SELECT manifest ->> 'version', 'active' FROM plugins WHERE id = ?1 UNION ALL "
            "SELECT manifest ->> 'version', status FROM plugin_versions WHERE plugin_id = ?1"
        )
        return dict(db.execute(query, (LISTENER,)))


def needed(site) -> set[str]:
    with sqlite3.connect(site.data / "ohd.sqlite3") as db:
        query = "SELECT sha256 FROM plugins UNION SELECT sha256 FROM plugin_versions"
        return {f"{sha256}.wasm" for (sha256,) in db.execute(query)}


@pytest.mark.parametrize(
    ("step", "after"),
    [
        ("module compiled:1", {"1.0.0": "active"}),
        ("stopped for another version:1", {"1.0.0": "active", "2.0.0": "waiting"}),
        ("change written:2", {"2.0.0": "active", "1.0.0": "kept"}),
    ],
)
def test_a_kill_leaves_one_version_or_the_other_and_every_event(step, after, site, serve):
    server = serve(f"die:{step}")
    for _ in range(3):
        server.ticket("Any ticket")
    with pytest.raises((CannotGoOn, OSError)):
        trio.run(functools.partial(upgrade, site))
    assert server.wait_end() == -signal.SIGKILL, server.log()[-2000:]
    assert stands(site) == after
    again = serve()
    again.ticket("Another ticket")
    books = again.wait_settled()
    assert {path.name for path in (site.data / "modules").iterdir()} == needed(site)
    assert again.stop() == 0
    assert site.left_over(again) == []
    assert (books.problems, books.outcomes["dropped"], books.lost) == ([], 0, set())
    assert stands(site) == after
