"""Waits for changes of the files in a folder, as the operating system tells of them.

Knows nothing of what the files are for.
"""

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import trio
from watchfiles import watch

_TOGETHER_MS = 400
"""Changes within this time of the first belong together: an editor saves in steps."""
_LOOK_UP_MS = 500
"""How often the thread that waits looks whether it is still wanted."""


@asynccontextmanager
async def open_changes(
    folder: Path, is_wanted: Callable[[Path], bool]
) -> AsyncIterator[trio.MemoryReceiveChannel[None]]:
    """Give a channel that says each time that files for which ``is_wanted`` have changed.

    What changes while nobody receives is told once, at the next time.
    """
    send, receive = trio.open_memory_channel[None](1)
    stop = threading.Event()

    def told() -> None:
        try:
            send.send_nowait(None)
        except trio.WouldBlock:
            return

    def wait() -> None:
        changes = watch(
            folder,
            watch_filter=lambda _change, path: is_wanted(Path(path)),
            stop_event=stop,
            debounce=_TOGETHER_MS,
            rust_timeout=_LOOK_UP_MS,
            raise_interrupt=False,
        )
        for _found in changes:
            trio.from_thread.run_sync(told)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(_until_cancelled, stop)
        nursery.start_soon(trio.to_thread.run_sync, wait)
        yield receive
        nursery.cancel_scope.cancel()


async def _until_cancelled(stop: threading.Event) -> None:
    # The thread cannot be cancelled, so it is asked to end.
    try:
        await trio.sleep_forever()
    finally:
        stop.set()
