"""The pages for contributors: the code that they show is the code that there is."""

import re

import pytest

from tests.docs.pages import ROOT

_SHOWN = re.compile(r"<!-- from: (\S+) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = [
    (page.name, path, piece)
    for page in sorted((ROOT / "docs" / "contributing").glob("*.md"))
    for path, text in _SHOWN.findall(page.read_text("utf-8"))
    for piece in text.split("...\n")
]


@pytest.mark.parametrize(("page", "path", "piece"), SHOWN)
def test_code_that_is_shown_is_in_the_file_that_is_named(page, path, piece):
    assert piece in (ROOT / path).read_text("utf-8"), page


def test_the_first_change_leads_through_every_folder_that_it_changes():
    shown = {path.partition("/")[0] for page, path, _ in SHOWN if page == "first-change.md"}
    assert {"helpdesk", "supervisor", "webapp", "cli", "tests"} <= shown
