"""Every command in the manual is run: top to bottom, page by page, each in a fresh folder.

The pages for authors are in ``test_author_commands``, so that two workers share the work. What
cannot be run is listed in ``exempt``; an entry that no page needs any longer is an error.
"""

import pytest

from tests.docs.exempt import EXEMPT, exemption, is_about_the_unit, is_target, names_our_image
from tests.docs.pages import SHELLS, TEXTS, for_authors, pages, with_commands
from tests.docs.shell import first_missing


@pytest.mark.parametrize(
    "page", [p for p in with_commands() if not for_authors(p)], ids=lambda page: page.name
)
def test_every_command_on_the_page_works(page, reader):
    reader(page).read(page)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_no_fence_hides_commands(page):
    """A fence without a language, or of one that nobody knows, would not be run."""
    strange = {f.line: f.language for f in page.fences() if f.language not in SHELLS | TEXTS}
    assert not strange
    ticks = [line for line in page.path.read_text("utf-8").splitlines() if "```" in line]
    assert len(ticks) == 2 * len(page.fences())


def test_each_exemption_is_needed():
    typed = [
        c.text for page in with_commands() for fence in page.fences() for c in fence.commands()
    ]
    unused = [e.pattern for e in EXEMPT if not any(exemption(text) is e for text in typed)]
    assert unused == []


def test_what_is_not_run_is_looked_at():
    assert not is_target("make coffee")
    assert not is_about_the_unit("systemctl restart nginx")
    assert not names_our_image("docker build -f packaging/Missing -t help-desk .")


def test_output_that_is_shown_is_compared():
    assert first_missing(("2 passed",), "ok  first\n2   passed\n") is None
    assert first_missing(("2 passed",), "1 passed\n") == "2 passed"
    assert first_missing(("b", "a"), "a\nb\n") == "a"
    assert first_missing(("at http://… now", "…"), "at http://127.0.0.1:1 now") is None
