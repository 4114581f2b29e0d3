"""The network, and other programs' doors on this machine."""

import ctypes
import struct
from collections.abc import Callable

from sandbox_child.attacks.attack import Attack, out, plain
from sandbox_child.attacks.kernel import call, io_vector, room
from sandbox_child.attacks.scene import Scene
from sandbox_child.lockdown.status import Control

_MAKING: tuple[Control, ...] = ("seccomp", "rlimits")
_POWER: tuple[Control, ...] = (*_MAKING, "own_user", "capabilities", "user_namespace")
_STREAM, _DATAGRAM, _RAW, _SEQUENCED = 1, 2, 3, 5
_UNIX, _INET, _INET6, _NETLINK, _PACKET, _VSOCK = 1, 2, 10, 16, 17, 40
_FAST_OPEN = 0x20000000
_MPTCP, _SCTP, _ICMP = 262, 132, 1
_LOOPBACK = bytes((127, 0, 0, 1))


def _address(port: int) -> bytes:
    return struct.pack("<H", _INET) + struct.pack(">H", port) + _LOOPBACK + bytes(8)


def _local(name: bytes) -> bytes:
    return struct.pack("<H", _UNIX) + name


def _connect(protocol: int) -> Callable[[Scene], int]:
    def attempt(scene: Scene) -> int:
        descriptor = call("socket", _INET, _STREAM, protocol)
        return call("connect", descriptor, _address(scene.number("tcp_port")), 16)

    return attempt


def _connect_fast(scene: Scene) -> int:
    """Connect by sending, which once went past Landlock."""
    descriptor = call("socket", _INET, _STREAM, 0)
    target = _address(scene.number("tcp_port"))
    return call("sendto", descriptor, b"x", 1, _FAST_OPEN, target, 16)


def _send_datagram(scene: Scene) -> int:
    descriptor = call("socket", _INET, _DATAGRAM, 0)
    return call("sendto", descriptor, b"x", 1, 0, _address(scene.number("udp_port")), 16)


def _listen(_scene: Scene) -> int:
    descriptor = call("socket", _INET, _STREAM, 0)
    call("bind", descriptor, _address(0), 16)
    return call("listen", descriptor, 1)


def _connect_local(scene: Scene) -> int:
    descriptor = call("socket", _UNIX, _STREAM, 0)
    name = _local(scene.path("unix_socket"))
    return call("connect", descriptor, name, len(name))


def _connect_abstract(scene: Scene) -> int:
    descriptor = call("socket", _UNIX, _STREAM, 0)
    name = _local(b"\0" + scene.path("abstract_name")[:-1])
    return call("connect", descriptor, name, len(name))


def _send_abstract(scene: Scene) -> int:
    descriptor = call("socket", _UNIX, _DATAGRAM, 0)
    name = _local(b"\0" + scene.path("abstract_datagrams")[:-1])
    return call("sendto", descriptor, b"x", 1, 0, name, len(name))


def _ask_routes(_scene: Scene) -> int:
    """List the machine's network interfaces (RTM_GETLINK with NLM_F_DUMP)."""
    descriptor = call("socket", _NETLINK, _RAW, 0)
    request = struct.pack("<IHHII16s", 32, 18, 0x301, 1, 0, bytes(16))
    call("sendto", descriptor, request, len(request), 0, None, 0)
    return call("recvfrom", descriptor, room(), 4096, 0, None, None)


def _use_inherited(scene: Scene) -> int:
    return call("sendto", scene.descriptors[1], b"x", 1, 0, None, 0)


def _write_inherited(scene: Scene) -> int:
    return call("write", scene.descriptors[1], b"x", 1)


def _message_on_inherited(scene: Scene) -> int:
    text = room(8)
    vector = ctypes.create_string_buffer(io_vector(ctypes.addressof(text), 1), 16)
    message = struct.pack("<QQQQQQQ", 0, 0, ctypes.addressof(vector), 1, 0, 0, 0)
    return call("sendmsg", scene.descriptors[1], message, 0)


def _socket(what: str, family: int, kind: int, protocol: int = 0, *, power: bool = False) -> Attack:
    by = _POWER if power else _MAKING
    return plain(f"sockets.make_{what}", "socket", family, kind, protocol, by=by)


ATTACKS = (
    _socket("tcp", _INET, _STREAM),
    _socket("tcp6", _INET6, _STREAM),
    _socket("udp", _INET, _DATAGRAM),
    _socket("udp6", _INET6, _DATAGRAM),
    _socket("mptcp", _INET, _STREAM, _MPTCP),
    _socket("sctp", _INET, _SEQUENCED, _SCTP),
    _socket("raw", _INET, _RAW, _ICMP, power=True),
    _socket("raw6", _INET6, _RAW, 58, power=True),
    _socket("packet", _PACKET, _RAW, power=True),
    _socket("unix_stream", _UNIX, _STREAM),
    _socket("unix_datagram", _UNIX, _DATAGRAM),
    _socket("unix_sequenced", _UNIX, _SEQUENCED),
    _socket("netlink_routes", _NETLINK, _RAW),
    _socket("netlink_filter", _NETLINK, _RAW, 12),
    _socket("netlink_events", _NETLINK, _RAW, 15),
    _socket("netlink_audit", _NETLINK, _RAW, 9),
    _socket("vsock", _VSOCK, _STREAM),
    _socket("xdp", 44, _RAW, power=True),
    _socket("crypto", 38, _SEQUENCED),
    _socket("bluetooth", 31, _RAW),
    _socket("can", 29, _RAW),
    plain("sockets.make_pair", "socketpair", _UNIX, _STREAM, 0, out(8), by=_MAKING),
    Attack(
        "sockets.connect_tcp",
        _connect(0),
        frozenset((*_MAKING, "landlock", "network_namespace")),
    ),
    Attack(
        "sockets.connect_mptcp",
        _connect(_MPTCP),
        frozenset((*_MAKING, "network_namespace")),
    ),
    Attack(
        "sockets.connect_by_sending", _connect_fast, frozenset((*_MAKING, "network_namespace"))
    ),
    Attack("sockets.send_udp", _send_datagram, frozenset((*_MAKING, "network_namespace"))),
    Attack("sockets.listen_tcp", _listen, frozenset((*_MAKING, "landlock"))),
    Attack("sockets.connect_unix", _connect_local, frozenset(_MAKING)),
    Attack(
        "sockets.connect_abstract",
        _connect_abstract,
        frozenset((*_MAKING, "landlock", "network_namespace")),
    ),
    Attack(
        "sockets.send_abstract",
        _send_abstract,
        frozenset((*_MAKING, "landlock", "network_namespace")),
    ),
    Attack("sockets.list_interfaces", _ask_routes, frozenset(_MAKING)),
    Attack("sockets.make_on_a_second_thread", lambda _s: call("socket", _INET, _STREAM, 0),
           frozenset(_MAKING), on_thread=True),
    Attack("sockets.send_on_inherited", _use_inherited, frozenset(("seccomp", "descriptors"))),
    Attack("sockets.write_to_inherited", _write_inherited, frozenset(("seccomp", "descriptors"))),
    Attack("sockets.message_on_inherited", _message_on_inherited,
           frozenset(("seccomp", "descriptors"))),
)  # fmt: skip
