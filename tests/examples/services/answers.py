"""What the stand-ins of real services share: JSON answers, and a budget of requests."""

import json
from dataclasses import dataclass
from typing import Any

from tests.stand_in import Answer

JSON = {"Content-Type": "application/json"}


def as_json(status: int, body: Any, **headers: str) -> Answer:
    """Return an answer with a JSON body; ``Retry_After`` names the header ``Retry-After``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(body).encode(), {**JSON, **named})


@dataclass
class Budget:
    """How many requests are taken before the service says 429; None is no limit."""

    left: int | None = None

    def spent(self) -> bool:
        """Count one request; say whether it is one too many."""
        if self.left is None:
            return False
        self.left -= 1
        return self.left < 0
