"""The same twelve behaviours in every language, by the helper that ``ohd plugin init`` ships."""

from collections.abc import Callable

import pytest

from supervisor.states import Outcome
from tests.languages.trials import ANSWER, TEXT, TICKET, TOKEN, Tried

LARGE_LINE = "900003 end"


def test_an_event_comes_in_with_all_its_parts(program: Tried) -> None:
    assert program.trials["event"].outcome is Outcome.OK, program.trials["event"].error
    ((level, line),) = program.lines("event")
    assert level == "info"
    assert line.split("|") == [
        *("ticket.status_changed", "2026-04-05T14:00:01Z", TICKET["id"], "event", "New"),
        *("Critical", "Hardware", "", "", "Žofie", "z@example.com", "Second line"),
        *(TICKET["created_at"], TICKET["url"], "staff", "high", "New"),
    ]


def test_log_lines_have_their_level_and_their_text(program: Tried) -> None:
    expected = TEXT.replace("\t", " ")
    lines = [(level, line.replace("\t", " ")) for level, line in program.lines("log")]
    assert lines == [(level, expected) for level in ("debug", "info", "warn", "error")]


def test_a_request_brings_status_and_body(program: Tried) -> None:
    assert program.lines("http_200") == [("info", f"200 {ANSWER}")]
    (request,) = program.requests
    assert (request.method, request.path, request.body.decode()) == ("POST", "/things", TEXT)


def test_a_host_that_is_not_declared_is_a_403(program: Tried) -> None:
    assert program.lines("http_403")[-1] == ("info", "403 ")


def test_a_host_that_does_not_answer_is_a_0(program: Tried) -> None:
    assert program.lines("http_0")[-1] == ("info", "0 ")


@pytest.mark.parametrize(("behaviour", "internal"), [("reply", False), ("note", True)])
def test_replies_and_notes_keep_their_text(
    program: Tried, behaviour: str, *, internal: bool
) -> None:
    (call,) = program.trials[behaviour].calls
    assert call.name == "ohd_add_reply"
    assert call.request == {"ticket_id": TICKET["id"], "body": TEXT, "is_internal": internal}
    assert program.lines(behaviour) == [("info", "done")]


def test_a_custom_field_is_set(program: Tried) -> None:
    (call,) = program.trials["field"].calls
    assert call.name == "ohd_set_custom_field"
    assert call.request == {"ticket_id": TICKET["id"], "key": "seen", "value": TEXT}
    assert program.lines("field") == [("info", "done")]


def test_a_panel_has_the_ticket_in_its_address(program: Tried) -> None:
    assert program.trials["panel"].outcome is Outcome.OK, program.trials["panel"].error
    assert program.trials["panel"].url == f"https://panel.example.com/{TICKET['id']}"


def test_the_configuration_keeps_its_types_and_its_secret(program: Tried) -> None:
    assert program.lines("config") == [("info", 'Grüß "Gott" -7 true')]
    (request,) = program.requests
    assert request.headers["authorization"] == f"Bearer {TOKEN}"


def test_a_trap_is_told_from_success(program: Tried) -> None:
    trial = program.trials["trap"]
    assert trial.outcome is Outcome.TRAP
    assert trial.error
    said = [trial.error, *(line for _, line in program.lines("trap"))]
    # C's abort has nothing to say, and its name in the backtrace is all there is.
    assert any("told to" in text or "abort" in text for text in said)


def test_a_loop_ends_at_the_deadline(program: Tried) -> None:
    assert program.trials["loop"].outcome is Outcome.TIMEOUT


def test_memory_ends_at_the_limit(program: Tried) -> None:
    trial = program.trials["memory"]
    assert trial.outcome is Outcome.OUT_OF_MEMORY, (trial.outcome, trial.error)


def test_a_large_payload_comes_in_whole(program: Tried) -> None:
    assert program.trials["large"].outcome is Outcome.OK, program.trials["large"].error
    assert program.lines("large") == [("info", LARGE_LINE)]


def test_json_of_another_style_says_the_same(program: Tried) -> None:
    """Indented, its letters escaped, and with members that nobody knows."""
    assert program.trials["odd"].outcome is Outcome.OK, program.trials["odd"].error
    assert program.lines("odd") == program.lines("log")


def test_what_is_not_json_is_an_error_in_the_log(program: Tried) -> None:
    assert program.trials["broken"].outcome is Outcome.OK
    assert [level for level, _ in program.lines("broken")] == ["error"]


def test_tinygo_does_what_go_does(tried: Callable[[str], Tried]) -> None:
    ours, theirs = tried("tinygo"), tried("go")
    for behaviour, trial in theirs.trials.items():
        assert ours.trials[behaviour].outcome is trial.outcome, behaviour
        assert ours.trials[behaviour].url == trial.url
        if trial.outcome is Outcome.OK and behaviour != "broken":
            assert ours.lines(behaviour) == theirs.lines(behaviour)
