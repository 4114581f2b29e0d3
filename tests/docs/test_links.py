"""Links of pages that are no part of the site, where the site's builder does not see them."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

_LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
LONE = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("examples/*/README.md"))]


@pytest.mark.parametrize("page", LONE, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page: Path):
    links = [link for link in _LINK.findall(page.read_text("utf-8")) if "://" not in link]
    lost = [link for link in links if not (page.parent / link).exists()]
    assert lost == []


def test_every_example_has_its_page_and_the_readme_lists_it():
    folders = sorted(path.parent.name for path in ROOT.glob("examples/*/manifest.json"))
    listed = re.findall(r"\]\(examples/([a-z-]+)/README\.md\)", (ROOT / "README.md").read_text())
    assert sorted(listed) == folders


@pytest.mark.parametrize(
    "page",
    [*LONE, *sorted(ROOT.glob("docs/**/*.md"))],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_every_path_of_the_code_that_a_page_names_is_there(page: Path):
    named = re.findall(
        r"`((?:cli|helpdesk|sandbox_child|supervisor|tests|webapp)/[\w./-]*)`",
        page.read_text("utf-8"),
    )
    assert [path for path in named if not (ROOT / path).exists()] == []
