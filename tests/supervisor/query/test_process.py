"""Queries from real, locked-down processes over a real help desk."""

from pathlib import Path

import psutil
import pytest
import trio
import trio.testing

from helpdesk.actors import SYSTEM
from sandbox_child.wire.queries import TABLES
from supervisor.query import Audience, QueryLimits, QueryRefused, RefusedBecause, granted
from tests.supervisor.query.conftest import Library, ask, has_died

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n"


async def refusal(*arguments, **options) -> QueryRefused:
    with pytest.raises(QueryRefused) as caught:
        await ask(*arguments, **options)
    return caught.value


async def test_a_query_tells_of_tickets(library: Library):
    sam = await library.person("Sam Lee", "user")
    first = await library.ticket(sam.actor, "Printer on fire")
    await library.ticket(sam.actor, "Mouse gone", priority="High")
    process = library.process()

    rows = await ask(process, "SELECT id, tn, title, ticket_priority_id FROM ticket ORDER BY id")

    assert rows == [
        {"id": 1, "tn": "1", "title": "Printer on fire", "ticket_priority_id": 3},
        {"id": 2, "tn": "2", "title": "Mouse gone", "ticket_priority_id": 4},
    ]
    assert first.number == 1


async def test_what_has_just_been_written_is_seen(library: Library):
    sam = await library.person("Sam Lee", "user")
    process = library.process()
    for count in range(1, 40):
        await library.ticket(sam.actor, f"Ticket {count}")
        assert await ask(process, "SELECT COUNT(*) AS n FROM ticket") == [{"n": count}]
    assert len({process.pid}) == 1


async def test_no_rows_are_null_and_an_aggregate_has_one_row(library: Library):
    process = library.process()
    assert await ask(process, "SELECT id FROM ticket WHERE id > 5") is None
    assert await ask(process, "SELECT COUNT(*) AS n, SUM(id) AS s FROM ticket") == [
        {"n": 0, "s": None}
    ]


async def test_values_keep_their_kinds(library: Library):
    process = library.process()
    rows = await ask(
        process, "SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e", [1, 2.5, "ü", None, True]
    )
    assert rows == [{"a": 1, "b": 2.5, "c": "ü", "d": None, "e": 1}]


async def test_a_table_that_was_not_granted_is_named(library: Library):
    process = library.process()
    caught = await refusal(
        process,
        "SELECT COUNT(*) FROM ticket t JOIN users u ON u.id = t.user_id",
        tables=frozenset({"ticket"}),
    )
    assert (caught.because, caught.table) == (RefusedBecause.PERMISSION, "users")
    assert caught.text == "no permission db:read on table users"
    assert await ask(process, "SELECT COUNT(*) AS n FROM ticket", tables=frozenset({"ticket"}))
    assert (await refusal(process, "SELECT 1 FROM queue", tables=frozenset())).table == "queue"
    assert await ask(process, "SELECT 1 AS one", tables=frozenset()) == [{"one": 1}]


def test_patterns_name_tables():
    assert granted(["ticket", "GROUP*"]) == {"ticket", "groups", "group_user", "group_role"}
    assert granted(["nothing"]) == frozenset()
    assert granted(["*"]) == frozenset(TABLES)


async def test_a_submitter_sees_their_own_tickets_alone(library: Library):
    sam, kim = await library.person("Sam Lee", "user"), await library.person("Kim Park", "user")
    staff = await library.person("Ana Diaz", "staff")
    await library.person("Ada", "admin")
    await library.ticket(sam.actor, "of Sam")
    await library.ticket(kim.actor, "of Kim")
    process = library.process()

    async def titles(audience: Audience) -> list[str]:
        rows = await ask(process, "SELECT title FROM ticket ORDER BY id", audience=audience)
        return [row["title"] for row in rows or ()]

    assert await titles(Audience.person_of(sam.id)) == ["of Sam"]
    assert await titles(Audience.person_of(kim.id)) == ["of Kim"]
    assert await titles(Audience.person_of(staff.id)) == ["of Sam", "of Kim"]
    assert await titles(Audience.everything()) == ["of Sam", "of Kim"]
    assert await titles(Audience.nobody()) == []
    assert await titles(Audience.person_of("01UNKNOWN")) == []
    # What the database says now is what counts.
    await library.helpdesk.users.update(SYSTEM, staff.id, role="user")
    assert await titles(Audience.person_of(staff.id)) == []
    await library.helpdesk.users.update(SYSTEM, sam.id, disabled=True)
    assert await titles(Audience.person_of(sam.id)) == []


async def test_a_submitter_learns_nothing_of_people_and_groups(library: Library):
    sam = await library.person("Sam Lee", "user")
    await library.person("Ana Diaz", "staff")
    process = library.process()
    mine, nobody = Audience.person_of(sam.id), Audience.nobody()
    for table in ("users", "user_preferences", "groups", "group_user", "role_user", "group_role"):
        assert await ask(process, f"SELECT * FROM {table}")
        assert await ask(process, f"SELECT * FROM {table}", audience=mine) is None
    for table in ("ticket_state", "queue", "ticket_type", "ticket_priority", "roles"):
        assert await ask(process, f"SELECT * FROM {table}", audience=mine)
        assert await ask(process, f"SELECT * FROM {table}", audience=nobody) is None


async def test_a_query_without_end_is_interrupted_and_the_process_goes_on(library: Library):
    process = library.process()
    await process.start()
    pid = process.pid
    caught = await refusal(process, ENDLESS, seconds=1.0)
    assert caught.because is RefusedBecause.TIMEOUT
    assert await ask(process, "SELECT 1 AS one") == [{"one": 1}]
    assert process.pid == pid


async def test_a_process_that_does_not_heed_its_deadline_is_killed_and_replaced(library: Library):
    process = library.process()
    await process.start()
    pid = process.pid
    assert pid is not None
    child = psutil.Process(pid)
    child.suspend()
    caught = await refusal(process, "SELECT 1", seconds=1.0)
    assert caught.because is RefusedBecause.TIMEOUT
    assert not psutil.pid_exists(pid)
    assert await ask(process, "SELECT 1 AS one") == [{"one": 1}]
    assert process.pid != pid


async def test_a_pattern_that_is_matched_for_ever_costs_its_process_alone(library: Library):
    process = library.process()
    assert await ask(process, "SELECT 'ab' REGEXP '^(a|aa)+b$' AS fits") == [{"fits": 1}]
    pid = process.pid
    assert pid is not None
    endless = "SELECT REPEAT('a', 200) REGEXP '^(a|aa)+$b' AS fits"
    caught = await refusal(process, endless, seconds=1.0)
    assert caught.because is RefusedBecause.TIMEOUT
    assert not psutil.pid_exists(pid)
    assert await ask(process, "SELECT 1 AS one") == [{"one": 1}]


async def test_a_process_that_died_while_idle_is_replaced_unnoticed(library: Library):
    process = library.process()
    await process.start()
    assert process.pid is not None
    psutil.Process(process.pid).kill()
    await has_died(process.pid)
    assert await ask(process, "SELECT 1 AS one") == [{"one": 1}]


async def test_a_question_that_is_given_up_leaves_nothing_for_the_next(library: Library):
    process = library.process()
    await process.start()
    with trio.move_on_after(0.5):
        await ask(process, ENDLESS)
    assert await ask(process, "SELECT 2 AS two") == [{"two": 2}]


async def test_one_plugin_never_waits_for_another(library: Library):
    busy, free = library.process(), library.process()
    await busy.start()
    await free.start()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(refusal, busy, ENDLESS)
        await trio.testing.wait_all_tasks_blocked()
        for _ in range(20):
            assert await ask(free, "SELECT 1 AS one") == [{"one": 1}]
        await busy.aclose()


async def test_more_than_may_wait_are_refused(library: Library):
    process = library.process(limits=QueryLimits(waiting=2))
    await process.start()
    reasons: list[RefusedBecause] = []

    async def one() -> None:
        reasons.append((await refusal(process, ENDLESS, seconds=3.0)).because)

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(one)
    assert sorted(reasons).count(RefusedBecause.BUSY) == 2
    assert sorted(reasons).count(RefusedBecause.TIMEOUT) == 3


async def test_descriptors_and_processes_are_given_back(library: Library):
    process = library.process()
    await ask(process, "SELECT 1")
    await process.aclose()
    before = psutil.Process().num_fds()
    for _ in range(5):
        process = library.process()
        await ask(process, "SELECT 1")
        await refusal(process, "SELECT no FROM such")
        await process.aclose()
        await process.aclose()
        assert (await refusal(process, "SELECT 1")).because is RefusedBecause.FAILED
    assert psutil.Process().num_fds() <= before


async def test_a_database_that_is_not_there_is_said(library: Library, tmp_path: Path):
    library.path = tmp_path / "no" / "such.db"
    caught = await refusal(library.process(), "SELECT 1")
    assert caught.because is RefusedBecause.FAILED
    assert "database" in caught.text


async def test_an_unknown_time_zone_is_said(library: Library):
    with pytest.raises(ValueError, match="Mars/Base"):
        library.process(zone="Mars/Base")


async def test_times_are_wall_clock_in_the_zone(library: Library):
    sam = await library.person("Sam Lee", "user")
    await library.ticket(sam.actor, "before the change")  # 2026-03-28 22:37:15 UTC
    library.clock.at = library.clock.at.replace(day=29, hour=1, minute=0)
    await library.ticket(sam.actor, "behind the change")  # 2026-03-29 01:07:15 UTC
    select = "SELECT create_time AS t, DATE(create_time) AS d FROM ticket ORDER BY id"

    assert await ask(library.process(zone="Europe/Berlin"), select) == [
        {"t": "2026-03-28 23:37:15", "d": "2026-03-28"},
        {"t": "2026-03-29 03:07:15", "d": "2026-03-29"},
    ]
    assert await ask(library.process(), select) == [
        {"t": "2026-03-28 22:37:15", "d": "2026-03-28"},
        {"t": "2026-03-29 01:07:15", "d": "2026-03-29"},
    ]
    now = """SELECT TIMESTAMPDIFF(HOUR, UTC_TIMESTAMP(), NOW()) AS h,
        UNIX_TIMESTAMP('2026-07-01 02:00:00') AS e, FROM_UNIXTIME(1782838800) AS f"""
    (row,) = await ask(library.process(zone="Asia/Tokyo"), now)
    assert row == {"h": 9, "e": 1782838800, "f": "2026-07-01 02:00:00"}


async def test_a_query_gets_no_more_memory_than_there_is_for_it(library: Library):
    process = library.process(limits=QueryLimits(working_bytes=16 << 20))
    counting = "SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000"
    sql = (
        f"WITH RECURSIVE n(i) AS ({counting}) SELECT REPEAT('x', 1000) AS t FROM n ORDER BY i DESC"
    )
    caught = await refusal(process, f"{sql} LIMIT 1 OFFSET 900000")
    assert caught.because is RefusedBecause.LIMIT
    assert await ask(process, "SELECT 1 AS one") == [{"one": 1}]
