"""What a plugin prints becomes few and short lines, however it prints them."""

from sandbox_child.goplugin.output import Output
from sandbox_child.wire.messages import LogLevel


def test_lines_are_put_together_from_pieces_of_each_stream():
    output = Output(10, 100)
    output.printed(b"on", is_error=False)
    output.printed(b"bro", is_error=True)
    output.printed(b"e\ntw", is_error=False)
    output.printed(b"ken\n", is_error=True)
    assert output.lines() == [(LogLevel.INFO, b"one"), (LogLevel.WARN, b"broken")]
    assert output.lines() == []


def test_an_object_of_hclog_tells_its_level_and_its_fields():
    output = Output(10, 1000)
    output.printed(
        b'{"@level":"error","@message":"no answer","@timestamp":"x","host":"a"}\n', is_error=True
    )
    assert output.lines() == [(LogLevel.ERROR, b"no answer host=a")]


def test_what_only_looks_like_one_is_shown_as_it_is():
    for text in (b"{", b'{"a":1}', b'{"@message":3}', b"{" * 500):
        output = Output(10, 1000)
        output.printed(text + b"\n", is_error=False)
        assert output.lines() == [(LogLevel.INFO, text)]


def test_long_lines_are_cut_and_lines_beyond_the_budget_are_counted():
    output = Output(3, 10)
    output.printed(b"x" * 1_000_000 + b"\n" + b"\n".join([b"y"] * 10) + b"\n", is_error=False)
    assert output.lines() == [(LogLevel.INFO, b"x" * 10), *[(LogLevel.INFO, b"y")] * 2]
    assert output.end_call() == 8
    output.printed(b"z\n", is_error=False)
    assert output.lines() == [(LogLevel.INFO, b"z")]
    assert output.end_call() == 0
