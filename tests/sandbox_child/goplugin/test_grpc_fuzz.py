"""Random bytes and broken conversations over gRPC: an error of its own, or nothing."""

import base64
import json

import hpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox_child.goplugin.errors import GoPluginError
from sandbox_child.goplugin.grpc_host import GrpcHost
from sandbox_child.goplugin.happenings import HostCalled
from sandbox_child.goplugin.host_methods import METHODS, BadRequest
from sandbox_child.goplugin.manifest import read_registration
from sandbox_child.grpc.connection import Caps
from sandbox_child.grpc.errors import GrpcError
from sandbox_child.grpc.messages import MessageReader, encode_message
from sandbox_child.grpc.status import Code, Status, read_status, status_headers
from sandbox_child.grpc.toll import MAX_FRAME, Rates, Toll
from sandbox_child.protos import goatkit_pb2 as pb
from tests.supervisor.native.http2_peer import PREFACE, frame, message

ENDS = (GrpcError, GoPluginError)
STREAMS = st.sampled_from([0, 1, 2, 3, 5, 7, 9, 2**31 - 1])
NAMES = [":status", ":path", ":method", "content-type", "grpc-status", "grpc-message", "te", "x"]
VALUES = st.sampled_from(
    ["200", "0", "POST", "application/grpc", "/goatkit.plugin.v1.GKHost/Log", "trailers", "", "é"]
)
HEADER_LISTS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=7)
BODIES = st.one_of(
    st.binary(max_size=60),
    st.builds(message, st.binary(max_size=40)),
    HEADER_LISTS.map(lambda headers: hpack.Encoder().encode(headers)),
)
FRAMES = st.lists(
    st.builds(frame, st.integers(0, 12), st.integers(0, 255), STREAMS, BODIES), max_size=20
).map(b"".join)
ROUND = settings(max_examples=300, deadline=None)


def feed(link, data, cut):
    """Feed a host in pieces, and answer what the plugin calls."""
    host = GrpcHost(Caps(), "/h")
    host.output()
    if link:
        host.open_link(link)
    called = []
    try:
        for at in range(0, len(data), cut):
            called += host.feed(data[at : at + cut], link)
            host.output(link)
        for each in called:
            if isinstance(each, HostCalled):
                host.answer(each, b"null")
        host.output(link)
    except ENDS:
        return


@ROUND
@given(st.binary(max_size=400), st.integers(1, 60), st.sampled_from([0, 4]))
def test_any_bytes(data, cut, link):
    feed(link, data, cut)


@ROUND
@given(FRAMES, st.integers(1, 400), st.sampled_from([0, 4]))
def test_any_frames(frames, cut, link):
    start = PREFACE + frame(4, 0, 0) if link else frame(4, 0, 0)
    feed(link, start + frames, cut)


@ROUND
@given(st.lists(st.binary(max_size=80), max_size=6), st.integers(1, 50))
def test_messages_come_out_as_they_went_in_however_they_are_cut(messages, cut):
    data = b"".join(map(encode_message, messages))
    reader = MessageReader(80)
    found = []
    for at in range(0, len(data), cut):
        found += reader.feed(data[at : at + cut])
    assert found == messages
    assert not reader.is_inside


@ROUND
@given(st.integers(0, 16), st.text(max_size=200))
def test_a_status_is_read_as_it_was_written(code, text):
    text = text.encode("utf-8", "replace").decode()
    headers = status_headers(Status(code, text))
    assert all(31 < byte < 127 for _, value in headers for byte in value)
    assert read_status(dict(headers)) == Status(code, text)


@ROUND
@given(st.dictionaries(st.sampled_from([b"grpc-status", b"grpc-message"]), st.binary(max_size=20)))
def test_a_status_of_any_bytes_is_one_or_an_error(headers):
    try:
        status = read_status(headers)
    except GrpcError:
        return
    assert status is None or 0 <= status.code <= 16


@ROUND
@given(st.binary(max_size=300))
def test_a_registration_of_any_bytes_is_json_or_an_error(data):
    try:
        assert isinstance(json.loads(read_registration(data)), dict)
    except GoPluginError:
        return


@ROUND
@given(st.sampled_from(sorted(METHODS)), st.binary(max_size=200))
def test_a_request_of_any_bytes_is_json_or_an_error(method, data):
    try:
        _, arguments = METHODS[method].read(data)
    except BadRequest:
        return
    assert method == "Call" or isinstance(json.loads(arguments), dict)


@ROUND
@given(st.text(max_size=20), st.binary(max_size=200))
def test_bytes_arrive_in_the_hosts_json_and_return(key, value):
    request = pb.CacheSetRequest(key=key, value=value).SerializeToString()
    _, arguments = METHODS["CacheSet"].read(request)
    asked = json.loads(arguments)
    assert base64.b64decode(asked["value"]) == value
    answer = METHODS["CacheGet"].answer(
        json.dumps({"value": asked["value"], "found": True}).encode()
    )
    assert answer.value == value


@pytest.mark.parametrize("cut", [1, 7, 9, 1000])
def test_the_toll_is_the_same_however_the_bytes_are_cut(cut):
    now = [0.0]
    frames = frame(6, 0, 0, bytes(8)) * 50 + frame(0, 0, 1, b"x" * 90) * 50
    toll = Toll(Rates(most=50 * 32, per_s=10), clock=lambda: now[0])
    for at in range(0, len(frames), cut):
        toll.feed(frames[at : at + cut])
    with pytest.raises(GrpcError, match="more than calls need"):
        toll.feed(frame(6, 0, 0, bytes(8)))
    now[0] += 100
    toll.feed(frame(6, 0, 0, bytes(8)))


def test_a_frame_too_long_is_refused_by_its_head_alone():
    with pytest.raises(GrpcError, match="a frame of 16,385 bytes"):
        Toll(Rates()).feed(frame(0, 0, 1, length=MAX_FRAME + 1))


def test_a_reset_says_what_kind_of_end_it_was():
    assert str(Status(Code.CANCELLED)) == "CANCELLED"
    assert str(Status(16)) == "status 16"
