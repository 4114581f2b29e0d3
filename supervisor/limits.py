"""The limits of one plugin, in one place, with their units and defaults (``abi-ohd``).

``config.toml`` sets them for all plugins, an admin some of them for one: see ``overrides``.
"""

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds."""

    deadline_s: float = 5.0
    """For the start, an event, or a panel, host calls included."""
    memory_bytes: int = 64 * MIB
    wasm_stack_bytes: int = 512 * KIB
    """Of the guest's own calls. All children share one engine, made before any of them, so this is
    one for all plugins, and applies from the server's next start on."""
    table_elements: int = 20_000
    module_bytes: int = 32 * MIB
    payload_bytes: int = MIB
    http_request_bytes: int = MIB
    http_response_bytes: int = 10 * MIB
    http_requests: int = 20
    """In one event, with what plugins do because of it."""
    host_calls: int = 200
    """In one event, with what plugins do because of it; HTTP requests included."""
    log_lines: int = 100
    """In one event; the rest is counted."""
    log_line_bytes: int = 8 * KIB
    changes_per_minute: int = 3_000
    """Replies, notes and custom fields; beyond them the plugin is disabled."""
    stored_per_minute_bytes: int = 32 * MIB
    """What the server keeps of the plugin's doing: changes with their events, log lines and records
    of host calls; beyond them the plugin is disabled."""
    compile_cpu_s: int = 60
    compile_wall_s: float = 600.0
    """Of low priority: on a busy machine seconds of processor take ten times as long."""
    compile_memory_bytes: int = 1536 * MIB
    artifact_bytes: int = 256 * MIB

    @property
    def child_data_bytes(self) -> int:
        """Private memory of a child: the guest's, the interpreter's, and room for its messages."""
        largest = max(self.http_response_bytes, self.http_request_bytes, self.payload_bytes, MIB)
        return self.memory_bytes + 4 * largest + 88 * MIB

    @property
    def child_address_bytes(self) -> int:
        """Addresses of a child: wasmtime reserves 4 GiB of them for a linear memory."""
        return 6 * 1024 * MIB


_LEAST_STACK, _MOST_STACK = 64 * KIB, 2 * MIB
"""Wasmtime makes no engine with more; a process's own stack has 8 MiB."""

DEFAULT_LIMITS = Limits()


def stack_problem(stack_bytes: int) -> str | None:
    """Return why no engine could be made with such a stack, None where one can."""
    if _LEAST_STACK <= stack_bytes <= _MOST_STACK:
        return None
    return f"wasm_stack_bytes is {stack_bytes}; expected {_LEAST_STACK} to {_MOST_STACK}"
