"""Turns a new fork into a native plugin's bridge: what it loads, its lockdown, its loop."""

import gc
import importlib
import os
import select
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from sandbox_child.bridge.ends import Ends
from sandbox_child.bridge.loop import Loop
from sandbox_child.bridge.netrpc import netrpc_ends
from sandbox_child.child import lock_down_or_refuse, refuse
from sandbox_child.goplugin.errors import GoPluginError
from sandbox_child.lockdown import process
from sandbox_child.lockdown.policy import PIPE_IN
from sandbox_child.plans import Surroundings, bridge_plan
from sandbox_child.wire.messages import MAX_RESULT
from sandbox_child.wire.spec import BridgeSpec

if TYPE_CHECKING:
    from sandbox_child.goplugin.tls import Identity

_GRPC, _TLS = "sandbox_child.bridge.grpc", "sandbox_child.goplugin.tls"
_ROOM = 64 * 1024
"""What a message has besides the data that it carries."""


def load_protocol(spec: BridgeSpec) -> None:
    """Load what this bridge needs and others do not; done by the fork server, before the fork.

    Only a server with such a plugin pays for it, and only its first start.
    """
    wanted = [_GRPC] * (spec.protocol == "grpc") + [_TLS] * bool(spec.certificate)
    if all(name in _loaded for name in wanted):
        return
    for name in wanted:
        importlib.import_module(name)
        _loaded.add(name)
    gc.collect()
    gc.freeze()


_loaded: set[str] = set()


def run_bridge(spec: BridgeSpec, around: Surroundings) -> NoReturn:
    """Never returns. The descriptors stand where they belong already."""
    process.set_name("ohd-bridge")
    poll = select.poll()
    poll.register(PIPE_IN, select.POLLIN)
    listens = spec.protocol == "grpc"
    try:
        identity = _load_identity(spec)
    except GoPluginError as exc:
        refuse(str(exc))
    controls = lock_down_or_refuse(bridge_plan(spec.cage, around, listens=listens), lambda: None)
    try:
        if identity is not None:
            _trust(identity)
        loop = Loop(spec, _ends(spec), identity, controls)
    except GoPluginError as exc:
        refuse(str(exc))
    loop.run(poll)


def _ends(spec: BridgeSpec) -> Ends:
    largest = max(MAX_RESULT, spec.max_request_bytes) + _ROOM
    if spec.protocol == "netrpc":
        return netrpc_ends(largest)
    from sandbox_child.bridge.grpc import grpc_ends  # noqa: PLC0415

    return grpc_ends(spec, largest)


def _load_identity(spec: BridgeSpec) -> "Identity | None":
    if not spec.certificate:
        return None
    from sandbox_child.goplugin.tls import load_identity  # noqa: PLC0415

    # OpenSSL takes a key from a file alone: one in memory, which goes with this process's lockdown.
    file = os.memfd_create("ohd-identity")
    os.write(file, spec.identity.encode())
    try:
        return load_identity(Path(f"/proc/self/fd/{file}"), spec.certificate)
    finally:
        os.close(file)


def _trust(identity: "Identity") -> None:
    from sandbox_child.goplugin.tls import trust  # noqa: PLC0415

    trust(identity)
