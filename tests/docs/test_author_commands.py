"""Every command in the pages for authors is run; see ``test_commands``."""

import pytest

from tests.docs.pages import for_authors, with_commands


@pytest.mark.parametrize(
    "page", [p for p in with_commands() if for_authors(p)], ids=lambda page: page.name
)
def test_every_command_on_the_page_works(page, reader):
    reader(page).read(page)
