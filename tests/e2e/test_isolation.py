"""A plugin that loops is killed at five seconds, and nobody else notices."""

import time

import trio


async def test_a_plugin_that_loops_is_killed_at_the_deadline_while_everything_else_goes_on(
    helpdesk,
):
    looping = await helpdesk.install("wat/loop")
    digest = await helpdesk.install("examples/digest")
    ticket = await helpdesk.ticket("It loops, and it is urgent")
    (done,) = await helpdesk.deliveries(digest)
    assert done["outcome"] == "ok"

    slowest = 0.0
    deliveries: list = []
    path = f"/admin/plugins/{looping}/deliveries"
    with trio.fail_after(30):
        while not deliveries:
            began = time.monotonic()
            page = await helpdesk.client.get(f"/api/tickets/{ticket['id']}")
            slowest = max(slowest, time.monotonic() - began)
            assert page.status_code == 200
            deliveries = (await helpdesk.call("GET", path))["data"]
    (killed,) = deliveries
    assert killed["outcome"] == "timeout"
    assert "within 5 s" in killed["error"]
    assert 4_900 <= killed["duration_ms"] <= 6_500
    assert slowest < 1.0
    assert page.json()["custom_fields"]
    # The next event finds a new process, and the digest goes on.
    await helpdesk.ticket("Another")
    assert len(await helpdesk.deliveries(digest, 2)) == 2
