"""Drafts: one's own alone, bounded, and forgotten in time."""

import pytest

from helpdesk import drafts
from helpdesk.errors import Invalid, NotAllowed

FORM = "/tickets/1/reply"


async def test_a_draft_is_kept_replaced_and_forgotten_for_its_person_alone(world):
    kept = world.helpdesk.drafts
    await kept.keep(world.staff.actor, FORM, {"reply": "half"})
    await kept.keep(world.staff.actor, FORM, {"reply": "half a text\n"})
    await kept.keep(world.admin.actor, FORM, {"reply": "of the admin"})
    assert await kept.find(world.staff.actor, [FORM, "/x"]) == {FORM: {"reply": "half a text\n"}}
    assert await kept.find(world.user.actor, [FORM]) == {}
    await kept.keep(world.staff.actor, FORM, {})
    assert await kept.find(world.staff.actor, [FORM]) == {}
    await kept.forget(world.admin.actor, FORM)
    await kept.forget(world.admin.actor, FORM)
    assert await kept.find(world.admin.actor, [FORM]) == {}


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("", {"a": "b"}),
        ("tickets", {"a": "b"}),
        ("/tickets?x", {"a": "b"}),
        ("/admin/mail", {"a": "b"}),
        ("/" + "x" * 300, {"a": "b"}),
        ("//\u202e", {"a": "b"}),
        (FORM, {"reply": "x" * 200_000}),
        (FORM, {str(n): "" for n in range(40)}),
    ],
)
async def test_what_is_no_draft_is_refused(world, form: str, fields: dict[str, str]):
    with pytest.raises(Invalid):
        await world.helpdesk.drafts.keep(world.staff.actor, form, fields)


async def test_one_person_keeps_so_many_and_the_oldest_gives_way(world):
    for number in range(drafts.MOST + 5):
        await world.helpdesk.drafts.keep(world.staff.actor, f"/tickets/{number}", {"a": "b"})
        world.clock.turn(seconds=1)
    forms = [f"/tickets/{number}" for number in range(drafts.MOST + 5)]
    first, last = forms[:5], forms[5:]
    assert await world.helpdesk.drafts.find(world.staff.actor, first) == {}
    assert len(await world.helpdesk.drafts.find(world.staff.actor, last)) == drafts.MOST


async def test_drafts_are_forgotten_after_a_month(world):
    await world.helpdesk.drafts.keep(world.staff.actor, FORM, {"a": "b"})
    for days, there in ((29, True), (2, False)):
        world.clock.turn(days=days)
        await world.helpdesk.database.write(lambda c: drafts.purge(c, world.clock.now()))
        assert bool(await world.helpdesk.drafts.find(world.staff.actor, [FORM])) is there


async def test_a_plugin_keeps_no_drafts(world):
    with pytest.raises(NotAllowed):
        await world.helpdesk.drafts.keep(world.plugin, FORM, {"a": "b"})
