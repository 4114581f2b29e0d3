"""How a peer is asked: a line with a count comes in, a line with a figure goes out.

The figure is in seconds, or in bytes where the peer measures memory. The end of the input ends the
peer. Which figure it is (the mean of ``count`` calls, the median of ``count`` round trips) is the
peer's to say.
"""

import sys
from collections.abc import Callable


def serve(measure: Callable[[int], float]) -> None:
    """Answer until the input ends."""
    for line in sys.stdin:
        print(repr(measure(int(line))), flush=True)
