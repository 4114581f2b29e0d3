import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk import checks
from helpdesk.errors import Invalid


def test_line_ends_of_every_kind_become_newlines():
    assert checks.cleaned("a\r\nb\rc\nd") == "a\nb\nc\nd"


def test_control_characters_are_dropped_and_tabs_kept():
    assert checks.cleaned("a\x00\x1b[31m\tb\x7f\x9b") == "a[31m\tb"


@given(st.text(st.characters()))
def test_cleaned_text_is_utf8_and_at_most_doubles_in_json(text: str):
    clean = checks.cleaned(text)
    size = len(clean.encode())
    assert len(msgspec.json.encode(clean)) <= 2 * size + 2


@given(st.text(st.characters()))
def test_cleaning_twice_changes_nothing(text: str):
    assert checks.cleaned(checks.cleaned(text)) == checks.cleaned(text)


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 101])
def test_a_name_is_one_to_a_hundred_characters(text: str):
    with pytest.raises(Invalid, match="name: expected 1 to 100 characters on one line"):
        checks.name("name", text)


def test_a_name_is_folded_to_one_line():
    assert checks.name("name", "  Sam\n  Ortiz ") == "Sam Ortiz"


def test_a_body_is_measured_in_bytes():
    exact = "é" * (checks.MAX_BODY_BYTES // 2)
    assert checks.body("body", exact) == exact
    with pytest.raises(Invalid, match="at most 65,536 bytes"):
        checks.body("body", exact + "e")
    with pytest.raises(Invalid, match="body: expected some text, found nothing"):
        checks.body("body", " \n")


@pytest.mark.parametrize("key", ["a", "pagerduty_incident_id", "A.b-c_9", "k" * 64])
def test_a_good_field_key_is_taken_as_it_is(key: str):
    assert checks.field_key(key) == key


@pytest.mark.parametrize("key", ["", "k" * 65, "a b", "a\n", "é", "a/b", "a\x00"])
def test_a_bad_field_key_is_refused(key: str):
    with pytest.raises(Invalid, match="key: expected 1 to 64 of the characters"):
        checks.field_key(key)


def test_a_field_value_may_be_empty_and_has_a_ceiling():
    assert checks.field_value("") == ""
    assert checks.field_value("v" * 4096) == "v" * 4096
    with pytest.raises(Invalid, match="found 4,097 bytes"):
        checks.field_value("v" * 4097)


def test_an_email_is_kept_in_lower_case_without_space():
    assert checks.email("  Sam.Ortiz@Example.COM ") == "sam.ortiz@example.com"


@pytest.mark.parametrize(
    "address",
    ["", "sam", "@example.com", "sam@", "a b@example.com", "a@b@c", "a@exa..mple.com", "a@-b.com"],
)
def test_what_is_not_an_email_is_refused(address: str):
    with pytest.raises(Invalid, match="email: expected an address"):
        checks.email(address)


def test_a_long_wrong_value_is_cut_in_the_error():
    with pytest.raises(Invalid) as caught:
        checks.email("x" * 10_000)
    assert len(str(caught.value)) < 200
