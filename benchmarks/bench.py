"""What every row's program is given: the workshop, how often to measure, and shared figures."""

import json
from dataclasses import dataclass
from pathlib import Path

from benchmarks.workshop import Workshop
from supervisor.delivery.recorder import config_member

_EXAMPLE = Path(__file__).with_name("event.json")
_CONFIG = {
    "webhook_url": "https://hooks.slack.com/services/T0000/B0000/benchmark",
    "channel": "#support",
}


@dataclass(frozen=True, slots=True)
class Bench:
    """Given to each row."""

    workshop: Workshop
    rounds: int
    scale: float
    """Multiplies the amount of work in a round; 1 takes a second or so."""

    def count(self, number: int) -> int:
        """Return how many pieces of work a round has, where a full one has ``number``."""
        return max(1, round(number * self.scale))


def payload(event: str = "ticket.created") -> bytes:
    """Return the document's example event as a plugin gets it: some 700 bytes of JSON."""
    example = _EXAMPLE.read_bytes()
    body = json.dumps(json.loads(example) | {"event": event}, separators=(",", ":")).encode()
    return body[:-1] + config_member(_CONFIG) + b"}"
