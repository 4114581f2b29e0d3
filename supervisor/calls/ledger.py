"""Entry of the egress log for one request: its target and outcome, and no secret.

Pure. A URL comes from a guest and may be anything: what is shown of it is redacted first, then cut
at the query, then bounded. Must not know where entries are kept.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from supervisor.calls.caller import Caller
from supervisor.egress import (
    EgressAnswer,
    EgressProgress,
    EgressRequest,
    MalformedRequest,
    parse_request,
)
from supervisor.process.conversation import AnyWork
from supervisor.secrets.redaction import Redactor
from supervisor.states import EgressOutcome
from supervisor.text import clean_text

MAX_PATH = 300
"""Characters of a path that are kept."""
MAX_HOST, MAX_METHOD, MAX_DETAIL = 253, 20, 500

_URL = re.compile(r"[^:/?#]{1,20}://([^/?#]*)([^#]*)", re.DOTALL)
_PLAIN_HOST = re.compile(r"([A-Za-z0-9._-]{1,253})(?::\d{1,5})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class EgressAccount:
    """One request for the ledger."""

    plugin_id: str
    outcome: EgressOutcome
    host: str
    address: str | None
    method: str
    path: str
    status: int
    sent_bytes: int
    received_bytes: int
    duration_s: float
    detail: str | None


class Ledger(Protocol):
    """Recipient of entries."""

    def note(self, account: EgressAccount, work: AnyWork) -> None:
        """Keep an account of what was asked for during ``work``; never waits."""
        ...


class NoLedger:
    """Keeps nothing: for one event that is tried without a server."""

    def note(self, account: EgressAccount, work: AnyWork) -> None:
        """Keep nothing."""


@dataclass(slots=True)
class Attempt:
    """One request while it is made; ``progress`` is None as long as nothing was asked for."""

    progress: EgressProgress | None = None
    answer: EgressAnswer | None = None

    @property
    def outcome(self) -> EgressOutcome:
        """What became of it; a request that was cut off has failed."""
        if self.progress is None or (self.answer is not None and self.answer.refused):
            return EgressOutcome.REFUSED
        if self.answer is None or self.answer.detail is not None:
            return EgressOutcome.FAILED
        return EgressOutcome.ANSWERED


def shown_request(request: EgressRequest) -> dict[str, Any]:
    """Return what is kept of a request, before secrets are redacted."""
    return {"method": request.method, "url": request.url, "body": request.body}


def asked_by(raw: bytes) -> dict[str, Any]:
    """Return the same of a guest's JSON that was refused unread; empty where it is no request."""
    try:
        return shown_request(parse_request(raw))
    except MalformedRequest:
        return {}


def account(
    plugin_id: str,
    asked: Mapping[str, Any],
    attempt: Attempt,
    redact: Redactor,
    *,
    status: int,
    duration_s: float,
    detail: str | None,
) -> EgressAccount:
    """Return the account of a request; ``asked`` has what is known of its method and URL."""
    host, path = shown_target(str(asked.get("url", "")), redact)
    progress = attempt.progress or EgressProgress()
    return EgressAccount(
        plugin_id=plugin_id,
        outcome=attempt.outcome,
        host=host,
        address=progress.address,
        method=clean_text(redact(str(asked.get("method", "")).upper()), MAX_METHOD, lines=False),
        path=path,
        status=status,
        sent_bytes=progress.sent_bytes,
        received_bytes=progress.received_bytes,
        duration_s=duration_s,
        detail=clean_text(redact(detail), MAX_DETAIL, lines=False) if detail else None,
    )


def letter_account(
    caller: Caller, domain: str, outcome: EgressOutcome, detail: str
) -> EgressAccount:
    """Return the account of a letter; of its receiver it names the domain alone."""
    host = caller.redact(domain).lower() if _PLAIN_HOST.fullmatch(domain) else ""
    shown = clean_text(caller.redact(detail), MAX_DETAIL, lines=False) if detail else None
    return EgressAccount(
        plugin_id=caller.plugin_id,
        outcome=outcome,
        host=host[:MAX_HOST],
        address=None,
        method="MAIL",
        path="",
        status=0,
        sent_bytes=0,
        received_bytes=0,
        duration_s=0.0,
        detail=shown,
    )


def shown_target(url: str, redact: Redactor) -> tuple[str, str]:
    """Return host and path of a URL as the ledger shows them; a host that is not plain is empty.

    Redacted before the query is cut off: a secret may stand across the border.
    """
    match = _URL.match(url)
    if match is None:
        return "", ""
    plain = _PLAIN_HOST.fullmatch(match[1])
    host = redact(plain[1]).lower() if plain else ""
    path = redact(match[2]).partition("?")[0] or "/"
    return host[:MAX_HOST], clean_text(path, MAX_PATH, lines=False)
