"""A log collector that takes newline-delimited JSON, as the ingest endpoints of many products do.

401 without a token, 403 with another one, 415 for another type, 400 for what is not one JSON object
a line, 429 with ``Retry-After`` when it is asked too often, 503 while it is down, else 202.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.examples.services.answers import Budget, as_json
from tests.stand_in import Answer, Request


@dataclass
class Collector:
    token: str
    lines: list[dict[str, Any]] = field(default_factory=list)
    budget: Budget = field(default_factory=Budget)
    down: bool = False

    def __call__(self, request: Request) -> Answer:
        if self.down:
            return as_json(503, {"error": "not now"}, Retry_After="30")
        authorization = request.headers.get("authorization")
        if authorization is None:
            return as_json(401, {"error": "a token is needed"})
        if authorization != f"Bearer {self.token}":
            return as_json(403, {"error": "this token may not write here"})
        if self.budget.spent():
            return as_json(429, {"error": "too many requests"}, Retry_After="30")
        return self._take(request)

    def _take(self, request: Request) -> Answer:
        if (request.method, request.path) != ("POST", "/ingest"):
            return as_json(404, {"error": "no such endpoint"})
        if request.headers.get("content-type") != "application/x-ndjson":
            return as_json(415, {"error": "send application/x-ndjson"})
        try:
            lines = [json.loads(line) for line in request.body.decode().splitlines()]
        except ValueError:
            return as_json(400, {"error": "a line is not JSON"})
        if not request.body.endswith(b"\n") or not all(isinstance(x, dict) for x in lines):
            return as_json(400, {"error": "send one object a line"})
        self.lines += lines
        return as_json(202, {"taken": len(lines)})
