"""Installing from a URL, and watching an installation: real servers on loopback."""

import dataclasses

import pytest
import trio

from supervisor.administration.fetch import FetchRules
from supervisor.administration.install_jobs import KEPT, MOST_AT_ONCE
from supervisor.config import SupervisorConfig
from supervisor.egress import EgressPolicy
from supervisor.errors import AlreadyInstalled, FetchFailed, InstallNotFound, TooManyInstalls
from supervisor.limits import Limits
from supervisor.states import InstallStep

PLAIN = FetchRules(plain_http=True)


@pytest.fixture
async def near(open_desk, stand_in):
    """Open a desk that may fetch from the server of this test."""
    return await open_desk(egress=stand_in.policy(), fetch=PLAIN)


async def follow(desk, install):
    """Return every step that an installation shows, to its end."""
    seen, steps = install, [install.step]
    with trio.fail_after(120):
        while seen.step not in (InstallStep.DONE, InstallStep.REFUSED):
            seen = await desk.supervisor.installs.wait(install.id, seen=seen)
            if seen.step is not steps[-1]:
                steps.append(seen.step)
    return seen, steps


async def start(desk, **given):
    return await desk.supervisor.installs.start(actor="test", **given)


async def test_a_module_is_installed_from_a_url_step_by_step(near, stand_in):
    stand_in.answer = near.module("wat/noop")
    stand_in.hold()
    begun = await start(near, url=f"{stand_in.url}/noop.wasm?token=s3cret#x")
    await stand_in.wait()
    assert near.supervisor.installs.status(begun.id).step is InstallStep.FETCHING
    assert await near.supervisor.overview.plugins() == []
    stand_in.release()
    end, steps = await follow(near, begun)
    assert steps[0] is InstallStep.FETCHING
    assert steps == sorted(steps, key=list(InstallStep).index)
    assert (end.step, end.error, end.is_upgrade) == (InstallStep.DONE, None, False)
    assert end.received_bytes == end.total_bytes == len(stand_in.answer)
    view = await near.supervisor.overview.plugin(end.plugin_id)
    assert (view.source, view.enabled) == (f"{stand_in.url}/noop.wasm", False)
    assert "s3cret" not in repr((view, end, near.supervisor.installs.all()))
    assert stand_in.requests[0].path == "/noop.wasm?token=s3cret"


async def test_a_newer_version_from_a_url_is_an_upgrade_that_waits(near, stand_in):
    plugin = await near.install("wat/noop")
    stand_in.answer = near.module("wat/noop", version="2.0.0")
    end, _ = await follow(near, await start(near, url=stand_in.url))
    assert (end.step, end.is_upgrade, end.plugin_id) == (InstallStep.DONE, True, plugin.id)
    assert (await near.supervisor.overview.plugin(plugin.id)).version == "1.0.0"
    with pytest.raises(AlreadyInstalled):
        await near.supervisor.installs.from_url(stand_in.url, actor="test")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"PK\x03\x04" + b"\0" * 100, "not a complete ZIP file"),
        (b"<!DOCTYPE html><title>Releases</title>", "an HTML or XML page"),
        (b"", "the file is empty"),
        (b"\0asm\x0d\0\1\0", "a WebAssembly component"),
        (b"\0asm\1\0\0", "ends after 7 bytes"),
        (b"hello", "not a WebAssembly module"),
    ],
)
async def test_a_refusal_says_what_the_file_is(near, stand_in, answer, words):
    # Whatever the server calls it.
    stand_in.answer, stand_in.content_type = answer, "application/wasm"
    end, steps = await follow(near, await start(near, url=stand_in.url))
    assert steps[-1] is InstallStep.REFUSED
    assert words in end.error
    assert (end.plugin_id, await near.supervisor.overview.plugins()) == (None, [])


async def test_a_truncated_module_is_refused_as_damaged(near, stand_in):
    stand_in.answer = near.module("wat/noop")[:-3]
    end, _ = await follow(near, await start(near, url=stand_in.url))
    assert "damaged at byte" in end.error


async def test_a_file_is_installed_in_the_background_too(near):
    begun = await start(near, module=near.module("wat/noop"), source="noop.wasm")
    end, steps = await follow(near, begun)
    assert (end.step, end.source) == (InstallStep.DONE, "noop.wasm")
    assert steps[0] is InstallStep.CHECKING
    again, _ = await follow(near, await start(near, module=near.module("wat/noop"), source="x"))
    assert (again.step, again.plugin_id) == (InstallStep.REFUSED, end.plugin_id)
    assert "already installed" in again.error
    refused, _ = await follow(near, await start(near, module=near.module("wat/on_event_missing")))
    assert "on_event" in refused.error
    assert [each.id for each in near.supervisor.installs.all()] == [refused.id, again.id, end.id]


async def test_an_address_that_is_not_public_is_refused_by_default(open_desk, stand_in):
    policy = EgressPolicy(ports=frozenset({stand_in.port}))
    desk = await open_desk(egress=policy, fetch=PLAIN)
    with pytest.raises(FetchFailed, match=r"localhost leads to .* which is refused"):
        await desk.supervisor.installs.from_url(stand_in.url, actor="test")
    assert stand_in.requests == []


async def test_a_module_over_the_limit_is_refused_wherever_it_comes_from(near, stand_in):
    config = SupervisorConfig(near.path, Limits(module_bytes=100), egress=stand_in.policy())
    near.supervisor.reconfigure(dataclasses.replace(config, fetch=PLAIN))
    stand_in.answer = b"\0asm\1\0\0\0" + b"\0" * 100
    by_url, _ = await follow(near, await start(near, url=stand_in.url))
    assert "too large" in by_url.error
    by_file, _ = await follow(near, await start(near, module=stand_in.answer))
    assert "the limit is 100" in by_file.error


async def test_so_many_installations_are_under_way_at_once(near, stand_in):
    stand_in.hold()
    begun = [await start(near, url=stand_in.url) for _ in range(MOST_AT_ONCE)]
    with pytest.raises(TooManyInstalls):
        await start(near, url=stand_in.url)
    stand_in.release()
    for install in begun:
        await follow(near, install)
    for _ in range(KEPT + 3):
        await follow(near, await start(near, module=b""))
    assert len(near.supervisor.installs.all()) == KEPT
    with pytest.raises(InstallNotFound):
        near.supervisor.installs.status(begun[0].id)


async def test_an_installation_that_a_stop_cuts_off_leaves_nothing(near, open_desk, stand_in):
    stand_in.hold()
    await start(near, url=stand_in.url)
    await stand_in.wait()
    await near.close()
    desk = await open_desk()
    assert (await desk.supervisor.overview.plugins(), desk.supervisor.installs.all()) == ([], [])
    assert not list((desk.path / "modules").iterdir())
