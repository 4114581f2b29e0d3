"""Two bare Python processes and two pipes, no frames: the least that a round trip can cost here.

Figure: median seconds of a round trip. ``pipe_ping_pong BYTES PAUSE``: how much goes there (a byte
comes back), and how many seconds nothing happens before each.
"""

import os
import statistics
import sys
import time

from benchmarks.peers.protocol import serve


def main(size: int, pause: float) -> None:
    """Fork the other end, then serve figures."""
    there_out, there_in = os.pipe()
    back_out, back_in = os.pipe()
    if os.fork() == 0:
        os.close(there_in)
        while os.read(there_out, 1 << 16):
            os.write(back_in, b"x")
        os._exit(0)
    payload = bytes(size)

    def measure(count: int) -> float:
        taken = []
        for _ in range(count):
            if pause:
                time.sleep(pause)
            started = time.perf_counter()
            os.write(there_in, payload)
            os.read(back_out, 1)
            taken.append(time.perf_counter() - started)
        return statistics.median(taken)

    serve(measure)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
