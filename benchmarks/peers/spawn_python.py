"""fork and exec of ``python -c pass``. Figure: median seconds from the call to its end."""

import statistics
import subprocess
import sys
import time

from benchmarks.peers.protocol import serve


def measure(count: int) -> float:
    """Run it ``count`` times, one after the other."""
    taken = []
    for _ in range(count):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


if __name__ == "__main__":
    serve(measure)
