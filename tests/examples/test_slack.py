"""The document's Slack plugin, as it is: what it posts, and what it says where Slack refuses."""

from tests.examples.services.answers import Budget
from tests.examples.services.slack import Slack

PATH = "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"


# One help desk for all: compiling Go's runtime takes most of the time of a test.
async def test_messages_are_posted_and_refusals_are_logged_once_each(open_example):
    slack = Slack(PATH, archived={"#old"})
    config = {"webhook_url": f"https://hooks.slack.com{PATH}"}
    example = await open_example("slack", config, {"hooks.slack.com": slack})
    ticket = await example.create('A "new" <laptop>')
    await example.resolve(ticket)
    assert [message["channel"] for message in slack.messages] == ["#support", "#support"]
    created, resolved = (message["text"] for message in slack.messages)
    assert created.startswith(":ticket: *New ticket*: <")
    assert created.endswith(f'/tickets/{ticket.id}|A "new" <laptop>>')
    assert resolved.startswith(":white_check_mark: *Resolved*: <")
    assert await example.log() == []

    for channel, status in (("#nowhere", 404), ("#old", 410)):
        await example.configure(channel=channel)
        await example.create()
        assert (await example.log())[-1] == f"warn: slack returned HTTP {status}"
    await example.configure(channel="#support")
    slack.revoked = True
    await example.create()
    assert (await example.log())[-1] == "warn: slack returned HTTP 403"
    slack.revoked, slack.budget = False, Budget(0)
    await example.create()
    # One request a ticket: it does not ask again and again.
    assert (slack.budget.left, (await example.log())[-1]) == (-1, "warn: slack returned HTTP 429")
    slack.budget = Budget()
    await example.create()
    assert (len(slack.messages), len(await example.log())) == (3, 4)
    deliveries = await example.deliveries()
    assert {delivery.outcome for delivery in deliveries} == {"ok"}
    assert PATH not in f"{deliveries} {await example.log()}"
