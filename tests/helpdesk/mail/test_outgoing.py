"""Letters: queued with the change that they tell of, sent once, tried again, given up."""

import pytest
import trio

from helpdesk.actors import SYSTEM
from helpdesk.errors import Invalid
from helpdesk.mail import letters, outgoing
from helpdesk.mail.choices import Choice
from helpdesk.mail.letters import Envelope, Letter
from helpdesk.mail.smtp import Refused
from helpdesk.tickets.model import TicketDraft


async def states(world) -> list[tuple[str, str, str]]:
    found = await world.helpdesk.database.read(lambda c: outgoing.newest(c, None, 100))
    return [(each.address, each.kind, each.state) for each in reversed(found)]


async def queue(world, **letter) -> str:
    parts = {"to": "user@example.com", "subject": "Hello", "text": "Text", "kind": "test"}
    made = Letter(**parts | letter)
    return await world.helpdesk.database.write(
        lambda c: outgoing.enqueue(c, made, world.clock.now())
    )


async def test_nothing_is_queued_where_no_mail_is_sent(world):
    ticket = await world.ticket()
    await world.helpdesk.tickets.reply(world.admin.actor, ticket.id, "Here you are.")
    assert await states(world) == []


async def test_a_reply_is_sent_to_whoever_asked(sending, sink, run_sender):
    ticket = await sending.ticket()
    await sending.helpdesk.choices.save(
        sending.user.actor, {"replied": Choice(web=True, mail=True)}
    )
    await sending.helpdesk.tickets.reply(sending.admin.actor, ticket.id, "Here *you* are.")
    async with run_sender(sending):
        taken = await trio.to_thread.run_sync(sink.wait_for, 6)
    (sent,) = [each for each in taken if each.receivers == ["user@example.com"]]
    message = sent.message
    assert sent.sender == "support@example.com"
    assert message["Subject"] == f"[#{ticket.number}] New laptop request"
    assert f"support+r.{ticket.number}." in message["Reply-To"]
    assert message["Auto-Submitted"] is None
    text, html = message.iter_parts()
    assert "Here *you* are." in text.get_content()
    assert html.get_content_type() == "text/html"
    assert f"/tickets/{ticket.number}" in text.get_content()
    assert {state for _, _, state in await states(sending)} == {"sent"}


async def test_what_tells_of_an_event_says_that_it_is_automatic(sending, sink, run_sender):
    await sending.ticket()
    async with run_sender(sending):
        taken = await trio.to_thread.run_sync(sink.wait_for, 3)
    assert {each.message["Auto-Submitted"] for each in taken} == {"auto-generated"}
    threads = {each.message["References"] for each in taken}
    assert len(threads) == 1
    assert len({each.message["Message-ID"] for each in taken}) == len(taken)


async def test_who_wants_no_mail_gets_none(sending):
    nothing = Choice(web=False, mail=False)
    for person in (sending.admin, sending.staff, sending.outsider):
        await sending.helpdesk.choices.save(person.actor, {"created": nothing})
    await sending.ticket()
    assert await states(sending) == []
    assert await sending.helpdesk.notifications.unread_count(sending.staff.actor) == 0


async def test_an_event_that_does_not_concern_somebody_is_no_choice(sending):
    with pytest.raises(Invalid):
        await sending.helpdesk.choices.save(sending.user.actor, {"noted": Choice()})


async def test_a_refused_address_fails_and_the_others_are_sent(
    sending, sink, run_sender, wait_until
):
    await queue(sending, to="refused@example.com")
    await queue(sending, to="user@example.com")

    async def settled() -> bool:
        return {state for _, _, state in await states(sending)} == {"failed", "sent"}

    async with run_sender(sending):
        await wait_until(settled)
    assert [each.receivers for each in sink.taken()] == [["user@example.com"]]


async def test_a_busy_server_is_asked_again_later_and_given_up_after_days(
    sending, run_sender, wait_until
):
    letter_id = await queue(sending, to="later@example.com")

    async def find():
        return await sending.helpdesk.database.read(lambda c: outgoing.find(c, letter_id))

    async def attempted(times: int) -> bool:
        found = await find()
        return found.attempts == times and found.state != "sending"

    async with run_sender(sending):
        await wait_until(lambda: attempted(1))
        found = await find()
        assert found.state == "queued"
        assert found.due_at > sending.clock.now()
        assert found.problem.startswith("451")
        sending.clock.turn(days=4)
        sending.helpdesk.sender.wake()
        await wait_until(lambda: attempted(2))
    found = await find()
    assert found.state == "failed"
    assert "given up" in found.problem


async def test_a_server_that_is_away_loses_nothing(sending, sink, run_sender, wait_until):
    letter_id = await queue(sending)
    sink.process.kill()
    sink.process.wait()

    async def tried() -> bool:
        found = await sending.helpdesk.database.read(lambda c: outgoing.find(c, letter_id))
        return bool(found.problem)

    async with run_sender(sending):
        await wait_until(tried)
    assert (await states(sending))[0][2] == "queued"


async def test_a_letter_that_was_being_sent_is_sent_again_with_the_same_id(
    sending, sink, run_sender
):
    letter_id = await queue(sending)
    await sending.helpdesk.database.write(lambda c: outgoing.claim(c, sending.clock.now(), 10))
    assert (await states(sending))[0][2] == "sending"
    async with run_sender(sending):
        (taken,) = await trio.to_thread.run_sync(sink.wait_for, 1)
    assert letter_id.lower() in taken.message["Message-ID"]
    assert f"\r\nMessage-ID: <ohd.{letter_id.lower()}".encode() in taken.raw


async def test_on_the_page_nothing_leaves(sending, sink, run_sender, wait_until):
    await sending.helpdesk.mail.update(SYSTEM, {"outgoing": "page"}, {})
    await queue(sending)

    async def shown() -> bool:
        return (await states(sending))[0][2] == "shown"

    async with run_sender(sending):
        await wait_until(shown)
    assert sink.taken() == []


async def test_no_text_becomes_a_header(world):
    evil = "Hello\r\nBcc: everybody@example.com\r\n\r\nbody"
    ticket = await world.helpdesk.tickets.create(world.user.actor, TicketDraft(evil, evil))
    letter = Letter(to="user@example.com", to_name=evil, subject=evil, text=evil, kind=evil)
    envelope = Envelope(
        "<a@b>", "support@example.com", evil, "support+r.1@example.com", world.clock.now()
    )
    message = letters.to_message(letter, envelope)
    raw = message.as_bytes()
    head = raw.partition(b"\r\n\r\n")[0].decode()
    assert not [line for line in head.splitlines() if line.lower().startswith("bcc:")]
    assert message["Bcc"] is None
    assert "\n" not in ticket.subject


@pytest.mark.parametrize("address", ["a@b\r\nBcc: c@d", "a@b, c@d", "a b@c", "<a@b>"])
async def test_what_is_no_address_is_refused(address, world):
    letter = Letter(to=address, subject="s", text="t", kind="k")
    envelope = Envelope("<a@b>", "support@example.com", "", "", world.clock.now())
    with pytest.raises(Exception, match=r".+"):
        letters.to_message(letter, envelope)


async def test_a_letter_that_cannot_be_written_fails_and_the_next_is_sent(
    sending, sink, run_sender, wait_until
):
    await queue(sending, to="no address at all")
    await queue(
        sending,
        in_reply_to="<\u00fc@example.org>",
        references=("<\u00fc@x>", "<" + "a" * 240 + ">"),
    )
    await queue(sending, to_name='"\u202e, <evil@example.com> (', subject="=?utf-8?q?x?= \u0000")

    async def settled() -> bool:
        return [state for _, _, state in await states(sending)] == ["failed", "sent", "sent"]

    async with run_sender(sending):
        await wait_until(settled)
    assert [each.receivers for each in sink.taken()] == [["user@example.com"]] * 2


async def test_the_settings_are_tried_past_the_queue(sending, sink):
    await sending.helpdesk.sender.test("me@example.com")
    assert [each.receivers for each in sink.taken()] == [["me@example.com"]]
    assert await states(sending) == []
    with pytest.raises(Refused, match="550"):
        await sending.helpdesk.sender.test("refused@example.com")
