"""Files on tickets: stored by content, bounded, and read by those who may."""

import os
from pathlib import Path

import pytest

from helpdesk.errors import Invalid, LimitReached, NotAllowed, NotFound
from helpdesk.files import service


async def add(world, person, reference: str, content: bytes, name="a.txt", internal=False):
    files = world.helpdesk.files
    async with files.receive() as arrival:
        for start in range(0, len(content), 1_000):
            await arrival.write(content[start : start + 1_000])
        kept = await arrival.keep()
        return await files.add(person.actor, reference, name, kept, internal=internal)


async def read(world, person, file_id: str) -> bytes:
    file = await world.helpdesk.files.get(person.actor, file_id)
    async with world.helpdesk.files.read(file) as content:
        return b"".join([piece async for piece in content])


def on_disk(world) -> list[Path]:
    folder = world.helpdesk.database.path.parent / "files"
    return sorted(path for path in folder.rglob("*") if path.is_file())


async def test_a_file_comes_back_as_it_went_and_equal_contents_are_stored_once(world):
    await world.ticket()
    content = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 2_000
    first = await add(world, world.user, "1", content, "../screen.png")
    second = await add(world, world.staff, "1", content, "same.png")
    assert (first.name, first.kind, first.size) == ("screen.png", "image/png", len(content))
    assert first.sha256 == second.sha256
    assert await read(world, world.user, first.id) == content
    assert [path.name for path in on_disk(world)] == [first.sha256]
    listed = await world.helpdesk.files.all(world.user.actor, "1")
    assert [file.id for file in listed] == [first.id, second.id]


async def test_an_internal_file_is_for_staff_alone(world):
    await world.ticket()
    before = (await world.helpdesk.tickets.get(world.user.actor, "1")).updated_at
    world.clock.turn(hours=1)
    secret = await add(world, world.staff, "1", b"secret", internal=True)
    assert await world.helpdesk.files.all(world.user.actor, "1") == ()
    assert await read(world, world.outsider, secret.id) == b"secret"
    with pytest.raises(NotFound):
        await world.helpdesk.files.get(world.user.actor, secret.id)
    assert (await world.helpdesk.tickets.get(world.user.actor, "1")).updated_at == before
    with pytest.raises(NotAllowed):
        await add(world, world.user, "1", b"x", internal=True)


async def test_a_file_of_somebody_else_s_ticket_does_not_exist(world):
    await world.ticket()
    file = await add(world, world.user, "1", b"mine")
    for act in (
        world.helpdesk.files.get(world.stranger.actor, file.id),
        world.helpdesk.files.get(world.stranger.actor, "nothing"),
        world.helpdesk.files.all(world.stranger.actor, "1"),
        add(world, world.stranger, "1", b"x"),
    ):
        with pytest.raises(NotFound):
            await act


async def test_who_may_not_reply_may_not_add(world):
    await world.ticket(category="Hardware")
    with pytest.raises(NotAllowed):
        await add(world, world.outsider, "1", b"x")
    await world.helpdesk.tickets.close(world.user.actor, "1")
    with pytest.raises(NotAllowed, match="closed"):
        await add(world, world.user, "1", b"x")
    await add(world, world.staff, "1", b"x", internal=True)


async def test_files_are_bounded_each_and_together(world, monkeypatch):
    await world.ticket()
    await world.ticket()
    monkeypatch.setattr(service, "MAX_FILE_BYTES", 3_000)
    with pytest.raises(LimitReached, match="3,000 bytes"):
        await add(world, world.user, "1", b"x" * 3_001)
    assert on_disk(world) == []
    with pytest.raises(Invalid, match="empty"):
        await add(world, world.user, "1", b"")
    monkeypatch.setattr(service, "MAX_TICKET_BYTES", 5_000)
    await add(world, world.user, "1", b"x" * 3_000)
    with pytest.raises(LimitReached):
        await add(world, world.user, "1", b"y" * 2_001)
    monkeypatch.setattr(service, "MAX_FILES", 1)
    with pytest.raises(LimitReached):
        await add(world, world.user, "1", b"z")
    monkeypatch.setattr(service, "MAX_SITE_BYTES", 3_500)
    with pytest.raises(LimitReached):
        await add(world, world.user, "2", b"z" * 501)
    await add(world, world.user, "2", b"z" * 500)


async def test_a_file_that_did_not_arrive_whole_leaves_nothing(world):
    async with world.helpdesk.files.receive() as arrival:
        await arrival.write(b"half")
        assert len(on_disk(world)) == 1
    assert on_disk(world) == []


async def test_what_never_came_whole_is_removed_after_a_day(world, clock):
    async with world.helpdesk.files.receive():
        (left,) = on_disk(world)
        at = clock.now().timestamp()
        os.utime(left, (at, at))
        await world.helpdesk.files.forget_unfinished()
        assert on_disk(world) == [left]
        clock.turn(days=1, seconds=1)
        await world.helpdesk.files.forget_unfinished()
        assert on_disk(world) == []


async def test_files_go_with_a_merge(world):
    await world.ticket()
    await world.ticket()
    file = await add(world, world.user, "1", b"x")
    await world.helpdesk.merges.merge(world.admin.actor, "1", "2")
    assert [one.id for one in await world.helpdesk.files.all(world.user.actor, "2")] == [file.id]
    assert await world.helpdesk.files.all(world.user.actor, "1") == ()
