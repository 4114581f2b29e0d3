"""What becomes of mail: the right ticket, once, and never by somebody who is not part of it."""

import pytest
import trio

from helpdesk.actors import SYSTEM
from helpdesk.errors import Conflict, NotAllowed, NotFound
from helpdesk.inbound.decisions import TICKETS_PER_HOUR
from tests.helpdesk.files.scan_server import answering, take_all

BOUNCE = (
    "From: MAILER-DAEMON@mx.example.com\r\nTo: support@example.com\r\nReturn-Path: <>\r\n"
    "Message-ID: <b1@mx>\r\nContent-Type: multipart/report; report-type=delivery-status;"
    " boundary=b\r\n\r\n--b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
    "Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; ada@example.org\r\n"
    "Action: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
    "Message-ID: {}\r\n\r\nold\r\n--b--\r\n"
)


async def test_mail_of_a_stranger_becomes_a_ticket_and_an_account(post, world):
    received = await post.write("Ada Lovelace <Ada@Example.ORG>", "It *burns*.")
    assert received.outcome == "ticket"
    ticket = await post.ticket(received.number)
    assert (ticket.subject, ticket.description) == ("Printer", "It *burns*.")
    assert (ticket.submitter.name, ticket.submitter.email) == ("Ada Lovelace", "ada@example.org")
    assert (await world.events())[-1][0] == "ticket.created"


async def test_who_writes_is_told_that_it_arrived_in_the_same_thread(post):
    received = await post.write("ada@example.org", Message_ID="<first@example.org>")
    (letter,) = await post.letters("ada@example.org")
    assert letter.kind == "received"
    assert letter.letter.in_reply_to == "<first@example.org>"
    assert letter.letter.is_automatic
    assert letter.number == received.number


async def test_the_same_message_is_taken_once(post):
    first = await post.write("ada@example.org")
    again = await post.write("ada@example.org")
    assert (again.outcome, again.number) == ("duplicate", first.number)
    other_way = await post.write("ada@example.org", Received="by mx2.example.com")
    assert other_way.outcome == "ticket"  # the helper makes another Message-ID of it
    raw_id = {"Message_ID": "<same@example.org>"}
    one = await post.write("ada@example.org", **raw_id)
    two = await post.write("ada@example.org", Received="by mx2", **raw_id)
    assert (two.outcome, two.number) == ("duplicate", one.number)


async def test_the_same_message_id_with_another_text_is_another_message(post):
    await post.write("ada@example.org", "One.", Message_ID="<same@example.org>")
    other = await post.write("eve@example.net", "Two.", Message_ID="<same@example.org>")
    assert other.outcome == "ticket"


async def test_a_reply_by_reference_is_in_its_ticket(post):
    first = await post.write("ada@example.org", Message_ID="<first@example.org>")
    reply = await post.write("ada@example.org", "More.", In_Reply_To="<first@example.org>")
    assert (reply.outcome, reply.number) == ("reply", first.number)
    (said,) = await post.replies(first.number)
    assert (said.body, said.author.name) == ("More.", "ada")


async def test_a_reply_to_a_letter_is_in_its_ticket(post):
    first = await post.write("ada@example.org")
    (letter,) = await post.letters("ada@example.org")
    reply = await post.write("ada@example.org", "More.", References=f"<x@y> {letter.message_id}")
    assert (reply.outcome, reply.number) == ("reply", first.number)
    root = letter.letter.references[0]
    by_root = await post.write("ada@example.org", "Again.", References=root)
    assert (by_root.outcome, by_root.number) == ("reply", first.number)


async def test_a_reply_by_its_address_is_in_its_ticket(post, world):
    ticket = await world.ticket()
    to = await post.reply_address(ticket.number, world.user)
    reply = await post.write("user@example.com", "Here.", To=to.upper())
    assert (reply.outcome, reply.number) == ("reply", ticket.number)
    delivered = await post.write("user@example.com", "There.", To="x@y.de", Delivered_To=to)
    assert (delivered.outcome, delivered.number) == ("reply", ticket.number)


async def test_never_by_the_subject_alone(post, world):
    ticket = await world.ticket()
    subject = f"Re: [#{ticket.number}] New laptop request"
    received = await post.write("user@example.com", Subject=subject)
    assert received.outcome == "ticket"
    assert received.number != ticket.number


@pytest.mark.parametrize("forged", ["aaaaaaaaaaaaaaaaaaaa", "short", ""])
async def test_a_forged_tag_opens_nothing(post, world, forged):
    ticket = await world.ticket()
    to = f"support+r.{ticket.number}.{forged}@example.com"
    received = await post.write("user@example.com", To=to)
    assert received.outcome == "ticket"
    assert await post.replies(ticket.number) == []


async def test_a_tag_of_somebody_else_opens_nothing(post, world):
    ticket = await world.ticket()
    theirs = await post.reply_address(ticket.number, world.user)
    for sender in ("stranger@example.com", "eve@example.net", "staff@example.com"):
        received = await post.write(sender, To=theirs)
        assert received.outcome == "ticket"
    assert await post.replies(ticket.number) == []


async def test_a_stranger_who_refers_to_a_ticket_opens_one_and_staff_read_of_it(post, world):
    first = await post.write("ada@example.org", Message_ID="<first@example.org>")
    received = await post.write("eve@example.net", "Me too.", In_Reply_To="<first@example.org>")
    assert received.outcome == "ticket"
    assert received.number != first.number
    assert await post.replies(first.number) == []
    (note,) = await post.replies(received.number)
    assert note.is_internal
    assert f"#{first.number}" in note.body


async def test_staff_reply_only_where_they_prove_that_they_got_a_letter(post, world):
    ticket = await world.ticket()
    (letter,) = await post.letters("admin@example.com")
    root = letter.letter.references[0]
    unproven = await post.write("admin@example.com", "I am the boss.", References=root)
    assert unproven.outcome == "ticket"
    assert await post.replies(ticket.number) == []
    proven = await post.write("admin@example.com", "Take this.", In_Reply_To=letter.message_id)
    assert (proven.outcome, proven.number) == ("reply", ticket.number)
    to = await post.reply_address(ticket.number, world.admin)
    tagged = await post.write("admin@example.com", "And this.", To=to)
    assert (tagged.outcome, tagged.number) == ("reply", ticket.number)
    letters = await post.letters("user@example.com")
    assert [each.kind for each in letters] == ["replied", "replied"]


async def test_a_reply_reopens_what_was_resolved_and_a_closed_ticket_gets_a_new_one(post, world):
    first = await post.write("ada@example.org", Message_ID="<first@example.org>")
    await world.helpdesk.tickets.resolve(world.admin.actor, str(first.number))
    await post.write("ada@example.org", "No.", In_Reply_To="<first@example.org>")
    assert (await post.ticket(first.number)).status == "New"
    await world.helpdesk.tickets.close(world.admin.actor, str(first.number))
    late = await post.write("ada@example.org", "Still no.", In_Reply_To="<first@example.org>")
    assert late.outcome == "ticket"
    (note,) = await post.replies(late.number)
    assert f"#{first.number}" in note.body


async def test_a_reply_to_a_merged_ticket_is_in_the_other(post, world):
    first = await post.write("ada@example.org", "One.", Message_ID="<one@example.org>")
    second = await post.write("ada@example.org", "Two.")
    await world.helpdesk.merges.merge(world.admin.actor, str(first.number), str(second.number))
    reply = await post.write("ada@example.org", "Three.", In_Reply_To="<one@example.org>")
    assert (reply.outcome, reply.number) == ("reply", second.number)


async def test_an_automatic_answer_changes_and_tells_nothing(post, world):
    first = await post.write("ada@example.org", Message_ID="<first@example.org>")
    await world.helpdesk.tickets.resolve(world.admin.actor, str(first.number))
    before = len(await world.events())
    away = {"Auto_Submitted": "auto-replied", "In_Reply_To": "<first@example.org>"}
    received = await post.write("ada@example.org", "I am away.", **away)
    assert (received.outcome, received.number) == ("reply", first.number)
    assert (await post.ticket(first.number)).status == "Resolved"
    letters = await post.letters("staff@example.com")
    assert "I am away." not in "".join(each.letter.text for each in letters)
    assert len(await world.events()) > before  # plugins see it all the same
    nowhere = await post.write("bob@example.org", "Away.", Auto_Submitted="auto-replied")
    assert (nowhere.outcome, nowhere.number) == ("ignored", None)


async def test_two_programs_that_answer_each_other_come_to_rest(post):
    for number in range(10):
        await post.write("robot@example.net", f"Thank you {number}")
    assert len(await post.letters("robot@example.net")) == 3


async def test_a_flood_is_held(post):
    for number in range(TICKETS_PER_HOUR):
        assert (await post.write("robot@example.net", f"Mail {number}")).outcome == "ticket"
    assert (await post.write("robot@example.net", "One more")).outcome == "held"
    assert (await post.write("ada@example.org", "Me")).outcome == "ticket"


async def test_our_own_letters_that_come_back_are_a_loop(post):
    await post.write("ada@example.org")
    (letter,) = await post.letters("ada@example.org")
    back = await post.write("ada@example.org", Message_ID=letter.message_id)
    assert back.outcome == "loop"
    own = await post.write("support@example.com")
    assert own.outcome == "loop"
    tagged = await post.write("support+r.1.aaaaaaaaaaaaaaaaaaaa@example.com")
    assert tagged.outcome == "loop"


async def test_a_bounce_marks_the_letter_and_staff_read_why(post):
    first = await post.write("ada@example.org")
    (letter,) = await post.letters("ada@example.org")
    # Shown on the page, it was never sent; as if it had been:
    await post.world.helpdesk.database.write(
        lambda c: c.execute("UPDATE mail_outgoing SET state = 'sent'")
    )
    received = await post.take(BOUNCE.format(letter.message_id).encode())
    assert (received.outcome, received.number) == ("bounce", first.number)
    (letter,) = await post.letters("ada@example.org")
    assert letter.state == "bounced"
    (note,) = await post.replies(first.number)
    assert note.is_internal
    assert "5.1.1" in note.body
    again = await post.take(BOUNCE.format(letter.message_id).replace("b1@", "b2@").encode())
    assert again.outcome == "ignored"


async def test_a_bounce_of_what_we_never_sent_changes_nothing(post):
    await post.write("ada@example.org")
    received = await post.take(BOUNCE.format("<ohd.x.aaaaaaaaaaaaaaaaaaaa@example.com>").encode())
    assert received.outcome == "ignored"


async def test_spam_is_held_until_an_admin_decides(post, world):
    received = await post.write("ada@example.org", X_Spam_Flag="YES")
    assert (received.outcome, received.number) == ("held", None)
    (record,) = await world.helpdesk.intake.newest(world.admin.actor, None, 10)
    with pytest.raises(NotAllowed):
        await world.helpdesk.intake.accept(world.staff.actor, record.id)
    accepted = await world.helpdesk.intake.accept(world.admin.actor, record.id)
    assert accepted.outcome == "ticket"
    with pytest.raises(Conflict):
        await world.helpdesk.intake.accept(world.admin.actor, record.id)


async def test_of_two_admins_who_accept_at_once_one_does(post, world):
    await post.write("ada@example.org", X_Spam_Flag="YES")
    (record,) = await world.helpdesk.intake.newest(world.admin.actor, None, 10)
    outcomes = []

    async def accept() -> None:
        try:
            outcomes.append(
                (await world.helpdesk.intake.accept(world.admin.actor, record.id)).number
            )
        except Conflict:
            outcomes.append(None)

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(accept)
    assert sorted(outcomes, key=str) == [1, None, None]


async def test_strangers_can_be_held_and_the_disabled_always_are(post, world):
    await world.helpdesk.mail.update(SYSTEM, {"strangers": "hold"}, {})
    assert (await post.write("ada@example.org")).outcome == "held"
    assert (await post.write("user@example.com")).outcome == "ticket"
    await world.helpdesk.users.update(SYSTEM, world.user.id, disabled=True)
    assert (await post.write("user@example.com", "Again.")).outcome == "held"


async def test_mail_without_a_sender_is_held_and_not_lost(post, world):
    received = await post.write("nobody at all")
    assert received.outcome == "held"
    (record,) = await world.helpdesk.intake.newest(world.admin.actor, None, 10)
    _, original = await world.helpdesk.intake.original(world.admin.actor, record.id)
    async with original as pieces:
        assert b"nobody at all" in b"".join([piece async for piece in pieces])


async def test_originals_are_for_staff_alone(post, world):
    received = await post.write("user@example.com")
    (record,) = await world.helpdesk.intake.newest(world.admin.actor, None, 10)
    await world.helpdesk.intake.original(world.staff.actor, record.id)
    with pytest.raises(NotFound):
        await world.helpdesk.intake.original(world.user.actor, record.id)
    assert await world.helpdesk.intake.of_ticket(world.user.actor, received.number) == {}


async def test_files_and_pictures_are_on_the_ticket(post, world):
    raw = (
        b"From: user@example.com\r\nMessage-ID: <f@x>\r\nSubject: Shot\r\n"
        b"Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
        b"<p>See <img src=cid:p alt=shot> it</p>\r\n--b\r\n"
        b"Content-Type: image/png; name=../s.png\r\n"
        b"Content-ID: <p>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n"
    )
    received = await post.take(raw)
    (file,) = await world.helpdesk.files.all(world.user.actor, str(received.number))
    assert (file.name, file.kind, file.is_internal) == ("s.png", "image/png", False)
    ticket = await post.ticket(received.number)
    assert ticket.description == f"See [shot](/files/{file.id}/s.png) it"


async def test_events_of_mail_tell_of_its_files(post, world):
    def with_file(name: str, more: str = "") -> bytes:
        return (
            f"From: user@example.com\r\nMessage-ID: <{name}@x>\r\nSubject: S\r\n{more}"
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nText\r\n--b\r\n"
            f"Content-Type: text/plain; name={name}\r\n"
            "Content-Disposition: attachment\r\n\r\nlog\r\n--b--\r\n"
        ).encode()

    received = await post.take(with_file("one.txt"))
    payload = await world.last_payload()
    assert payload["event"] == "ticket.created"
    assert [each["name"] for each in payload["ticket"]["attachments"]] == ["one.txt"]
    again = await post.take(with_file("two.txt", "In-Reply-To: <one.txt@x>\r\n"))
    assert again.number == received.number
    payload = await world.last_payload()
    assert payload["event"] == "ticket.reply_added"
    assert [each["name"] for each in payload["ticket"]["attachments"]] == ["one.txt", "two.txt"]


async def test_files_of_mail_wait_for_the_virus_scanner_and_infected_ones_are_kept_back(
    post, world, tmp_path
):
    await world.helpdesk.settings.update(world.admin.actor, scanner="/nowhere")
    received = await post.take(
        b"From: user@example.com\r\nMessage-ID: <v@x>\r\nSubject: Bill\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nText\r\n--b\r\n"
        b"Content-Type: application/x; name=bill.exe\r\n"
        b"Content-Disposition: attachment\r\n\r\nMZ virus\r\n--b--\r\n"
    )
    (file,) = await world.helpdesk.files.all(world.user.actor, str(received.number))
    assert file.state == "waiting"

    async def find(stream) -> None:
        assert await take_all(stream) == b"MZ virus"
        await stream.send_all(b"stream: Win.Test FOUND\0")

    async with answering(tmp_path / "s", find) as address:
        await world.helpdesk.settings.update(world.admin.actor, scanner=address)
        assert await world.helpdesk.scanning.work()
    (file,) = await world.helpdesk.files.all(world.user.actor, str(received.number))
    assert (file.state, file.finding) == ("infected", "Win.Test")
    for person in (world.user, world.admin):
        titles = [each.title for each in await world.helpdesk.notifications.list(person.actor)]
        assert "bill.exe was kept back: it is infected" in titles


async def test_quoted_text_is_kept_beside_the_reply(post, world):
    first = await post.write("ada@example.org", Message_ID="<first@example.org>")
    body = "New.\r\n\r\nOn Friday, Desk wrote:\r\n> Old\r\n"
    await post.write("ada@example.org", body, In_Reply_To="<first@example.org>")
    (said,) = await post.replies(first.number)
    assert said.body == "New."
    originals = await world.helpdesk.intake.of_ticket(world.staff.actor, first.number)
    assert "> Old" in originals[said.id].quoted


async def test_a_ring_of_references_ends(post):
    ids = [f"<r{number}@example.org>" for number in range(40)]
    outcomes = []
    for number, own in enumerate(ids):
        refers = " ".join([*ids[number + 1 :], *ids[:number]])
        received = await post.write(
            "ada@example.org", f"Mail {number}", Message_ID=own, References=refers
        )
        outcomes.append(received)
    assert {received.number for received in outcomes} == {outcomes[0].number}


async def test_a_mail_without_text_or_subject_is_taken(post):
    received = await post.write("ada@example.org", "", Subject="")
    ticket = await post.ticket(received.number)
    assert ticket.subject == "(no subject)"
    reply = await post.write(
        "ada@example.org", "", To=await post.reply_address(received.number, ticket.submitter)
    )
    assert reply.outcome == "reply"


async def test_a_very_long_text_is_cut_and_its_original_kept(post):
    received = await post.write("ada@example.org", "Wörter und mehr. " * 10_000)
    ticket = await post.ticket(received.number)
    assert ticket.description.endswith("[…]")
