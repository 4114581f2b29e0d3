"""How Python runs in a process that serves pages: its threads, and its garbage collector."""

import gc
import sys

SWITCH_S = 0.0005
"""Interval after which the interpreter lets another thread have its turn, in seconds."""
COLLECTED_AFTER = (2_000, 5, 20)
"""Objects until the garbage collector looks at new ones; at each fifth time at those that it has
seen once, and at each twentieth of these at all. Each look keeps everybody waiting."""


def switch_often() -> None:
    """Let a thread that computes keep the one that serves pages waiting for so long, not 5 ms."""
    sys.setswitchinterval(SWITCH_S)


def set_aside_what_stays() -> None:
    """Spare the garbage collector everything that there is when the server has started.

    Modules, templates and tables live as long as the process. Looking through all of them takes
    100 ms, during which nobody is served, and with many visitors that comes every second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)
