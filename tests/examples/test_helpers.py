"""An example has the helper file that a new project in its language gets, and none of its own."""

import pytest

from cli.kit.init import LANGUAGES, project_files
from tests.guests.build import EXAMPLES

EXAMPLES_WITH_HELPER = {"pagerduty": "rust", "jira-linker": "assemblyscript", "triage": "zig"}


@pytest.mark.parametrize(("name", "language"), EXAMPLES_WITH_HELPER.items())
def test_the_helper_of_an_example_is_the_one_of_a_new_project(name: str, language: str) -> None:
    helper = LANGUAGES[language].helper
    new = project_files(LANGUAGES[language], name, f"org.openhelpdesk.{name}")
    assert (EXAMPLES / name / helper).read_text("utf-8") == new[helper]


def test_no_other_example_has_a_helper_of_its_own() -> None:
    found = {path.parent for path in EXAMPLES.rglob("ohd.*") if "node_modules" not in path.parts}
    helpers = {name: LANGUAGES[lang].helper for name, lang in EXAMPLES_WITH_HELPER.items()}
    assert found == {(EXAMPLES / name / helper).parent for name, helper in helpers.items()}
