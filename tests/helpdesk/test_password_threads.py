"""Hashing gives way: it runs in threads of lower priority, and leaves other threads alone."""

import os
import threading

import trio

from helpdesk import passwords
from helpdesk.passwords import Passwords


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


async def test_hashing_runs_at_lower_priority_and_nothing_else_does() -> None:
    own = niceness()
    found = await Passwords()._in_thread(niceness)
    assert found == min(19, own + passwords.NICE)
    assert niceness() == own
    assert await trio.to_thread.run_sync(niceness) == own
