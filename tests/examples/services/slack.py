"""Slack's incoming webhooks: plain text answers, each refusal with its own word.

400 ``invalid_payload`` or ``no_text``, 403 ``invalid_token`` for a webhook that was revoked, 404
``no_service`` for one that never was and ``channel_not_found``, 410 ``channel_is_archived``, 429
``rate_limited`` with ``Retry-After`` (one message a second), else 200 ``ok``.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.examples.services.answers import Budget
from tests.stand_in import Answer, Request

TEXT = {"Content-Type": "text/html"}


@dataclass
class Slack:
    path: str
    """Of the webhook: ``/services/T.../B.../...``."""
    channels: set[str] = field(default_factory=lambda: {"#support"})
    archived: set[str] = field(default_factory=set)
    revoked: bool = False
    budget: Budget = field(default_factory=Budget)
    messages: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, request: Request) -> Answer:
        if self.budget.spent():
            return Answer(429, b"rate_limited", {**TEXT, "Retry-After": "1"})
        status, word = self._answer(request)
        return Answer(status, word.encode(), TEXT)

    def _answer(self, request: Request) -> tuple[int, str]:
        if request.path != self.path:
            return 404, "no_service"
        if self.revoked:
            return 403, "invalid_token"
        try:
            message = request.json()
        except ValueError:
            return 400, "invalid_payload"
        if not message.get("text"):
            return 400, "no_text"
        channel = message.get("channel", "#support")
        if channel in self.archived:
            return 410, "channel_is_archived"
        if channel not in self.channels:
            return 404, "channel_not_found"
        self.messages.append(message)
        return 200, "ok"
