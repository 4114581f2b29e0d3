"""A virus scanner sees each file first; what it finds is kept back, whatever it answers."""

import os
from pathlib import Path

import pytest
import trio

from helpdesk.errors import Conflict, Invalid, NotAllowed
from helpdesk.files import clamd
from helpdesk.files.clamd import ScannerAway
from tests.helpdesk.files import scan_server
from tests.helpdesk.files.scan_server import EICAR, NAME, answering, running_clamd, take_all
from tests.helpdesk.files.test_files import add, read


@pytest.fixture
async def scanner(tmp_path: Path):
    if scan_server.clamd() is None:
        reason = "clamd is not installed; run `make test` once as root, or install clamav-daemon"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    async with running_clamd(tmp_path / "clamd") as address:
        yield address


async def use(world, address: str, away: str = "wait") -> None:
    await world.helpdesk.settings.update(world.admin.actor, scanner=address, scanner_away=away)


async def notices(world, person) -> list[str]:
    return [each.title for each in await world.helpdesk.notifications.list(person.actor)]


class pieces:  # noqa: N801 - as a generator, which would have to be closed
    def __init__(self, data: bytes) -> None:
        self.left = [data[start : start + 100_000] for start in range(0, len(data), 100_000)]

    def __aiter__(self):
        return self

    async def __anext__(self) -> bytes:
        await trio.lowlevel.checkpoint()
        if not self.left:
            raise StopAsyncIteration
        return self.left.pop(0)


async def test_a_real_scanner_tells_what_is_infected(scanner):
    assert await clamd.scan(scanner, pieces(EICAR)) == f"{NAME}.UNOFFICIAL"
    assert await clamd.scan(scanner, pieces(b"harmless")) == ""
    assert await clamd.scan(scanner, pieces(bytes(25 * 1024 * 1024))) == ""
    with pytest.raises(ScannerAway, match="size limit"):
        await clamd.scan(scanner, pieces(bytes(35 * 1024 * 1024)))


async def test_an_infected_upload_is_kept_back_and_people_are_told(world, scanner):
    await world.ticket()
    await use(world, scanner)
    clear = await add(world, world.user, "1", b"harmless")
    assert await read(world, world.user, clear.id) == b"harmless"
    bad = await add(world, world.user, "1", EICAR, "eicar.com")
    assert (bad.state, bad.finding) == ("infected", f"{NAME}.UNOFFICIAL")
    with pytest.raises(NotAllowed, match=NAME):
        await read(world, world.admin, bad.id)
    for person in (world.user, world.admin):
        assert "eicar.com was kept back: it is infected" in await notices(world, person)
    assert await notices(world, world.stranger) == []
    (entry,) = [
        entry
        for entry in (await world.helpdesk.audit.list(world.admin.actor)).rows
        if entry.action == "file.kept_back"
    ]
    assert entry.changes == {"name": "eicar.com", "ticket": 1, "finding": bad.finding}
    assert entry.actor_id == world.user.id
    await world.helpdesk.tickets.reply(world.user.actor, "1", "See the file.")
    told = (await world.last_payload())["ticket"]["attachments"]
    assert [each["id"] for each in told] == [clear.id]


async def test_what_waits_is_scanned_later_and_the_same_content_elsewhere_too(world, scanner):
    await world.ticket()
    old = await add(world, world.staff, "1", EICAR, "old.com", internal=True)
    assert old.state == "clear"
    await use(world, "/nowhere/clamd.ctl")
    files = [await add(world, world.user, "1", data) for data in (EICAR, b"harmless")]
    assert [file.state for file in files] == ["waiting", "waiting"]
    for file in files:
        with pytest.raises(Conflict, match="not been scanned"):
            await read(world, world.user, file.id)
    with pytest.raises(ScannerAway):
        await world.helpdesk.scanning.work()
    await use(world, scanner)
    assert await world.helpdesk.scanning.work()
    assert not await world.helpdesk.scanning.work()
    states = {f.id: f.state for f in await world.helpdesk.files.all(world.staff.actor, "1")}
    assert states == {old.id: "infected", files[0].id: "infected", files[1].id: "clear"}
    assert [title for title in await notices(world, world.user) if "old.com" in title] == []


async def test_where_admins_say_so_uploads_are_refused_without_a_scanner(world):
    await world.ticket()
    await use(world, "127.0.0.1:1", "refuse")
    with pytest.raises(Conflict, match="no verdict"):
        await add(world, world.user, "1", b"x")
    assert await world.helpdesk.files.all(world.user.actor, "1") == ()


async def test_without_a_scanner_any_more_nothing_waits(world):
    await world.ticket()
    await use(world, "/nowhere")
    file = await add(world, world.user, "1", b"x")
    await use(world, "")
    assert await world.helpdesk.scanning.work()
    assert await read(world, world.user, file.id) == b"x"


async def test_admins_are_told_once_that_it_does_not_answer(world):
    await world.ticket()
    await use(world, "/nowhere")
    await add(world, world.user, "1", b"x")
    for _ in range(3):
        await world.helpdesk.scanning._tell_away("no connection")
    told = await notices(world, world.admin)
    assert told.count("Files wait for the virus scanner") == 1


async def test_a_server_by_the_manual_page(tmp_path):
    content = os.urandom(300_000)

    async def clean(stream) -> None:
        assert await take_all(stream) == content
        for byte in b"stream: OK\0":
            await stream.send_all(bytes([byte]))

    async with answering(tmp_path / "s", clean) as address:
        assert await clamd.scan(address, pieces(content)) == ""


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"stream: OK",
        b"stream: OK\n",
        b"OK\0",
        b"stream: \0",
        b"stream:  FOUND\0",
        b"stream: OK FOUND of nothing\0",
        b"INSTREAM size limit exceeded. ERROR\0",
        b"stream: x" * 100_000,
        b"\xff\xfe\0",
    ],
)
async def test_any_other_answer_is_no_verdict(tmp_path, said):
    async def answer(stream) -> None:
        await take_all(stream)
        await stream.send_all(said)

    async with answering(tmp_path / "s", answer) as address:
        with pytest.raises(ScannerAway):
            await clamd.scan(address, pieces(b"content"))


async def test_a_name_is_only_ever_words(tmp_path):
    async def answer(stream) -> None:
        await take_all(stream)
        await stream.send_all(b"stream: <b>\x1b[31m" + b"n" * 1000 + b" FOUND\0")

    async with answering(tmp_path / "s", answer) as address:
        found = await clamd.scan(address, pieces(b"content"))
    assert found.startswith("<b>[31mnnn")
    assert len(found) == clamd.LONGEST_NAME


async def test_one_that_closes_early_or_never_answers_is_no_verdict(tmp_path):
    async def close(stream) -> None:
        await stream.receive_some(10)

    async with answering(tmp_path / "a", close) as address:
        with pytest.raises(ScannerAway):
            await clamd.scan(address, pieces(bytes(5_000_000)))

    async def be_silent(stream) -> None:
        await take_all(stream)
        await trio.sleep_forever()

    async with answering(tmp_path / "b", be_silent) as address:
        with pytest.raises(ScannerAway, match="within"):
            await clamd.scan(address, pieces(b"x"), seconds=0.3)

    async def take_nothing(stream) -> None:
        await trio.sleep_forever()

    async with answering(tmp_path / "c", take_nothing) as address:
        with pytest.raises(ScannerAway, match="within"):
            await clamd.scan(address, pieces(bytes(5_000_000)), seconds=0.3)


@pytest.mark.parametrize("wrong", ["clamd", "host:", "host:0", "host:99999", "a b:1", "/" * 101])
async def test_a_wrong_address_is_refused(world, wrong):
    with pytest.raises(Invalid, match=r"127\.0\.0\.1:3310"):
        await use(world, wrong)
    with pytest.raises(Invalid, match="wait or refuse"):
        await use(world, "", "ignore")
