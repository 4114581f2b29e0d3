"""What plugins publish, on the streams of pages that show them."""

from types import SimpleNamespace
from typing import Any

from supervisor.views import PublishedEvent
from tests.webapp.ears import open_ear
from webapp.context import context_of
from webapp.live.hub import PUBLISHED_KEPT, Subscription
from webapp.visitors.plugin_tokens import plugin_token

PLUGIN = "goatkit.board"


async def address(browser: Any) -> str:
    visit: Any = SimpleNamespace(csrf_token=await browser.api_token())
    return f"/events?plugin={PLUGIN}:{plugin_token(visit, PLUGIN)}"


def event(number: int, person: str | None = None) -> PublishedEvent:
    return PublishedEvent(PLUGIN, person, "moved", "", number)


def told(number: int) -> tuple[str, dict[str, Any]]:
    return ("plugin", {"plugin": PLUGIN, "type": "moved", "channel": "", "data": number})


async def test_staff_are_told_everything_and_others_what_is_for_them(site: Any) -> None:
    live = context_of(site.app.extensions).live
    staff, user = await site.as_("staff"), await site.as_("user")
    async with (
        open_ear(staff, await address(staff)) as colleague,
        open_ear(user, await address(user)) as requester,
    ):
        assert (await colleague.next())[0] == (await requester.next())[0] == "notifications"
        live.tell_published(event(1))
        live.tell_published(event(2, site.people.user.id))
        live.tell_published(event(3, site.people.other.id))
        assert await requester.next() == told(2)
        assert [await colleague.next() for _ in range(3)] == [told(1), told(2), told(3)]


async def test_a_page_that_was_not_given_the_plugin_is_told_nothing(site: Any) -> None:
    live = context_of(site.app.extensions).live
    staff = await site.as_("staff")
    for path in ("/events", f"/events?plugin={PLUGIN}:guessed", f"/events?plugin={PLUGIN}"):
        async with open_ear(staff, path) as ear:
            assert (await ear.next())[0] == "notifications"
            live.tell_published(event(1))
            ticket = await site.ticket()
            assert await ear.told() == ("ticket", {"id": ticket.id})


def test_older_events_give_way() -> None:
    staff: Any = SimpleNamespace(id="1", role="staff")
    mailbox = Subscription(staff, b"", "", frozenset({PLUGIN}))
    for number in range(PUBLISHED_KEPT + 5):
        mailbox.put_published(event(number))
    kept = [each.data for each in mailbox.take().published]
    assert kept == list(range(5, PUBLISHED_KEPT + 5))
    assert mailbox.take().published == ()
