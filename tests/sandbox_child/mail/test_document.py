"""Odd mail of every kind becomes one document: nothing is lost, and nothing is taken for more."""

import base64
import json
import random
from email.message import EmailMessage
from pathlib import Path

import pytest
import test as standard_tests

from helpdesk.inbound.document import decode
from sandbox_child.mail import document

HEAD = "From: Ada <ada@example.org>\r\nTo: support@example.com\r\nSubject: Hello\r\n"


def read(raw: bytes | str, *, headers_only: bool = False):
    """Return the document as the help desk reads it, and the files."""
    data = raw if isinstance(raw, bytes) else raw.encode()
    found, files = document.read(data, headers_only=headers_only)
    return decode(json.dumps(found).encode()), files


def mail(body: str, *more: str) -> bytes:
    return (HEAD + "".join(f"{line}\r\n" for line in more) + "\r\n" + body).encode()


@pytest.mark.parametrize(
    ("charset", "codec", "text"),
    [
        ("utf-8", "utf-8", "Grüße aus Köln, 日本語, 🎉"),
        ("UTF8", "utf-8", "Grüße"),
        ("iso-8859-1", "latin-1", "Grüße"),
        ("iso-8859-1", "cp1252", "“Grüße” 5 €"),
        ("windows-1251", "cp1251", "Привет"),
        ("koi8-r", "koi8-r", "Привет"),
        ("gb2312", "gb18030", "你好"),
        ("big5", "big5", "你好"),
        ("iso-2022-jp", "iso2022_jp", "こんにちは"),
        ("Shift_JIS", "cp932", "こんにちは①"),
        ("euc-kr", "cp949", "안녕하세요"),
        ("ks_c_5601-1987", "cp949", "안녕"),
        ("iso-8859-8-i", "iso8859-8", "שלום"),
        ("utf-7", "utf-7", "Grüße"),
        ("no-such-charset", "utf-8", "Grüße"),
        ("zlib", "utf-8", "Grüße"),
        ("'utf-8'", "utf-8", "Grüße"),
    ],
)
def test_charsets(charset, codec, text):
    raw = (
        f'{HEAD}Content-Type: text/plain; charset="{charset}"\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n"
    ).encode() + base64.b64encode(text.encode(codec))
    assert read(raw)[0].text == text


def test_bytes_beyond_ascii_without_a_charset_are_text():
    raw = HEAD.replace("Hello", "Grüße").encode() + b"\r\nGr\xc3\xbc\xc3\x9fe, and \xfc alone"
    found, _ = read(raw)
    assert found.subject == "Grüße"
    assert "alone" in found.text


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("=?utf-8?B?R3LDvMOfZQ==?=", "Grüße"),
        ("=?utf-8?Q?Gr=C3=BC?= =?utf-8?Q?=C3=9Fe?=", "Grüße"),
        ("=?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?Q?a?==?utf-8?Q?b?=", "ab"),
        ("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
        ("=?x-no?Q?abc?=", "abc"),
        ("=?utf-8?B?!!!?=", None),
        ("plain =?utf-8?Q?w=C3=B6rd?= plain", "plain wörd plain"),
        ("folded\r\n over lines", "folded over lines"),
        ("", ""),
    ],
)
def test_subjects(subject, shown):
    found, _ = read(mail("x").replace(b"Subject: Hello", f"Subject: {subject}".encode()))
    assert shown is None or found.subject == shown


@pytest.mark.parametrize(
    ("sender", "name", "address"),
    [
        ('"Lovelace, Ada" <ada@example.org>', "Lovelace, Ada", "ada@example.org"),
        ("ada@example.org", "", "ada@example.org"),
        ("=?utf-8?Q?M=C3=BCller=2C_Jo?= <jo@example.org>", "Müller, Jo", "jo@example.org"),
        ("=?utf-8?Q?admin=40example=2Ecom?= <jo@example.org>", "admin@example.com",
         "jo@example.org"),
        ("ada@example.org (Ada)", "Ada", "ada@example.org"),
        ("<ADA@Example.ORG>", "", "ADA@Example.ORG"),
    ],
)  # fmt: skip
def test_senders(sender, name, address):
    found, _ = read(mail("x").replace(b"From: Ada <ada@example.org>", f"From: {sender}".encode()))
    assert (found.sender.name, found.sender.address) == (name, address)


@pytest.mark.parametrize("sender", ["", "undisclosed-recipients:;", "nobody", "@", "a@b@c.de"])
def test_what_is_no_sender_is_none(sender):
    found, _ = read(mail("x").replace(b"From: Ada <ada@example.org>", f"From: {sender}".encode()))
    assert found.sender is None or found.sender.address.count("@") == 1


def test_alternatives_give_one_text_and_no_file():
    message = EmailMessage()
    message["From"] = "ada@example.org"
    message.set_content("Plain *text*.")
    message.add_alternative("<p>Plain <b>text</b>.</p>", subtype="html")
    found, files = read(message.as_bytes())
    assert found.text == "Plain *text*."
    assert files == []


def test_html_alone_becomes_markdown_and_nothing_of_it_stays_html():
    body = (
        "<html><head><style>p{}</style><script>evil()</script></head><body>"
        "<p>Hello <b>world</b>, see <a href='https://example.com/a'>this</a> and "
        "<a href='javascript:evil()'>that</a>.</p><ul><li>one<li>two</ul>"
        "<img src='https://tracker.example.com/x.gif'><div style='display:none'>hidden</div>"
        "<table><tr><td>a<td>b<tr><td>c<td>d</table></body></html>"
    )
    found, _ = read(mail(body, "Content-Type: text/html"))
    assert found.text == (
        "Hello **world**, see [this](https://example.com/a) and that.\n\n- one\n- two\n\na b\nc d"
    )


def test_a_picture_of_the_mail_is_a_link_to_its_file():
    message = EmailMessage()
    message["From"] = "ada@example.org"
    message.set_content("<p>See <img src='cid:pic@x' alt='shot'> here</p>", subtype="html")
    message.add_related(b"\x89PNG\r\n\x1a\n", "image", "png", cid="<pic@x>", filename="shot.png")
    found, files = read(message.as_bytes())
    assert found.text == "See [shot](cid:0) here"
    assert [(file.name, file.is_inline) for file in files] == [("shot.png", True)]


REPLIES = [
    ("New.\n\nOn Fri, 27 Nov 2026 at 08:00, Desk <d@example.com> wrote:\n> Old\n> text\n", "New."),
    ("New.\n\nAm 27.11.2026 um 08:00 schrieb Desk:\n\n> Old\n\n", "New."),
    ("New.\n\nLe ven. 27 nov. 2026 à 08:00, Desk <d@example.com> a écrit :\n> Old\n", "New."),
    ("New.\n\n-----Original Message-----\nFrom: Desk\nSent: today\nTo: me\n\nOld", "New."),
    (
        (
            "New.\n\n________________________________\nVon: Desk <d@example.com>\n"
            "Gesendet: Freitag\nAn: me\nBetreff: Hello\n\nOld"
        ),
        "New.",
    ),
    ("> Old\n\nNew below.", "> Old\n\nNew below."),
    ("> One?\nYes.\n> Two?\nNo.", "> One?\nYes.\n> Two?\nNo."),
    ("> only a quotation", "> only a quotation"),
    (
        "New.\n\nOn Fri, 27 Nov 2026 at 08:00, A Very Long Name\n<d@example.com> wrote:\n\n> Old",
        "New.",
    ),
]


@pytest.mark.parametrize(("body", "fresh"), REPLIES)
def test_what_a_reply_quotes_is_folded(body, fresh):
    found, _ = read(mail(body, "In-Reply-To: <a@b>"))
    assert found.text == fresh
    assert bool(found.quoted) == (fresh == "New.")


def test_what_is_forwarded_is_not_folded():
    body = "Please look.\n\n-----Original Message-----\nFrom: X\nSent: today\nTo: me\n\nOld"
    raw = mail(body, "References: <a@b>").replace(b"Subject: Hello", b"Subject: Fwd: Hello")
    assert "Old" in read(raw)[0].text


@pytest.mark.parametrize(
    "quote",
    [
        "<div class='gmail_quote'><div>On Friday:</div><blockquote>Old</blockquote></div>",
        "<blockquote type='cite'>Old</blockquote>",
        "<div id='divRplyFwdMsg'><b>From:</b> Desk<br></div><div>Old</div>",
        "<div style='border:none;border-top:solid #E1E1E1 1.0pt'><b>From:</b> Desk</div><p>Old</p>",
    ],
)
def test_what_html_quotes_is_folded(quote):
    raw = mail(f"<p>New.</p>{quote}", "Content-Type: text/html", "In-Reply-To: <a@b>")
    found, _ = read(raw)
    assert found.text == "New."
    assert "Old" in found.quoted


@pytest.mark.parametrize(
    ("lines", "nature"),
    [
        (["Auto-Submitted: auto-replied"], "automatic"),
        (["Auto-Submitted: no"], "ordinary"),
        (["Auto-Submitted: auto-generated; x=y"], "automatic"),
        (["Precedence: auto_reply"], "automatic"),
        (["Precedence: bulk"], "bulk"),
        (["List-Id: <a.example.com>"], "bulk"),
        (["X-Autoreply: yes"], "automatic"),
        (["Return-Path: <>"], "automatic"),
        (["Return-Path: <ada@example.org>"], "ordinary"),
        (["Content-Type: multipart/report; report-type=disposition-notification"], "receipt"),
        (["Content-Type: multipart/report; report-type=delivery-status"], "bounce"),
        ([], "ordinary"),
    ],
)
def test_what_programs_write_is_recognised(lines, nature):
    assert read(mail("x", *lines))[0].nature == nature


@pytest.mark.parametrize(
    "subject", ["Automatic reply: Hello", "Abwesenheitsnotiz: Hello", "Out of office"]
)
def test_answers_of_absent_people_are_automatic(subject):
    raw = mail("x").replace(b"Subject: Hello", f"Subject: {subject}".encode())
    assert read(raw)[0].nature == "automatic"


def test_a_bounce_says_what_came_back_and_why():
    raw = (
        "From: MAILER-DAEMON@mx.example.com\r\nTo: support@example.com\r\nReturn-Path: <>\r\n"
        "Subject: Undelivered\r\nContent-Type: multipart/report; report-type=delivery-status;"
        " boundary=b\r\n\r\n--b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n"
        "\r\nReporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; ada@example.org\r\n"
        "Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 no such user\r\n\r\n--b\r\n"
        "Content-Type: message/rfc822\r\n\r\nMessage-ID: <ohd.x@example.com>\r\n\r\nold\r\n--b--"
    )
    found, _ = read(raw)
    assert found.bounce.original_id == "<ohd.x@example.com>"
    assert (found.bounce.action, found.bounce.status) == ("failed", "5.1.1")
    assert found.bounce.receiver == "ada@example.org"


def test_calendars_and_winmail_are_files_and_a_calendar_is_told():
    message = EmailMessage()
    message["From"] = "ada@example.org"
    message.set_content("Please come.")
    calendar = (
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Planning\\, part 2\r\n"
        "DTSTART:20261127T080000Z\r\nLOCATION:Room 1\r\nEND:VEVENT\r\nEND:VCALENDAR"
    )
    message.add_attachment(calendar.encode(), "text", "calendar")
    message.add_attachment(b"\x78\x9f\x3e\x22", "application", "ms-tnef")
    found, files = read(message.as_bytes())
    assert "Planning, part 2" in found.text
    assert "2026-11-27 08:00 UTC" in found.text
    assert [file.name for file in files] == ["invitation.ics", "winmail.dat"]


def test_flowed_text_is_joined():
    body = "One line \r\nthat flows.\r\n\r\n> quoted \r\n> too\r\n-- \r\nAda"
    found, _ = read(mail(body, "Content-Type: text/plain; format=flowed"))
    assert found.text.startswith("One line that flows.")
    assert "> quoted too" in found.text


@pytest.mark.parametrize(
    ("written", "stays"),
    [
        ("C:\\temp\\_x\\*.log", "C:\\temp\\\\_x\\\\*.log"),
        ("Regards\n--\nAda", "Regards\n\\--\nAda"),
        ("# not a heading", "\\# not a heading"),
        ("__init__.py", "\\_\\_init\\_\\_.py"),
        ("    indented", "\u00a0\u00a0\u00a0\u00a0indented"),
        ("1 * 2 < 3", "1 * 2 < 3"),
        ("a\n===", "a\n\\==="),
    ],
)
def test_plain_text_is_not_taken_for_formatting(written, stays):
    assert read(mail(f"Hi\n{written}"))[0].text == f"Hi\n{stays}"


def nested(depth: int) -> bytes:
    raw = HEAD.encode()
    for level in range(depth):
        boundary = f'Content-Type: multipart/mixed; boundary="b{level}"'.encode()
        raw += boundary + b"\r\n\r\n--b%d\r\n" % level
    return raw + b"\r\ndeep text"


BOMBS = {
    "nested parts": nested(390),
    "more nested parts than are read": nested(5_000),
    "many parts": HEAD.encode()
    + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + b"--b\r\nContent-Type: application/x\r\n\r\nx\r\n" * 20_000,
    "nested html": mail("<div>" * 100_000 + "text", "Content-Type: text/html"),
    "quotes in quotes": mail("<blockquote>" * 50_000, "Content-Type: text/html"),
    "an open comment": mail("<!--" * 50_000, "Content-Type: text/html"),
    "open tags": mail("<a " * 50_000, "Content-Type: text/html"),
    "open attributes": mail("<a x='" * 50_000, "Content-Type: text/html"),
    "open ends": mail("</" * 50_000, "Content-Type: text/html"),
    "many entities": mail("&#x41" * 50_000, "Content-Type: text/html"),
    "open scripts": mail("<script>" * 50_000, "Content-Type: text/html"),
    "many links": mail("<a href=http://a>" * 50_000, "Content-Type: text/html"),
    "many marks": mail("<b><i>a" * 50_000, "Content-Type: text/html"),
    "many headers": HEAD.encode() + b"X-A: b\r\n" * 50_000 + b"\r\nx",
    "a long header": HEAD.encode() + b"X-A: " + b"a" * 2_000_000 + b"\r\n\r\nx",
    "many addresses": HEAD.encode() + b"Cc: " + b"a@b.de, " * 50_000 + b"\r\n\r\nx",
    "open comments in an address": HEAD.encode() + b"Cc: " + b"(" * 50_000 + b"\r\n\r\nx",
    "many encoded words": mail("x", "X: y").replace(b"Hello", b"=?utf-8?q?a?= " * 20_000),
    "many references": mail("x", "References: " + "<a@b> " * 50_000),
    "a long reference": mail("x", "In-Reply-To: <" + "a" * 100_000 + "@b>"),
    "no end of line": HEAD.encode() + b"\r\n" + b"a" * 3_000_000,
    "only ends of lines": HEAD.encode() + b"\n" * 1_000_000,
    "nothing": b"",
    "nulls": b"\0" * 100_000,
    "a boundary that is no end": mail("--\r\n--\r\n", "Content-Type: multipart/mixed; boundary="),
    "a boundary in itself": mail(
        "--b\r\n--b--\r\n--b", "Content-Type: multipart/mixed; boundary=b"
    ),
    "a bad type": mail("x", "Content-Type: ///;;;=="),
    "a bad encoding": mail("x", "Content-Transfer-Encoding: rot13"),
    "bad base64": mail("%%%=", "Content-Transfer-Encoding: base64"),
    "a name that is split": mail(
        "x", "Content-Type: application/x; name*0*=utf-8''%C3; name*1*=%A4; name*999999999=x"
    ),
    "lines that look quoted": mail(">" * 100_000 + "\n" + "> a\n" * 30_000, "In-Reply-To: <a@b>"),
    "a wrote that never ends": mail("On " + "a " * 100_000, "In-Reply-To: <a@b>"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_become_documents(name):
    found, files = read(BOMBS[name])
    assert len(files) <= 100
    assert found.text or found.is_broken or not found.text


def test_a_message_that_is_too_deep_still_has_its_sender():
    found, _ = read(BOMBS["more nested parts than are read"])
    assert found.is_broken
    assert found.sender.address == "ada@example.org"


def test_headers_alone():
    found, files = read(mail("text"), headers_only=True)
    assert found.is_broken
    assert found.subject == "Hello"
    assert files == []


@pytest.mark.parametrize("seed", range(40))
def test_damaged_mail_becomes_a_document(seed):
    damage = random.Random(seed)
    whole = bytearray(damage.choice([BOMBS["a name that is split"], mail("x"), nested(5)]))
    for _ in range(damage.randint(1, 40)):
        at = damage.randrange(len(whole))
        whole[at : at + damage.randint(0, 6)] = damage.randbytes(damage.randint(0, 6))
    read(bytes(whole))


STANDARD = sorted((Path(standard_tests.__file__).parent / "test_email" / "data").glob("msg_*.txt"))


@pytest.mark.skipif(not STANDARD, reason="Python's own tests are not installed")
def test_the_standard_library_s_own_messages():
    for path in STANDARD:
        found, _ = read(path.read_bytes())
        assert not found.is_broken, path.name
