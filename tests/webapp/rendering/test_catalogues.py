"""The catalogues are complete, and each translation keeps the marks of its text."""

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from docs.tools import texts
from webapp.rendering.catalogues import FILE, FOLDER, available, chosen, wording
from webapp.rendering.markup_texts import marks
from webapp.rendering.templating import template

LANGUAGES = available()[1:]


def messages(language: str) -> list[Message]:
    with (FOLDER / language / FILE).open("rb") as file:
        return [message for message in read_po(file, language) if message.id]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_every_text_and_no_other(language: str) -> None:
    kept = (FOLDER / language / FILE).read_bytes()
    assert texts.up_to_date(language) == kept, (
        "texts were added or removed: run `make texts`, then translate what is empty"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language: str) -> None:
    missing = [
        message.id
        for message in messages(language)
        if message.fuzzy
        or not (message.string if isinstance(message.id, str) else all(message.string))
    ]
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_marks_of_its_text(language: str) -> None:
    wrong = []
    for message in messages(language):
        is_one = isinstance(message.id, str)
        ids, said = ([message.id], [message.string]) if is_one else (message.id, message.string)
        for place, translated in enumerate(said):
            text = ids[min(place, len(ids) - 1)]
            if marks(translated) != marks(text):
                wrong.append((text, translated))
    assert wrong == []


def test_german_is_complete_and_english_is_what_is_written() -> None:
    assert wording("de").text("Log in") == "Anmelden"
    assert wording("en").text("Log in") == "Log in"
    assert wording("de").text("a text of nobody") == "a text of nobody"


def test_plurals_and_numbers_are_those_of_the_language() -> None:
    german, english = wording("de"), wording("en")
    assert german.plural("{n} ticket", "{n} tickets", 1) == "1 Ticket"
    assert german.plural("{n} ticket", "{n} tickets", 1234) == "1.234 Tickets"
    assert english.plural("{n} ticket", "{n} tickets", 1234) == "1,234 tickets"
    assert german.count(1234.5, 1) == "1.234,5"


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        (("de-at", "fr"), "de"),
        (("fr", "de"), "de"),
        (("en-us", "de"), "en"),
        (("tlh",), "en"),
        ((), "en"),
    ],
)
def test_the_first_language_with_texts_is_chosen(wanted: tuple[str, ...], language: str) -> None:
    assert chosen(wanted) == language


def test_english_templates_are_compiled_as_they_are_written() -> None:
    environment = template("login.html").environment
    source = "<p>Log in</p> {{ 1 }}"
    assert environment.preprocess(source) == source


def test_german_templates_say_german() -> None:
    assert "Log in" not in template("login.html", "de").environment.preprocess("<p>Log in</p>")
