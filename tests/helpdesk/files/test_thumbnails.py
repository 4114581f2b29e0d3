"""Small pictures are made once, kept, and never made again of what has none."""

from collections import Counter

import pytest
import trio

from helpdesk.files.thumbnails import NoThumbnail
from tests.helpdesk.files.test_files import add

PNG = b"\x89PNG\r\n\x1a\n" + bytes(5_000)
SMALL = b"RIFF....WEBP"


class Making:
    """Makes whatever it is told to, and counts."""

    def __init__(self, result: bytes | NoThumbnail = SMALL) -> None:
        self.result = result
        self.asked: Counter[int] = Counter()
        self.begun = trio.Event()
        self.may_go_on = trio.Event()
        self.may_go_on.set()

    async def make(self, source, size, kind, edge) -> bytes:
        self.asked[size] += 1
        self.begun.set()
        assert len(b"".join([piece async for piece in source])) == size
        await self.may_go_on.wait()
        if isinstance(self.result, NoThumbnail):
            raise self.result
        return self.result


@pytest.fixture
async def picture(world):
    await world.ticket()
    return await add(world, world.user, "1", PNG, "a.png")


async def test_it_is_made_once_however_many_ask(world, picture):
    making = world.helpdesk.thumbnails.maker = Making()
    making.may_go_on = trio.Event()
    found = []

    async def ask() -> None:
        found.append(await world.helpdesk.thumbnails.of(picture))

    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(ask)
        await making.begun.wait()
        making.may_go_on.set()
    assert found == [SMALL] * 20
    assert making.asked == {len(PNG): 1}
    same = await add(world, world.staff, "1", PNG, "b.png")
    assert await world.helpdesk.thumbnails.of(same) == SMALL
    assert making.asked == {len(PNG): 1}


async def test_of_what_has_none_for_good_none_is_made_again(world, picture):
    making = world.helpdesk.thumbnails.maker = Making(NoThumbnail("a bomb", for_good=True))
    for _ in range(3):
        assert await world.helpdesk.thumbnails.of(picture) is None
    assert making.asked == {len(PNG): 1}


async def test_what_could_not_be_made_now_is_made_later(world, picture):
    making = world.helpdesk.thumbnails.maker = Making(NoThumbnail("busy", for_good=False))
    assert await world.helpdesk.thumbnails.of(picture) is None
    making.result = SMALL
    assert await world.helpdesk.thumbnails.of(picture) == SMALL


async def test_whoever_gives_up_leaves_it_to_the_next(world, picture):
    making = world.helpdesk.thumbnails.maker = Making()
    making.may_go_on = trio.Event()
    async with trio.open_nursery() as nursery:
        scope = trio.CancelScope()

        async def impatient() -> None:
            with scope:
                await world.helpdesk.thumbnails.of(picture)

        nursery.start_soon(impatient)
        await making.begun.wait()
        scope.cancel()
    making.may_go_on.set()
    assert await world.helpdesk.thumbnails.of(picture) == SMALL
    assert making.asked == {len(PNG): 2}


async def test_only_pictures_are_asked_for(world):
    await world.ticket()
    making = world.helpdesk.thumbnails.maker = Making()
    svg = await add(world, world.user, "1", b"<svg onload='alert(1)'/>", "a.png")
    assert await world.helpdesk.thumbnails.of(svg) is None
    assert not making.asked
