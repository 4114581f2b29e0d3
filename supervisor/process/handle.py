"""A child of this process, known by its pidfd, which is never another process.

Whoever holds a handle owns the child: :meth:`ChildHandle.reap` must be awaited in the end, which
is what makes zombies impossible. See pidfd_open(2) and waitid(2).
"""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import trio

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """End of a process."""

    code: int | None
    signal: int | None

    def __str__(self) -> str:
        if self.signal is None:
            return f"exit status {self.code}"
        try:
            return f"killed by {signal.Signals(self.signal).name}"
        except ValueError:
            return f"killed by signal {self.signal}"


class ChildHandle:
    """Owns a pidfd."""

    folders: tuple[Path, ...] = ()
    """Of its control group, one a hierarchy; empty where it has none of its own."""

    def __init__(self, pid: int, pidfd: int) -> None:
        self.pid = pid
        self._pidfd = pidfd
        self._status: ExitStatus | None = None
        self._then: list[Callable[[], None]] = []

    def when_ended(self, then: Callable[[], None]) -> None:
        """Call ``then`` once the process has been reaped, at once where it has been."""
        if self.ended:
            then()
        else:
            self._then.append(then)

    @property
    def ended(self) -> bool:
        """Whether the process has ended and been reaped."""
        return self._status is not None

    def has_ended(self) -> bool:
        """Look whether the process has ended by now, and reap it if so."""
        self._collect()
        return self.ended

    def kill(self) -> None:
        """Send SIGKILL; nothing happens when the process is gone."""
        if self._status is None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def cpu_s(self) -> float:
        """Return the seconds of processor that it has used; 0.0 once it is gone (proc_pid_stat)."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_bytes()
        except OSError:
            return 0.0
        user, system = stat.rpartition(b")")[2].split()[11:13]
        return (int(user) + int(system)) / _TICKS_PER_S

    async def wait(self) -> ExitStatus:
        """Return once the process has ended, and reap it."""
        while self._status is None:
            await trio.lowlevel.wait_readable(self._pidfd)
            self._collect()
        return self._status

    async def reap(self) -> ExitStatus:
        """Kill the process and wait for its end; cannot be cancelled, takes milliseconds."""
        self.kill()
        with trio.CancelScope(shield=True):
            await self.wait()
        assert self._status is not None  # noqa: S101 - wait() has set it
        return self._status

    def _collect(self) -> None:
        if self._status is not None:
            return
        result = os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED | os.WNOHANG)
        if result is None:
            return
        exited = result.si_code == os.CLD_EXITED
        self._status = ExitStatus(
            code=result.si_status if exited else None,
            signal=None if exited else result.si_status,
        )
        os.close(self._pidfd)
        for then in self._then:
            then()
