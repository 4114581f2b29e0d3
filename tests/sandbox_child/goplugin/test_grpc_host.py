"""The host's side of gRPC against the gRPC project's own library, over a real socket.

Its HTTP/2 is another than Go's and Rust's; the plugin has no broker, so that it calls no host.
"""

import json
import os
import socket
from concurrent import futures

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from sandbox_child.goplugin.errors import GoPluginError
from sandbox_child.goplugin.grpc_host import GrpcHost
from sandbox_child.goplugin.happenings import Dispensed, HostCalled, Left, Printed, Returned
from sandbox_child.grpc.connection import Caps
from sandbox_child.grpc.errors import GrpcError
from sandbox_child.protos import goatkit_pb2 as pb
from sandbox_child.protos import goplugin_pb2 as plugin_pb
from tests.setup.protos import GENERATED, generate

NAME = "goatkit.plugin.v1.GKPlugin"


def unary(function, request, answer):
    return grpc.unary_unary_rpc_method_handler(
        function,
        request_deserializer=request.FromString,
        response_serializer=answer.SerializeToString,
    )


def call(request, context):
    if request.function == "fail":
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not today: ä")
    if request.function == "deadline":
        left = context.time_remaining()
        return pb.CallResponse(result_json=json.dumps(4 < left < 6).encode())
    if request.function == "large":
        return pb.CallResponse(result_json=b'"' + b"x" * 3_000_000 + b'"')
    return pb.CallResponse(result_json=request.args_json, error="" if request.args_json else "none")


def stdio(_request, _context):
    yield plugin_pb.StdioData(channel=plugin_pb.StdioData.STDOUT, data=b"out\n")
    yield plugin_pb.StdioData(channel=plugin_pb.StdioData.STDERR, data=b"err\n")


@pytest.fixture
def plugin(tmp_path):
    """Return ``plugin(**services)``: a connected host, and what makes it go on."""
    made = []

    def start(*, serving=True, with_health=True, compression=None):
        server = grpc.server(futures.ThreadPoolExecutor(4), compression=compression)
        methods = {
            "GKRegister": unary(
                lambda *_: pb.GKRegistration(name="p", permissions=["db:read"]),
                pb.Empty,
                pb.GKRegistration,
            ),
            "Init": unary(lambda *_: pb.Empty(), pb.InitRequest, pb.Empty),
            "Call": unary(call, pb.CallRequest, pb.CallResponse),
            "Shutdown": unary(lambda *_: pb.Empty(), pb.Empty, pb.Empty),
        }
        output = grpc.unary_stream_rpc_method_handler(
            stdio,
            request_deserializer=plugin_pb.Empty.FromString,
            response_serializer=plugin_pb.StdioData.SerializeToString,
        )
        server.add_generic_rpc_handlers(
            [
                grpc.method_handlers_generic_handler(NAME, methods),
                grpc.method_handlers_generic_handler("plugin.GRPCStdio", {"StreamStdio": output}),
            ]
        )
        if with_health:
            checks = health.HealthServicer()
            status = health_pb2.HealthCheckResponse
            checks.set("plugin", status.SERVING if serving else status.NOT_SERVING)
            health_pb2_grpc.add_HealthServicer_to_server(checks, server)
        path = os.fspath(tmp_path / "p")
        server.add_insecure_port(f"unix:{path}")
        server.start()
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(30)
        connection.connect(path)
        made.extend([connection.close, lambda: server.stop(None).wait()])
        return Line(connection)

    yield start
    for undo in made:
        undo()


class Line:
    def __init__(self, connection):
        self.connection = connection
        self.host = GrpcHost(Caps(), "/nowhere")
        self.printed = []
        self.happened = []

    def until(self, kind):
        """Return the next happening of a kind."""
        while True:
            while self.happened:
                happened = self.happened.pop(0)
                if isinstance(happened, kind):
                    return happened
            self.connection.sendall(self.host.output())
            data = self.connection.recv(65536)
            assert data, "the server closed the connection"
            for happened in self.host.feed(data):
                kept = self.printed if isinstance(happened, Printed) else self.happened
                kept.append(happened)


def test_the_gRPC_projects_own_server_is_called(plugin):  # noqa: N802
    line = plugin()
    line.until(Dispensed)
    host = line.host
    number = host.register()
    manifest = line.until(Returned)
    assert manifest.call == number
    assert json.loads(manifest.result) == {"name": "p", "permissions": ["db:read"]}
    host.init({"a": "b"})
    assert line.until(Returned).error == ""
    host.call("x", b'{"a":1}', 5000)
    assert line.until(Returned).result == b'{"a":1}'
    host.call("x", b"", 5000)
    assert line.until(Returned).error == "none"
    host.call("fail", b"", 5000)
    assert line.until(Returned).error == "not today: ä"
    host.call("deadline", b"", 5000)
    assert line.until(Returned).result == b"true"
    host.call("large", b"", 5000)
    assert len(line.until(Returned).result) == 3_000_002
    host.call("x", b'"' + b"y" * 900_000 + b'"', 5000)
    assert len(line.until(Returned).result) == 900_002
    host.ping()
    assert line.until(Returned).error == ""
    while len(line.printed) < 2:
        host.ping()
        line.until(Returned)
    assert {(said.data, said.is_error) for said in line.printed} == {
        (b"out\n", False),
        (b"err\n", True),
    }


def test_a_program_without_a_controller_is_not_waited_for(plugin):
    line = plugin()
    line.until(Dispensed)
    line.host.shutdown()
    assert line.until(Returned).error == ""
    line.host.quit()
    line.until(Left)


def test_a_program_without_a_health_service_is_taken_and_pinged_by_a_call(plugin):
    line = plugin(with_health=False)
    line.until(Dispensed)
    line.host.ping()
    assert line.until(Returned).error == "none"


def test_a_program_that_is_not_serving_is_not_taken(plugin):
    line = plugin(serving=False)
    with pytest.raises(GoPluginError, match="NOT_SERVING"):
        line.until(Dispensed)


def test_a_server_that_compresses_all_the_same_is_refused_with_the_reason(plugin):
    line = plugin(compression=grpc.Compression.Gzip)
    line.until(Dispensed)
    line.host.call("large", b"", 5000)
    with pytest.raises(GrpcError, match="a compressed message; nobody offered to read any"):
        line.until(Returned)


def test_the_projects_own_client_calls_the_host(tmp_path):
    """The other direction: one real client of another HTTP/2, all that it may ask for."""
    host = GrpcHost(Caps(), "/nowhere")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.fspath(tmp_path / "host"))
    listener.listen()
    listener.settimeout(30)
    channel = grpc.insecure_channel(f"unix:{tmp_path}/host")
    ask = channel.unary_unary(
        "/goatkit.plugin.v1.GKHost/ConfigGet",
        request_serializer=pb.ConfigGetRequest.SerializeToString,
        response_deserializer=pb.ConfigGetResponse.FromString,
    )
    waiting = [ask.future(pb.ConfigGetRequest(key=f"k{n}"), timeout=30) for n in range(50)]
    connection, _ = listener.accept()
    connection.settimeout(30)
    host.open_link(4)
    called = []
    with channel, connection, listener:
        while len(called) < 50:
            for happened in host.feed(connection.recv(65536), 4):
                assert isinstance(happened, HostCalled)
                called.append(happened)
                key = json.loads(happened.arguments)["key"]
                if key == "k7":
                    host.answer(happened, b"", "no")
                else:
                    host.answer(happened, json.dumps({"value": key}).encode())
            connection.sendall(host.output(4))
        answers = []
        while not all(one.done() for one in waiting):
            connection.settimeout(0.2)
            try:
                host.feed(connection.recv(65536), 4)
            except TimeoutError:
                continue
            connection.sendall(host.output(4))
        answers = [one.result() for one in waiting]
    assert [one.value for one in answers if not one.error] == [f"k{n}" for n in range(50) if n != 7]
    assert answers[7].error == "no"


def test_the_messages_are_those_of_the_documents(tmp_path):
    for made in generate(tmp_path):
        kept = (GENERATED / made.name).read_text()
        assert made.read_text() == kept, "run `python -m tests.setup.protos`"
