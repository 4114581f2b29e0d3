import pytest

from helpdesk.actors import SYSTEM
from helpdesk.errors import IllegalTransition, NotFound, ReopenWindowPassed
from helpdesk.statuses import CLOSED, NEW, RESOLVED
from helpdesk.tickets import workflow
from helpdesk.tickets.workflow import Step

EVERY = (NEW, "In Progress", "Waiting", RESOLVED, CLOSED)


@pytest.mark.parametrize(
    ("found", "wanted", "step"),
    [
        (NEW, NEW, Step.STAY),
        (NEW, "Waiting", Step.MOVE),
        ("Waiting", NEW, Step.MOVE),
        ("Waiting", "In Progress", Step.MOVE),
        (NEW, RESOLVED, Step.RESOLVE),
        ("Waiting", RESOLVED, Step.RESOLVE),
        (NEW, CLOSED, Step.CLOSE),
        ("Waiting", CLOSED, Step.CLOSE),
        (RESOLVED, CLOSED, Step.CLOSE),
        (RESOLVED, NEW, Step.REOPEN),
        (RESOLVED, "Waiting", Step.REOPEN),
        (CLOSED, NEW, Step.REOPEN),
        (CLOSED, "Waiting", Step.REOPEN),
        (RESOLVED, RESOLVED, Step.STAY),
        (CLOSED, CLOSED, Step.STAY),
    ],
)
def test_every_legal_step_has_its_meaning(found: str, wanted: str, step: Step):
    assert workflow.step(found, wanted, EVERY) is step


def test_closed_never_becomes_resolved():
    with pytest.raises(IllegalTransition) as caught:
        workflow.step(CLOSED, RESOLVED, EVERY)
    assert str(caught.value) == (
        "a ticket with status Closed cannot change to Resolved;"
        " allowed from Closed: New, In Progress, Waiting"
    )


def test_successors_are_exactly_the_legal_steps():
    for found in EVERY:
        legal = []
        for wanted in EVERY:
            try:
                if workflow.step(found, wanted, EVERY) is not Step.STAY:
                    legal.append(wanted)
            except IllegalTransition:
                pass
        assert workflow.successors(found, EVERY) == tuple(legal)


async def test_a_resolve_keeps_time_and_notes_and_a_reopen_clears_them(world):
    tickets, staff = world.helpdesk.tickets, world.staff.actor
    ticket = await world.ticket()
    world.clock.turn(hours=1)
    resolved = await tickets.resolve(staff, ticket.id, "Done.")
    assert (resolved.status, resolved.resolution_notes) == (RESOLVED, "Done.")
    assert resolved.resolved_at == resolved.updated_at == world.clock.now()
    reopened = await tickets.reopen(world.user.actor, ticket.id, "Not quite.")
    assert (reopened.status, reopened.resolution_notes, reopened.resolved_at) == (NEW, "", None)
    assert reopened == await tickets.get(staff, ticket.id)


async def test_the_history_tells_every_step_with_who_when_and_why(world):
    tickets = world.helpdesk.tickets
    ticket = await world.ticket()
    world.clock.turn(hours=1)
    await tickets.set_status(world.staff.actor, ticket.id, "In Progress")
    world.clock.turn(hours=1)
    await tickets.resolve(world.staff.actor, ticket.id, "Done.")
    world.clock.turn(hours=1)
    await tickets.reopen(world.user.actor, ticket.id, "Not quite.")
    history = (await tickets.detail(world.user.actor, ticket.id)).history
    steps = [(s.from_status, s.to_status, s.at.hour, s.who.name, s.note) for s in history]
    assert steps == [
        (None, "New", 14, "User", ""),
        ("New", "In Progress", 15, "Staff", ""),
        ("In Progress", "Resolved", 16, "Staff", "Done."),
        ("Resolved", "New", 17, "User", "Not quite."),
    ]


async def test_the_status_it_has_already_changes_nothing(world):
    ticket = await world.ticket()
    world.clock.turn(hours=1)
    same = await world.helpdesk.tickets.set_status(world.staff.actor, ticket.id, "new")
    assert same == ticket
    assert len(await world.events()) == 1


async def test_resolving_or_closing_twice_is_refused(world):
    tickets, staff = world.helpdesk.tickets, world.staff.actor
    ticket = await world.ticket()
    await tickets.resolve(staff, ticket.id)
    with pytest.raises(IllegalTransition, match="allowed from Resolved: New, In Progress"):
        await tickets.resolve(staff, ticket.id)
    await tickets.close(staff, ticket.id)
    with pytest.raises(IllegalTransition):
        await tickets.close(staff, ticket.id)
    with pytest.raises(IllegalTransition):
        await tickets.resolve(staff, ticket.id)


async def test_reopening_an_active_ticket_is_refused(world):
    ticket = await world.ticket()
    with pytest.raises(
        IllegalTransition, match="a ticket with status New cannot change to reopened"
    ):
        await world.helpdesk.tickets.reopen(world.user.actor, ticket.id)


async def test_an_unknown_status_is_not_found(world):
    ticket = await world.ticket()
    with pytest.raises(NotFound, match="there is no status 'Nope'"):
        await world.helpdesk.tickets.set_status(world.staff.actor, ticket.id, "Nope")


async def test_a_ticket_can_be_reopened_until_the_window_passes_to_the_second(world):
    tickets = world.helpdesk.tickets
    first, second = await world.ticket(), await world.ticket()
    for ticket in (first, second):
        await tickets.resolve(world.staff.actor, ticket.id)
    world.clock.turn(days=7, seconds=-1)
    assert (await tickets.reopen(world.user.actor, first.id)).status == NEW
    world.clock.turn(seconds=1)
    with pytest.raises(
        ReopenWindowPassed, match=r"resolved or closed at 2026-04-05T14:00:00Z.* only 7 days"
    ):
        await tickets.reopen(world.user.actor, second.id)
    with pytest.raises(ReopenWindowPassed):
        await tickets.set_status(world.admin.actor, second.id, "In Progress")


async def test_closing_a_resolved_ticket_does_not_extend_its_window(world):
    tickets = world.helpdesk.tickets
    ticket = await world.ticket()
    await tickets.resolve(world.staff.actor, ticket.id)
    world.clock.turn(days=6)
    await tickets.close(world.staff.actor, ticket.id)
    world.clock.turn(hours=23)
    assert (await tickets.detail(world.user.actor, ticket.id)).rights.reopen
    world.clock.turn(hours=1)
    assert not (await tickets.detail(world.user.actor, ticket.id)).rights.reopen
    with pytest.raises(ReopenWindowPassed):
        await tickets.reopen(world.user.actor, ticket.id)


async def test_a_ticket_closed_without_resolving_can_be_reopened_from_its_closing(world):
    tickets = world.helpdesk.tickets
    ticket = await world.ticket()
    world.clock.turn(days=30)
    await tickets.close(world.user.actor, ticket.id)
    world.clock.turn(days=6)
    reopened = await tickets.reopen(world.user.actor, ticket.id)
    assert (reopened.status, reopened.closed_at) == (NEW, None)


async def test_the_window_is_a_setting(world):
    tickets = world.helpdesk.tickets
    await world.helpdesk.settings.update(SYSTEM, reopen_window_days=0)
    ticket = await world.ticket()
    await tickets.resolve(world.staff.actor, ticket.id)
    with pytest.raises(ReopenWindowPassed):
        await tickets.reopen(world.user.actor, ticket.id)


async def test_staff_may_reopen_into_another_active_status(world):
    tickets = world.helpdesk.tickets
    ticket = await world.ticket()
    await tickets.resolve(world.staff.actor, ticket.id)
    reopened = await tickets.set_status(world.staff.actor, ticket.id, "In Progress")
    assert reopened.status == "In Progress"
    assert [name for name, _ in await world.events()][-2:] == [
        "ticket.status_changed",
        "ticket.reopened",
    ]
