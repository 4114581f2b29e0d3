"""Limits of a native plugin. Sizes in bytes, times in seconds."""

from dataclasses import dataclass

from supervisor.limits import MIB


@dataclass(frozen=True, slots=True)
class NativeLimits:
    """Of the program; what its calls may carry is in ``supervisor.limits``, as for every plugin."""

    memory_bytes: int = 256 * MIB
    program_bytes: int = 128 * MIB
    """Size of the program itself, which is kept in memory while it runs."""
    threads: int = 64
    open_files: int = 256
    file_bytes: int = 0
    """Of a file in its private folder; 0: it may make sockets there, and empty files."""
    start_s: float = 30.0
    """Until it has said where it listens."""
    shutdown_s: float = 5.0
    """For it to finish by itself; SIGKILL follows."""
    lines: int = 200
    """Lines that it prints outside of go-plugin's own streams; the rest is dropped."""
    line_bytes: int = 4096
