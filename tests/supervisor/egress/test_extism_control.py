"""The control run: the corpus gets through another allow-list, and the document is true."""

import os
from pathlib import Path

import pytest

from tests.supervisor.egress.extism_control import (
    BEHAVIOURS,
    LISTS,
    PLAIN,
    CannotIsolate,
    Table,
    cases,
    run_control,
)

DOCUMENT = Path(__file__).parents[3] / "docs" / "egress.md"


@pytest.fixture(scope="module")
def found():
    pytest.importorskip("extism")
    try:
        return run_control()
    except (CannotIsolate, FileNotFoundError) as reason:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no namespaces for the control run: {reason}")


def test_the_control_makes_a_request_that_is_allowed_and_none_that_is_not(found):
    assert set(found["through"]) == set(cases())
    assert found["through"][PLAIN] == dict.fromkeys(LISTS, True)
    assert found["through"]["localhost"]["exact"] is False


def test_the_corpus_gets_through_an_allow_list_that_others_use(found):
    for name in LISTS:
        assert sum(reached[name] for reached in found["through"].values()) > 10


def test_a_redirect_and_a_proxy_lead_the_control_astray(found):
    asked = found["behaviours"]
    assert set(asked) == set(BEHAVIOURS)
    assert any("evil.test" in each for each in asked["redirect to a host that is not declared"])
    assert any("127.0.0.1" in each for each in asked["redirect to an address"])


def test_the_document_says_what_got_through(found):
    text = DOCUMENT.read_text("utf-8")
    rows = [line for line in text.splitlines() if line.count("|") == 6 and "connected" in line]
    assert rows == [*Table(found).rows(), Table(found).counts()]
    assert found["version"] in text
