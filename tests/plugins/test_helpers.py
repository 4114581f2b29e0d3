"""A plugin in the box has the helper files that a new project gets, or says why it has its own."""

import pytest

from cli.kit.init import GOATKIT_LANGUAGES, goatkit_files
from tests.guests.toolchains import ROOT

SAME = {
    "statistics": ("rust", ("src/goatkit.rs", "src/json.rs")),
    "calendar": ("go", ("goatkit/goatkit.go",)),
}
OWN = {"process", "faq"}
"""Process leaves Go's reflection out, for a module of 3 MB instead of 5; FAQ has serde_json."""


@pytest.mark.parametrize(("name", "wanted"), SAME.items())
def test_its_helper_is_the_one_of_a_new_project(name: str, wanted: tuple[str, tuple[str, ...]]):
    language, paths = wanted
    new = goatkit_files(GOATKIT_LANGUAGES[language], name)
    for path in paths:
        assert (ROOT / "plugins" / name / path).read_text("utf-8") == new[path]


def test_every_plugin_is_one_or_the_other():
    found = {path.stem for path in (ROOT / "plugins").glob("*/*.zip")}
    assert found == SAME.keys() | OWN
