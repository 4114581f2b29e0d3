"""The line by which a program says where it listens. Pure.

::

    1|1|unix|/folder/plugin123|netrpc|
    | |   |         |            |    certificate, base64: none, as none is asked for
    | |   |         |            protocol: netrpc
    | |   |         address: a socket right inside the private folder
    | |   network: unix
    | version of the plugin's contract
    version of go-plugin's protocol

Further fields may follow. Source: client.go of go-plugin.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath

from supervisor.native.errors import StartFailed

MAX_LINE = 4096
"""Bytes, with the line's end."""
CORE_VERSION, CONTRACT_VERSION = "1", "1"
COOKIE = ("GOATKIT_PLUGIN", "goatkit-v1")
_FIELDS_LEAST, _FIELDS_MOST = 4, 7
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Handshake:
    """Where a program listens."""

    socket_name: str
    """Name of the socket in the private folder."""
    protocol: str


def environment(folder: str) -> dict[str, str]:
    """Return all that a program finds in its environment."""
    return {
        COOKIE[0]: COOKIE[1],
        "PLUGIN_PROTOCOL_VERSIONS": CONTRACT_VERSION,
        "PLUGIN_MIN_PORT": "0",
        "PLUGIN_MAX_PORT": "0",
        "PLUGIN_UNIX_SOCKET_DIR": folder,
        "TMPDIR": folder,
    }


def read_handshake(line: bytes, folder: str) -> Handshake:
    """Return what the line says, its end cut off; raises StartFailed for any other line."""
    try:
        text = line.decode("ascii")
    except UnicodeDecodeError:
        raise StartFailed("the program's first line is not ASCII; expected go-plugin's") from None
    fields = text.strip().split("|")
    if not _FIELDS_LEAST <= len(fields) <= _FIELDS_MOST:
        raise StartFailed(
            f"the program's first line is {_show(text)}; expected go-plugin's, such as "
            "'1|1|unix|PATH|netrpc|'"
        )
    core, contract, network, address = fields[:4]
    protocol, certificate = (*fields[4:6], "", "")[:2]
    _expect("version of go-plugin's protocol", core, CORE_VERSION)
    _expect("version of the plugin's contract", contract, CONTRACT_VERSION)
    _expect("network", network, "unix")
    # Before the field was there, there was one protocol only.
    _expect("protocol", protocol or "netrpc", "netrpc")
    if certificate:
        raise StartFailed("the program asks for TLS; expected none, as its socket is its own")
    return Handshake(_name(address, folder), "netrpc")


def _name(address: str, folder: str) -> str:
    path = PurePosixPath(address)
    if str(path.parent) != folder or path.name in {"", ".", ".."} or "\0" in address:
        raise StartFailed(
            f"the program listens on {_show(address)}; expected a socket in PLUGIN_UNIX_SOCKET_DIR"
        )
    return path.name


def _expect(what: str, found: str, expected: str) -> None:
    if found != expected:
        raise StartFailed(f"the {what} is {_show(found)}; expected {expected!r}")


def _show(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
