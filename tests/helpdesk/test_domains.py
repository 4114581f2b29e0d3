"""Domains of addresses: compared whole, in one form, whatever was typed."""

import pytest

from helpdesk import checks, domains
from helpdesk.errors import Invalid


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ()),
        ("Example.COM", ("example.com",)),
        ("b.example, @a.example\nb.example;c.example.", ("a.example", "b.example", "c.example")),
        ("münchen.example", ("xn--mnchen-3ya.example",)),
        ("faß.example", ("xn--fa-hia.example",)),
    ],
)
def test_a_list_is_read_into_one_form(text, found):
    assert domains.checked("domains", text) == found


@pytest.mark.parametrize(
    "text",
    [
        *("*.example.com", "example", "a@example.com", "-", "exa mple", ".", "a..example"),
        *("http://example.com", "x" * 300 + ".example", "a_b.example", "exam\0ple.com"),
        " ".join(f"d{number}.example" for number in range(domains.MOST + 1)),
        "\ud800.example",
    ],
)
def test_what_is_no_list_of_domains_is_refused(text):
    with pytest.raises(Invalid, match="domains"):
        domains.checked("domains", text)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("A@MÜNCHEN.example", "a@xn--mnchen-3ya.example"),
        ("a@xn--mnchen-3ya.example", "a@xn--mnchen-3ya.example"),
        ("a@\uff45xample.com", "a@example.com"),
        # A Cyrillic letter that looks like a Latin one.
        ("a@ex\u0430mple.com", "a@xn--exmple-4nf.com"),
    ],
)
def test_an_address_is_put_into_ascii(typed, stored):
    assert checks.email(domains.with_ascii_domain(typed)) == stored


@pytest.mark.parametrize("typed", ["", "@", "a", "a@\ud800", "a@" + "ü" * 500, "a@ü..example"])
def test_an_address_that_makes_no_sense_stays_as_it_is(typed):
    assert domains.with_ascii_domain(typed) == typed


@pytest.mark.parametrize(
    ("address", "plain"),
    [("a+b@c.example", "a@c.example"), ("+b@c.example", "+b@c.example"), ("a@c", "a@c")],
)
def test_a_tag_is_left_out(address, plain):
    assert domains.without_tag(address) == plain
