"""``ohd plugin call`` of a native program: its cage and its bridge are those of a server.

Host functions are refused with the reason, and recorded: which of them a native plugin may use is
decided when one can be installed.
"""

import time
from pathlib import Path

import psutil
import trio

from supervisor.config import SupervisorConfig
from supervisor.native.errors import CallFailed
from supervisor.native.plugin import HostRefused, NativePlugin, NativeSettings, open_native
from supervisor.native.sealed import seal_program
from supervisor.process.cage import Cage
from supervisor.process.cgroups import open_groups
from supervisor.process.forkserver import open_fork_server
from supervisor.registration import parse_registration
from supervisor.text import clean_text
from supervisor.views import CallResult, HostCallRecord

MAGIC = b"\x7fELF"
_DEADLINE_S = 30.0
_LONGEST = 2_000
_NOT_SERVED = "host functions are not available to native plugins yet"


async def call_native(
    settings: SupervisorConfig, file: Path, function: str, arguments: bytes
) -> tuple[CallResult, list[str]]:
    """Start the program, call ``function`` once, and end it; return the result and its log lines.

    Raises NativeError where the program is no plugin, RegistrationRefused where it registers as
    none.
    """
    lines: list[str] = []
    calls: list[HostCallRecord] = []

    async def refuse(name: str, _arguments: bytes) -> bytes:
        await trio.lowlevel.checkpoint()
        calls.append(HostCallRecord(clean_text(name, 128), {}, 0, 0.0, _NOT_SERVED))
        raise HostRefused(_NOT_SERVED)

    async with (
        open_groups(wanted=settings.cage.control_groups) as groups,
        open_fork_server(groups=groups) as fork_server,
    ):
        native = NativeSettings(
            fork_server, Cage(settings.cage), refuse, lines.append, settings.limits
        )
        sealed = await trio.to_thread.run_sync(seal_program, file)
        with sealed:
            async with open_native(native, sealed) as plugin:
                result = await _call(plugin, function, arguments, calls)
                await plugin.shutdown()
    return result, lines


async def _call(
    plugin: NativePlugin, function: str, arguments: bytes, calls: list[HostCallRecord]
) -> CallResult:
    manifest = parse_registration(await plugin.register())
    began = time.monotonic()
    try:
        await plugin.init({"plugin_name": manifest.name})
        began = time.monotonic()
        value = await plugin.call(function, arguments, _DEADLINE_S)
    except CallFailed as failed:
        spent = time.monotonic() - began
        return CallResult(failed.outcome, b"", str(failed), spent, 0, tuple(calls))
    spent = time.monotonic() - began
    program, _ = plugin.pids
    memory = psutil.Process(program).memory_info().rss
    return CallResult("ok", value, None, spent, memory, tuple(calls))
