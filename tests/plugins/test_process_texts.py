"""The words of the Process plugin: each in English and in German, with the same gaps to fill."""

import json
import re
from typing import Any

from tests.guests.toolchains import ROOT

PLUGIN = ROOT / "plugins" / "process"
GAP = re.compile("%[sd]")


def texts(language: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((PLUGIN / "texts" / f"{language}.json").read_text("utf-8"))
    return found


def test_each_text_is_there_in_both_languages_with_the_same_gaps() -> None:
    english, german = texts("en"), texts("de")
    assert english.keys() == german.keys()
    for key, text in english.items():
        assert sorted(GAP.findall(text)) == sorted(GAP.findall(german[key])), key
        assert german[key].strip()


def test_each_text_that_the_plugin_says_exists() -> None:
    english = texts("en")
    code = "".join(path.read_text("utf-8") for path in PLUGIN.glob("*.go"))
    said = set(re.findall(r'\bsay\("([a-z_]+)"', code))
    assert len(said) > 50
    assert {key for key in said if not key.endswith("_")} <= english.keys()
    # The rest goes on with an action.
    starts = {key for key in said if key.endswith("_")}
    assert all(any(key.startswith(start) for key in english) for start in starts)


def words(value: Any) -> list[str]:
    """Return the texts of a template that people read."""
    if isinstance(value, dict):
        named = [value[key] for key in ("name", "label", "description", "help") if key in value]
        return named + [word for each in value.values() for word in words(each)]
    if isinstance(value, list):
        return [word for each in value for word in words(each)]
    return []


def test_each_template_is_in_both_languages() -> None:
    for path in (PLUGIN / "templates").glob("*.json"):
        found = words(json.loads(path.read_text("utf-8")))
        assert found
        assert [text for text in found if " \u00a6 " not in text] == []
