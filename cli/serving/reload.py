"""Reads config.toml again while the server runs, and takes over what can change meanwhile.

=======================  =========================================================
``[log] level``          at once
``[egress]``             from the next request of a plugin on
``[plugins] native``     at once: native plugins stop, or run again
other ``[plugins]``      from the next installation, upgrade or rollback on
``[limits]``             from a plugin's next process on; what an admin set for one plugin stays.
                         ``wasm_stack_bytes`` when the server is started again
everything else          when the server is started again; the log names what waits for that
=======================  =========================================================

A file that cannot be used changes nothing, and says why in the log.
"""

import dataclasses
from collections.abc import Callable, Iterator

import structlog
import trio

from cli.config import Config
from cli.errors import CannotGoOn
from cli.logs import set_log_level
from supervisor.egress import RouteInvalid
from supervisor.service import Supervisor

log = structlog.get_logger("ohd.reload")

_AT_RUN_TIME = frozenset({"limits", "egress", "fetch", "kept_versions", "signatures", "native"})


class Reloader:
    """Knows the active settings."""

    def __init__(self, config: Config, load: Callable[[], Config], plugins: Supervisor) -> None:
        """``load`` reads the file again, with what the command line gave; blocking."""
        self.config = config
        self._load = load
        self._plugins = plugins

    async def reload(self) -> bool:
        """Take over what can be; return whether the file was usable."""
        try:
            new = await trio.to_thread.run_sync(self._load)
            self._plugins.reconfigure(new.supervisor)
        except (CannotGoOn, RouteInvalid) as exc:
            log.error("config_not_reloaded", error=str(exc))
            return False
        set_log_level(new.log_level)
        waiting = sorted(needs_restart(self.config, new))
        log.info("config_reloaded", needs_restart=waiting)
        taken = {name: getattr(new.supervisor, name) for name in _AT_RUN_TIME}
        stack = self.config.supervisor.limits.wasm_stack_bytes
        taken["limits"] = dataclasses.replace(taken["limits"], wasm_stack_bytes=stack)
        supervisor = dataclasses.replace(self.config.supervisor, **taken)
        self.config = dataclasses.replace(
            self.config, log_level=new.log_level, supervisor=supervisor
        )
        return True


def needs_restart(old: Config, new: Config) -> Iterator[str]:
    """Name the settings that are other than the active ones and cannot be taken over."""
    if old.data != new.data:
        yield "data"
    if old.supervisor.limits.wasm_stack_bytes != new.supervisor.limits.wasm_stack_bytes:
        yield "wasm_stack_bytes"
    for part in ("web", "supervisor"):
        before, after = getattr(old, part), getattr(new, part)
        for field in dataclasses.fields(before):
            name = field.name
            if name in _AT_RUN_TIME or name == "data_directory":
                continue
            if getattr(before, name) != getattr(after, name):
                yield name
