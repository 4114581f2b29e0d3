"""Admin, Mail: settings whose secrets are never shown, what went out and came in; one's choices."""

import re

import pytest

from helpdesk.mail import outgoing
from helpdesk.mail.letters import Letter
from supervisor.secrets.box import SecretBox

FORM = {
    "address": "support@example.com",
    "outgoing": "smtp",
    "smtp_host": "mail.example.com",
    "smtp_port": "587",
    "smtp_security": "starttls",
    "smtp_auth": "password",
    "smtp_user": "desk",
    "smtp_password": "hunter2-secret",
}


@pytest.fixture
async def mailing(site):
    site.desk.mail.sealer = SecretBox(b"k" * 32)
    return site


async def letters(site):
    return await site.desk.database.read(lambda c: outgoing.newest(c, None, 100))


async def test_an_admin_sets_mail_up_and_no_secret_is_ever_shown(mailing):
    admin = await mailing.as_("admin")
    page = await admin.submit("/admin/mail", "/admin/mail", **FORM)
    assert "Mail settings saved." in page.words()
    assert "hunter2-secret" not in page.text
    assert await mailing.desk.mail.secret("smtp_password") == "hunter2-secret"
    page = await admin.submit("/admin/mail", "/admin/mail", **FORM | {"smtp_password": ""})
    assert await mailing.desk.mail.secret("smtp_password") == "hunter2-secret"
    log = (await admin.get("/admin/audit")).text
    assert "mail.settings_changed" in log
    assert "hunter2-secret" not in log


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"address": "not an address"}, "address"),
        ({"smtp_port": "0"}, "smtp_port"),
        ({"smtp_security": "none"}, "smtp_security"),
        ({"smtp_host": "a b"}, "smtp_host"),
        ({"outgoing": "carrier pigeon"}, "outgoing"),
        ({"smtp_auth": "oauth"}, "oauth_token_url"),
        ({"oauth_token_url": "http://example.com/token"}, "oauth_token_url"),
        ({"smtp_user": "a" * 501}, "smtp_user"),
    ],
)
async def test_settings_that_cannot_work_are_refused_with_what_was_typed(mailing, changed, field):
    admin = await mailing.as_("admin")
    page = await admin.submit("/admin/mail", "/admin/mail", **FORM | changed)
    assert page.status == 422
    assert f'id="{field}-problem"' in page.text
    assert "hunter2-secret" not in page.text
    assert (await mailing.desk.mail.all()).outgoing == "off"


async def test_mail_is_for_admins_alone(mailing):
    for role in ("staff", "user"):
        browser = await mailing.as_(role)
        for path in ("", "/outgoing", "/incoming", "/templates", "/outgoing/x"):
            assert (await browser.get(f"/admin/mail{path}")).status in {403, 404}


async def test_a_test_that_fails_says_why(mailing):
    admin = await mailing.as_("admin")
    local = {"smtp_host": "127.0.0.1", "smtp_port": "9", "smtp_security": "none"}
    await admin.submit("/admin/mail", "/admin/mail", **FORM | local)
    page = await admin.submit("/admin/mail", "/admin/mail/test")
    assert "the test was not sent" in page.words().lower()


async def test_what_went_out_is_listed_and_shown_without_markup_of_others(mailing, hostile):
    await mailing.desk.mail.show_on_page()
    made = Letter(to="a@example.com", subject=hostile, text=hostile, kind="test")
    letter_id = await mailing.desk.database.write(
        lambda c: outgoing.enqueue(c, made, mailing.desk.clock.now())
    )
    admin = await mailing.as_("admin")
    for path in ("/admin/mail/outgoing", f"/admin/mail/outgoing/{letter_id}"):
        page = await admin.get(path)
        assert page.status == 200
        assert hostile not in page.text


async def test_a_template_is_changed_and_brought_back(mailing):
    admin = await mailing.as_("admin")
    form = {"event": "replied", "language": "de", "subject": "Neu: {{ticket.subject}}"}
    page = await admin.submit(
        "/admin/mail/templates?language=de", "/admin/mail/templates", body="{{text}}", **form
    )
    assert "Template saved." in page.words()
    assert "Changed" in page.words()
    page = await admin.submit(
        "/admin/mail/templates", "/admin/mail/templates", body="{{evil}}", **form
    )
    assert page.status == 422
    page = await admin.submit(
        "/admin/mail/templates", "/admin/mail/templates", body="x", usual="yes", **form
    )
    assert "Changed" not in page.words()


async def test_everybody_chooses_what_they_are_told(mailing):
    browser, user = await mailing.as_("user"), mailing.people.user
    page = await browser.submit(
        "/notifications/settings", "/notifications/settings", **{"mail-closed": "yes"}
    )
    assert "Notification settings saved." in page.words()
    choices = await mailing.desk.choices.all(user.actor)
    assert choices["closed"].mail
    assert not choices["replied"].web
    assert "noted" not in choices


async def test_a_forgotten_password_is_set_by_a_link_in_an_email(mailing):
    await mailing.desk.mail.show_on_page()
    browser = await mailing.stranger()
    for email in ("user@example.com", "nobody@example.com"):
        page = await browser.submit("/password", "/password", email=email)
        assert "If there is an account" in page.words()
    (letter,) = await letters(mailing)
    assert letter.address == "user@example.com"
    link = re.search(r"/invitation\S+", letter.letter.text)[0]
    token = link.partition("token=")[2]
    done = await browser.submit(
        link, "/invitation", token=token, password="a new password", password_again="a new password"
    )
    assert done.response.url.path == "/tickets"
    assert (await (await mailing.stranger()).get(link)).status == 404


async def test_links_are_not_sent_without_end(mailing):
    await mailing.desk.mail.show_on_page()
    browser = await mailing.stranger()
    for _ in range(3):
        await browser.submit("/password", "/password", email="user@example.com")
    page = await browser.submit("/password", "/password", email="user@example.com")
    assert page.status == 429
    assert len(await letters(mailing)) == 3


async def test_without_mail_an_admin_is_asked(mailing):
    page = await (await mailing.stranger()).get("/password")
    assert "Ask an admin" in page.words()


async def test_an_invitation_is_sent_by_email(mailing):
    await mailing.desk.mail.show_on_page()
    admin, person = await mailing.as_("admin"), mailing.people.other
    at = f"/admin/people/{person.id}"
    page = await admin.submit(at, f"{at}/invitation", send="yes")
    assert "Link sent by email." in page.words()
    (letter,) = await letters(mailing)
    assert "/invitation?token=" in letter.letter.text
