"""Turns a new fork into a plugin's child: load, lock down, start, serve.

The module's compiled code is mapped before the lockdown, which takes the right to open anything.
Guest code, including a start section, first runs behind it.
"""

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

import wasmtime

from sandbox_child.abi.goatkit.plugin import GoatkitPlugin
from sandbox_child.abi.instance import GuestBudget, Instance
from sandbox_child.abi.ohd.plugin import OhdPlugin
from sandbox_child.lockdown import process
from sandbox_child.lockdown.errors import LockdownError
from sandbox_child.lockdown.order import LockdownPlan, lock_down
from sandbox_child.lockdown.policy import PIPE_OUT
from sandbox_child.plans import Surroundings, plugin_plan
from sandbox_child.runtime.watchdog import Watchdog
from sandbox_child.serve import Channel, Link, Server
from sandbox_child.wire.frames import encode_frame
from sandbox_child.wire.messages import MAX_TEXT, READY, RESULT, START_SEQ, OutcomeCode
from sandbox_child.wire.spec import PluginSpec, ProbeSpec

_CONTRACTS: dict[str, type[Instance]] = {"ohd": OhdPlugin, "goatkit": GoatkitPlugin}


def run_plugin(
    spec: PluginSpec, engine: wasmtime.Engine, module_fd: int, around: Surroundings
) -> None:
    """Never returns. Descriptors 0 and 1 are the pipes already."""
    process.set_name("ohd-plugin")
    module = load_compiled(engine, module_fd)
    channel = Channel(max(spec.max_payload_bytes, spec.max_answer_bytes))
    link = Link(channel, spec)
    watchdog = Watchdog(engine, spec.deadline_s, channel.flush)
    budget = GuestBudget(
        spec.memory_bytes, spec.table_elements, spec.max_request_bytes, spec.max_log_line_bytes
    )
    plugin = _CONTRACTS[spec.entry.contract](engine, module, spec.entry, budget, link)
    controls = lock_down_or_refuse(plugin_plan(spec.cage, around), watchdog.start)
    server = Server(plugin, channel, link, watchdog, spec.memory_bytes)
    server.start(controls)
    server.run()


def run_probe(spec: ProbeSpec, around: Surroundings) -> NoReturn:
    """Lock down as a plugin's child does, say which controls are active, and end."""
    controls = lock_down_or_refuse(plugin_plan(spec.cage, around), lambda: None)
    os.write(PIPE_OUT, encode_frame((READY, 0), controls))
    os._exit(0)


def lock_down_or_refuse(plan: LockdownPlan, start_threads: Callable[[], None]) -> bytes:
    """Take every step of the lockdown; return the report for READY, or end the process."""
    try:
        controls = lock_down(plan, start_threads)
    except LockdownError as exc:
        refuse(str(exc))
    return json.dumps([asdict(control) for control in controls]).encode()


def load_compiled(engine: wasmtime.Engine, module_fd: int) -> wasmtime.Module:
    """Map the compiled module; where the file system forbids to map code, copy it."""
    path = f"/proc/self/fd/{module_fd}"
    try:
        return wasmtime.Module.deserialize_file(engine, path)
    except wasmtime.WasmtimeError:
        return wasmtime.Module.deserialize(engine, Path(path).read_bytes())


def refuse(reason: str) -> NoReturn:
    """Tell the supervisor that the child could not start, and end. Fails closed."""
    text = reason.encode("utf-8", "replace")[:MAX_TEXT]
    os.write(PIPE_OUT, encode_frame((RESULT, START_SEQ, OutcomeCode.TRAP, 0, 0), text))
    os._exit(1)
