import pytest
import trio

from helpdesk.actors import Role
from helpdesk.errors import Conflict, Invalid


async def test_the_first_admin_is_made_once_and_never_again(helpdesk):
    assert await helpdesk.first_run.is_due()
    with pytest.raises(Invalid, match="password"):
        await helpdesk.first_run.create_admin(email="a@example.com", name="A", password="short")
    assert await helpdesk.first_run.is_due()
    admin = await helpdesk.first_run.create_admin(
        email="A@Example.com", name="A", password="long enough"
    )
    assert (admin.role, admin.email) == (Role.ADMIN, "a@example.com")
    assert not await helpdesk.first_run.is_due()
    with pytest.raises(Conflict, match="already set up"):
        await helpdesk.first_run.create_admin(
            email="b@example.com", name="B", password="long enough"
        )
    assert (await helpdesk.sign_in.log_in("a@example.com", "long enough")).token


async def test_of_many_who_try_at_once_one_gets_it(helpdesk):
    made, refused = [], []

    async def attempt(number: int) -> None:
        try:
            made.append(
                await helpdesk.first_run.create_admin(
                    email=f"{number}@example.com", name="x", password="long enough"
                )
            )
        except Conflict:
            refused.append(number)

    async with trio.open_nursery() as nursery:
        for number in range(10):
            nursery.start_soon(attempt, number)
    assert (len(made), len(refused)) == (1, 9)
    assert await helpdesk.users.count() == 1


async def test_a_help_desk_with_people_is_set_up(world):
    assert not await world.helpdesk.first_run.is_due()
