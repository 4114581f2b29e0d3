"""A plugin that loops is killed at five seconds, and nobody else notices."""

import trio

from tests.server_process import PATIENCE_S


async def test_a_plugin_that_loops_is_killed_at_the_deadline_while_everything_else_goes_on(
    helpdesk,
):
    looping = await helpdesk.install("wat/loop")
    digest = await helpdesk.install("examples/digest")
    ticket = await helpdesk.ticket("It loops, and it is urgent")
    (done,) = await helpdesk.deliveries(digest)
    assert done["outcome"] == "ok"

    answered = 0
    deliveries: list = []
    path = f"/admin/plugins/{looping}/deliveries"
    with trio.fail_after(PATIENCE_S):
        while not deliveries:
            page = await helpdesk.client.get(f"/api/tickets/{ticket['id']}")
            assert page.status_code == 200
            answered += 1
            deliveries = (await helpdesk.call("GET", path))["data"]
    (killed,) = deliveries
    assert killed["outcome"] == "timeout"
    assert "within 5 s" in killed["error"]
    assert killed["duration_ms"] >= 4_900
    # Had one of them waited for the plugin, it would be the only one.
    assert answered >= 2
    assert page.json()["custom_fields"]
    # The next event finds a new process, and the digest goes on.
    await helpdesk.ticket("Another")
    assert len(await helpdesk.deliveries(digest, 2)) == 2
