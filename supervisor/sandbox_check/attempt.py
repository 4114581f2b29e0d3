"""One child of the check, from its making to its end."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
import trio

from sandbox_child.wire.errors import WireError
from sandbox_child.wire.frames import FrameDecoder
from sandbox_child.wire.messages import READY, RESULT, check_head
from sandbox_child.wire.spec import AttackSpec
from supervisor.errors import SupervisorError
from supervisor.process.forkserver import ForkServer
from supervisor.process.handle import ChildHandle, ExitStatus
from supervisor.process.pipes import open_piped
from supervisor.views import ControlView

_PATIENCE_S = 10.0
_MAX_BLOB = 1 << 20
_EXPECTED = frozenset({READY, RESULT})


class CheckFailed(SupervisorError):
    """The check itself could not be run; says nothing of the sandbox."""


@dataclass(frozen=True, slots=True)
class Ending:
    """End of a child of the check."""

    controls: tuple[ControlView, ...]
    said: Any
    """Report of its attack; None if the attack ended it."""
    status: ExitStatus
    patient: bool
    """False where it had to be killed, as it did not end."""


@dataclass
class Attacker:
    """A running child of the check."""

    handle: ChildHandle
    to_child: trio.lowlevel.FdStream
    from_child: trio.lowlevel.FdStream

    def __post_init__(self) -> None:
        """Nothing has been heard yet."""
        self._decoder = FrameDecoder(_MAX_BLOB)
        self._heard: list[tuple[int, Any]] = []

    async def hear(self) -> tuple[int, Any] | None:
        """Return kind and content of the next message, None at the end."""
        while not self._heard:
            data = await self.from_child.receive_some(65536)
            if not data:
                return None
            try:
                for head, blob in self._decoder.feed(data):
                    self._heard.append((check_head(head, _EXPECTED), _content(blob)))
            except WireError:
                return None
        return self._heard.pop(0)


def _content(blob: bytes) -> Any:
    try:
        return msgspec.json.decode(blob)
    except (msgspec.MsgspecError, ValueError):
        raise CheckFailed(blob.decode("utf-8", "replace")) from None


@asynccontextmanager
async def open_attacker(
    fork_server: ForkServer, spec: AttackSpec, descriptors: Sequence[int]
) -> AsyncIterator[Attacker]:
    """Make a child; it is killed and reaped with the block."""
    async with open_piped(fork_server, spec, descriptors) as child:
        yield Attacker(child.handle, child.to_child, child.from_child)


async def attempt(
    fork_server: ForkServer, spec: AttackSpec, descriptors: Sequence[int] = ()
) -> Ending:
    """Run one attack to its end; raises CheckFailed where it did not get as far as the attack."""
    async with open_attacker(fork_server, spec, descriptors) as attacker:
        controls: tuple[ControlView, ...] | None = None
        said: Any = None
        with trio.move_on_after(_PATIENCE_S) as patience:
            while heard := await attacker.hear():
                kind, content = heard
                if kind == READY:
                    controls = msgspec.convert(content, tuple[ControlView, ...])
                else:
                    said = content
            await attacker.handle.wait()
        status = await attacker.handle.reap()
    if controls is None and said is None:
        raise CheckFailed(f"{spec.name}: the child ended before its attack ({status})")
    return Ending(controls or (), said, status, not patience.cancelled_caught)
