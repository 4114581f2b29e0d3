"""The host's side of go-plugin against a peer that a test writes by hand."""

import struct

import pytest

from sandbox_child.gob.decoder import Caps
from sandbox_child.gob.encoder import Encoder
from sandbox_child.gob.types import A_STRING, A_UINT, SOME_BYTES, Struct
from sandbox_child.goplugin.errors import GoPluginError
from sandbox_child.goplugin.host import Dispensed, Host, HostCalled, Returned
from sandbox_child.goplugin.shapes import CALL_ANSWER, REQUEST, RESPONSE
from sandbox_child.yamux.frames import DATA, FIN, HEADER, RST, SYN, WINDOW, encode_header

HOST_ARGS = Struct(
    "HostArgs", (("Method", A_STRING), ("Args", SOME_BYTES), ("CallerPlugin", A_STRING))
)
PLUGIN, THEIRS = 7, 2
SERVICE = struct.pack("<I", 9)
HOST_SERVICE = struct.pack("<I", 1)


def data(stream: int, body: bytes) -> bytes:
    return encode_header(DATA, 0, stream, len(body)) + body


def answer(encoder: Encoder, seq: int, kind, body, error: str = "") -> bytes:
    header = encoder.encode(RESPONSE, {"ServiceMethod": "x", "Seq": seq, "Error": error})
    return header + encoder.encode(kind, body)


def frames(output: bytes) -> list[tuple[int, int, int]]:
    """Return kind, flags and stream of each frame."""
    found, position = [], 0
    while position < len(output):
        _, kind, flags, stream, length = HEADER.unpack_from(output, position)
        position += HEADER.size + (length if kind == DATA else 0)
        found.append((kind, flags, stream))
    return found


@pytest.fixture
def host() -> Host:
    """Return a host whose plugin stands."""
    made = Host(Caps())
    assert made.feed(data(1, answer(Encoder(), 1, A_UINT, 9))) == []
    assert made.feed(data(PLUGIN, SERVICE)) == [Dispensed()]
    made.output()
    return made


def request(encoder: Encoder, seq: int, method: str, body, service: str = "Plugin.Call") -> bytes:
    header = encoder.encode(REQUEST, {"ServiceMethod": service, "Seq": seq})
    return header + encoder.encode(HOST_ARGS, {"Method": method, **body})


def test_the_streams_are_opened_in_the_order_that_plugins_expect():
    host = Host(Caps())
    opened = [stream for kind, flags, stream in frames(host.output()) if flags == SYN]
    assert opened == [1, 3, 5]


def test_a_program_without_the_plugin_says_so():
    refusal = answer(Encoder(), 1, Struct("", ()), {}, "unknown plugin type")
    with pytest.raises(GoPluginError, match="no plugin 'gkplugin': unknown plugin type"):
        Host(Caps()).feed(data(1, refusal))


@pytest.mark.parametrize("body", [(A_STRING, "nine"), (A_UINT, 1 << 32)])
def test_what_is_dispensed_is_a_small_number(body):
    with pytest.raises(GoPluginError, match="no number"):
        Host(Caps()).feed(data(1, answer(Encoder(), 1, *body)))


def test_another_service_than_the_one_asked_for_is_refused():
    host = Host(Caps())
    host.feed(data(1, answer(Encoder(), 1, A_UINT, 9)))
    with pytest.raises(GoPluginError, match="another service"):
        host.feed(data(PLUGIN, struct.pack("<I", 10)))


def test_an_answer_to_no_call_is_refused(host):
    with pytest.raises(GoPluginError, match="answer to no call"):
        host.feed(data(PLUGIN, answer(Encoder(), 77, CALL_ANSWER, {})))


def test_a_call_is_answered_once(host):
    call = host.call("hello", b"{}")
    encoder = Encoder()
    whole = answer(encoder, call, CALL_ANSWER, {"Result": b"1"})
    assert host.feed(data(PLUGIN, whole)) == [Returned(call, "", b"1")]
    with pytest.raises(GoPluginError, match="answer to no call"):
        host.feed(data(PLUGIN, answer(encoder, call, CALL_ANSWER, {})))


def test_a_call_of_the_host_is_told_without_who_the_plugin_says_it_is(host):
    body = {"Args": b"[1]", "CallerPlugin": "somebody else"}
    host.feed(encode_header(WINDOW, SYN, THEIRS, 0))
    (called,) = host.feed(data(THEIRS, HOST_SERVICE + request(Encoder(), 5, "db_query", body)))
    assert isinstance(called, HostCalled)
    assert (called.function, called.arguments) == ("db_query", b"[1]")
    host.output()
    host.answer(called, b"[]")
    assert (DATA, 0, THEIRS) in frames(host.output())


def test_a_stream_to_a_service_that_there_is_not_is_reset(host):
    host.feed(encode_header(WINDOW, SYN, THEIRS, 0))
    host.feed(data(THEIRS, struct.pack("<I", 2)))
    assert (WINDOW, RST, THEIRS) in frames(host.output())


def test_another_method_of_the_host_is_refused_and_the_stream_lives_on(host):
    encoder = Encoder()
    host.feed(encode_header(WINDOW, SYN, THEIRS, 0))
    first = request(encoder, 1, "x", {}, "Plugin.Sudo")
    assert host.feed(data(THEIRS, HOST_SERVICE + first)) == []
    assert len(host.feed(data(THEIRS, request(encoder, 2, "x", {})))) == 1


def test_answers_that_are_not_read_are_bounded(host):
    host.feed(encode_header(WINDOW, SYN, THEIRS, 0))
    (called,) = host.feed(data(THEIRS, HOST_SERVICE + request(Encoder(), 1, "x", {})))
    for _ in range(3):
        host.answer(called, bytes(5 << 20))
    with pytest.raises(GoPluginError, match="does not read the answers"):
        host.answer(called, bytes(5 << 20))


@pytest.mark.parametrize("stream", [1, PLUGIN])
def test_a_closed_stream_of_its_calls_ends_it(host, stream):
    with pytest.raises(GoPluginError, match="closed the stream"):
        host.feed(encode_header(WINDOW, FIN, stream, 0))
