"""Documents of plugins that wait for their frames: whose they are, and how many."""

import pytest

from webapp import plugin_documents
from webapp.plugin_documents import KEPT_S, MOST_EACH, PluginDocuments


async def test_a_document_is_its_visitor_s_for_a_while(autojump_clock: object) -> None:
    import trio

    documents = PluginDocuments()
    token = documents.keep("<p>", "somebody")
    assert documents.find(token, "somebody") == "<p>"
    assert documents.find(token, "") is None
    assert documents.find(token, "another") is None
    await trio.sleep(KEPT_S + 1)
    assert documents.find(token, "somebody") is None
    documents.keep("<p>", "another")
    assert len(documents) == 1


async def test_one_visitor_takes_nobody_else_s_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin_documents, "MOST_EACH_CHARACTERS", 100)
    documents = PluginDocuments()
    mine = documents.keep("mine", "me")
    tokens = [documents.keep("x" * 60, "greedy") for _ in range(10)]
    assert documents.find(tokens[-1], "greedy") is not None
    assert sum(documents.find(token, "greedy") is not None for token in tokens) <= 2
    assert documents.find(mine, "me") == "mine"
    small = [documents.keep("", "many") for _ in range(MOST_EACH + 5)]
    assert documents.find(small[0], "many") is None
    assert documents.find(small[-1], "many") == ""


async def test_all_of_them_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin_documents, "MOST_CHARACTERS", 1_000)
    documents = PluginDocuments()
    tokens = [documents.keep("x" * 100, f"person {n}") for n in range(50)]
    assert len(documents) == 10
    assert documents.find(tokens[-1], "person 49") is not None
