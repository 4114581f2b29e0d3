"""What one plugin may make the server write within a minute."""

from supervisor.delivery.write_quota import WriteQuota
from supervisor.limits import MIB, Limits

CHANGES = "it made more than 3 changes to tickets within a minute (its limit changes_per_minute)"
STORED = (
    "it made the server store more than 1 MiB within a minute (its limit stored_per_minute_mib)"
)


class Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


def quota(**limits):
    clock = Clock()
    return WriteQuota(Limits(**limits), clock), clock


def test_so_many_changes_in_a_minute_are_fine_and_no_more():
    one, clock = quota(changes_per_minute=3)
    for _ in range(3):
        assert one.change(10) is None
        clock.now += 5
    assert one.change(10) == CHANGES
    clock.now += 600
    assert one.exceeded == CHANGES, "a plugin that is to be switched off stays so"


def test_what_is_a_minute_old_counts_no_longer():
    one, clock = quota(changes_per_minute=3, stored_per_minute_bytes=MIB)
    for _ in range(1_000):
        clock.now += 21
        assert one.change(MIB // 4) is None
    assert len(one._entries) <= 3


def test_everything_that_is_kept_counts():
    one, _clock = quota(stored_per_minute_bytes=MIB)
    one.stored(MIB // 2)
    assert one.change(MIB // 2) is None
    one.stored(1)
    assert one.exceeded == STORED


def test_a_busy_plugin_s_window_stays_small():
    one, clock = quota(changes_per_minute=1_000_000)
    for _ in range(100_000):
        clock.now += 0.001
        one.change(1)
    assert len(one._entries) <= 61


async def test_a_plugin_that_floods_tickets_is_disabled_and_the_admins_are_notified(open_desk):
    desk = await open_desk(limits=Limits(changes_per_minute=30))
    spammer = await desk.probe(*[{"do": "reply", "body": "spam"}] * 50)
    other = await desk.probe({"do": "reply", "body": "hello"}, id="org.example.other")
    ticket = await desk.ticket()
    view = await desk.state(spammer.id, "failed")
    reason = "it made more than 30 changes to tickets within a minute"
    assert reason in view.state_reason
    (notice,) = await desk.until(desk.notices, len)
    assert notice.title == f"The plugin {spammer.name} was disabled"
    assert reason in notice.body
    await desk.deliveries(other.id)
    replies = await desk.replies(ticket)
    assert (replies.count("spam"), replies.count("hello")) == (30, 1)
    (delivery,) = await desk.deliveries(spammer.id)
    assert [call["status"] for call in delivery.host_calls] == [0] * 30 + [4] * 20


async def test_a_plugin_that_fills_the_disk_with_log_lines_is_disabled(open_desk):
    desk = await open_desk(limits=Limits(stored_per_minute_bytes=MIB))
    plugin = await desk.probe(*[{"do": "log", "text": "x" * 1_000}] * 50)
    for _ in range(25):
        await desk.ticket()
    view = await desk.state(plugin.id, "failed")
    assert "store more than 1 MiB within a minute" in view.state_reason
