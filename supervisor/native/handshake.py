"""The line by which a program says where it listens. Pure.

::

    1|1|unix|/folder/plugin123|grpc|MIIB...|false
    | |   |         |            |    |       whether connections are multiplexed: not done here
    | |   |         |            |    certificate, base64, where it takes the TLS that is offered
    | |   |         |            protocol: netrpc or grpc
    | |   |         address: a socket right inside the private folder
    | |   network: unix
    | version of the plugin's contract
    version of go-plugin's protocol

The last three may be missing. Source: client.go of go-plugin.
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from supervisor.native.errors import StartFailed

MAX_LINE = 4096
"""Bytes, with the line's end."""
CORE_VERSION, CONTRACT_VERSION = "1", "1"
COOKIE = ("GOATKIT_PLUGIN", "goatkit-v1")
_FIELDS_LEAST, _FIELDS_MOST = 4, 7
_SHOWN = 60
_CERTIFICATE_BYTES = (50, 3500)
"""Of the field. Old programs have something else there, which is no longer than the first."""
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
Protocol = Literal["netrpc", "grpc"]


@dataclass(frozen=True, slots=True)
class Handshake:
    """Where a program listens."""

    socket_name: str
    """Name of the socket in the private folder."""
    protocol: Protocol
    certificate: str = ""
    """The program's, base64; empty where it does without TLS."""


def environment(folder: str, certificate: str = "") -> dict[str, str]:
    """Return all that a program finds in its environment.

    ``certificate``: the host's own, PEM, which asks for mutual TLS.
    """
    offered = {"PLUGIN_CLIENT_CERT": certificate} if certificate else {}
    return {
        **offered,
        COOKIE[0]: COOKIE[1],
        "PLUGIN_PROTOCOL_VERSIONS": CONTRACT_VERSION,
        "PLUGIN_MIN_PORT": "0",
        "PLUGIN_MAX_PORT": "0",
        "PLUGIN_UNIX_SOCKET_DIR": folder,
        "TMPDIR": folder,
    }


def read_handshake(line: bytes, folder: str, *, offered_tls: bool = True) -> Handshake:
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
    protocol, certificate, multiplexed = (*fields[4:7], "", "", "")[:3]
    _expect("version of go-plugin's protocol", core, CORE_VERSION)
    _expect("version of the plugin's contract", contract, CONTRACT_VERSION)
    _expect("network", network, "unix")
    if multiplexed.lower() in {"true", "1"}:
        raise StartFailed("the program multiplexes its connections; nobody asked it to")
    found = _certificate(certificate)
    if found and not offered_tls:
        raise StartFailed("the program asks for TLS, which was not offered to it")
    return Handshake(_name(address, folder), _protocol(protocol), found)


def _protocol(name: str) -> Protocol:
    if name in ("", "netrpc"):
        # Before the field was there, there was one protocol only.
        return "netrpc"
    if name == "grpc":
        return "grpc"
    raise StartFailed(f"the protocol is {_show(name)}; expected 'netrpc' or 'grpc'")


def _certificate(text: str) -> str:
    """Return the field as it is: what is in it is the bridge's to read."""
    least, most = _CERTIFICATE_BYTES
    if len(text) <= least:
        return ""
    if len(text) > most or not _BASE64.fullmatch(text):
        raise StartFailed(f"its certificate is not base64 of at most {most:,} characters")
    return text


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
