"""Events that plugins publish: granted by name, bounded, and for whom they are."""

import pytest

from supervisor.calls import published
from supervisor.calls.behalf import NOBODY
from supervisor.calls.published import MOST_A_SECOND, MOST_DATA
from supervisor.views import PublishedEvent
from tests.supervisor.goatkit.test_desk_functions import DESK, called, for_user, refusal

CHANGED = {"event_type": "board.changed", "channel": "board-1", "data": {"cards": 3}}


@pytest.fixture
async def heard(desk):
    """Install the plugin with one grant; return what it publishes."""
    await desk.install("wat/goatkit_desk", enabled=False)
    await desk.supervisor.controls.grant(DESK, "publish_event:board.changed", actor="test")
    await desk.supervisor.controls.set_enabled(DESK, True, actor="test")
    events = []
    desk.supervisor.published.listen(events.append)
    return events


async def test_an_event_says_for_whom_it_was_published(desk, heard):
    assert await called(desk, "publish_event", CHANGED) == {"status": "ok"}
    await called(desk, "publish_event", {"event_type": "board.changed"}, for_user(desk, desk.admin))
    await called(desk, "publish_event", {"event_type": "board.changed"}, NOBODY)
    assert heard == [
        PublishedEvent(DESK, None, "board.changed", "board-1", {"cards": 3}),
        PublishedEvent(DESK, desk.admin.id, "board.changed", "", None),
        PublishedEvent(DESK, None, "board.changed", "", None),
    ]


async def test_what_was_not_granted_or_is_too_large_is_refused(desk, heard):
    other = {"event_type": "user.removed"}
    assert "grant publish_event:user.removed" in await refusal(desk, "publish_event", other)
    large = CHANGED | {"data": "x" * MOST_DATA}
    assert "data: at most 16,384 bytes" in await refusal(desk, "publish_event", large)
    assert "event_type: expected text" in await refusal(desk, "publish_event", {"event_type": 1})
    assert "channel" in await refusal(desk, "publish_event", CHANGED | {"channel": 7})
    assert heard == []


async def test_a_plugin_that_publishes_too_often_is_refused(desk, heard, monkeypatch):
    monkeypatch.setattr(published.trio, "current_time", lambda: 7.0)
    for _ in range(MOST_A_SECOND):
        await called(desk, "publish_event", CHANGED)
    assert "in a second" in await refusal(desk, "publish_event", CHANGED)
    assert len(heard) == MOST_A_SECOND
