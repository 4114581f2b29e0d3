"""Options are rendered once for what they are made of; selecting one changes no other."""

from webapp.pages.options import Choice, Options, options_of

CHOICES = (
    Choice("a", "Apple"),
    Choice("a/b", "Berry", above="a", group="Fruit"),
    Choice("a/c", "Cherry", above="a", group="Fruit"),
    Choice('"><script>', "<b>Markup</b>", group="Odd"),
)


def test_one_option_is_selected_and_the_rest_is_unchanged() -> None:
    options = Options(CHOICES)
    plain, chosen = options.select(""), options.select("a/b")
    assert "selected" not in plain
    assert chosen.count("selected") == 1
    assert '<option value="a/b" selected data-in="a">Berry</option>' in chosen
    assert chosen.replace(" selected", "") == plain


def test_options_of_a_group_stand_in_it() -> None:
    found = Options(CHOICES).select("")
    start, end = found.index('<optgroup label="Fruit">'), found.index("</optgroup>")
    assert start < found.index("Berry") < found.index("Cherry") < end
    assert found.count("<optgroup") == found.count("</optgroup>") == 2


def test_a_value_that_is_not_offered_selects_nothing() -> None:
    options = Options(CHOICES)
    for value in ("", "zzz", 'a" data-in="', "<option"):
        assert options.select(value) == options.select("")


def test_markup_in_a_name_is_text_and_its_value_can_be_selected() -> None:
    found = Options(CHOICES).select('"><script>')
    assert "<script>" not in found
    assert "<b>" not in found
    assert found.count("selected") == 1


def test_no_options_are_false() -> None:
    assert not Options(())
    assert Options(()).select("a") == ""


def test_options_are_made_again_only_for_another_object() -> None:
    made = []

    def choices(source: list[str]) -> list[Choice]:
        made.append(source)
        return [Choice(value, value) for value in source]

    first, second = ["one"], ["one", "two"]
    assert options_of(first, choices) is options_of(first, choices)
    assert options_of(second, choices).choices[1].value == "two"
    assert options_of(first, choices).choices == (Choice("one", "one"),)
    assert made == [first, second, first]
