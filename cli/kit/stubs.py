"""Outbound requests, answered from a case: checked as in production, connected to nothing.

A request that the sandbox would refuse is refused here in the same words. What is left is matched
with the case's answers by method and URL, each used once and in order.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cli.kit.shape import Stub
from supervisor.egress import EgressAnswer, EgressPolicy, EgressProgress, EgressRequest, Sizes
from supervisor.egress.client import check_request
from supervisor.egress.errors import RequestFailed, ResponseTooLarge


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that a plugin made, and what it was told."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str | None
    status: int


@dataclass(slots=True)
class StubbedEgress:
    """``supervisor.calls.host_calls.Egress`` with answers from a case."""

    answers: Sequence[Stub]
    policy: EgressPolicy
    asked: list[Asked] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    """Method and URL of requests that are allowed and have no answer here."""
    _used: set[int] = field(default_factory=set)

    async def request(
        self,
        request: EgressRequest,
        allowed_hosts: frozenset[str],
        progress: EgressProgress | None = None,
        sizes: Sizes | None = None,
    ) -> EgressAnswer:
        """Answer from the case; raises nothing."""
        del progress
        started = time.monotonic()
        status, body, detail, refused = 0, b"", None, False
        sizes = sizes or self.policy.sizes
        try:
            host = check_request(request, allowed_hosts, self.policy, sizes)
            status, body = self._find(request, host, sizes.response)
        except RequestFailed as failed:
            status, detail, refused = failed.status, str(failed), failed.refused
        except _NoStub as missing:
            detail = str(missing)
        method = request.method.upper()
        self.asked.append(Asked(method, request.url, request.headers, request.body, status))
        spent = time.monotonic() - started
        return EgressAnswer(status, body, detail, None, 0, 0, spent, refused=refused)

    @property
    def unused(self) -> list[str]:
        """Method and URL of the answers that nothing was asked for."""
        left = [stub for index, stub in enumerate(self.answers) if index not in self._used]
        return [f"{stub.method.upper()} {stub.url}" for stub in left]

    def _find(self, request: EgressRequest, host: str, most: int) -> tuple[int, bytes]:
        wanted = (request.method.upper(), request.url)
        for index, stub in enumerate(self.answers):
            if index not in self._used and (stub.method.upper(), stub.url) == wanted:
                self._used.add(index)
                return self._answer(stub, host, most)
        self.unanswered.append(" ".join(wanted))
        raise _NoStub(f"no response in the case matches {' '.join(wanted)}; add one under http")

    def _answer(self, stub: Stub, host: str, most: int) -> tuple[int, bytes]:
        if stub.error:
            raise _NoStub("the case specifies a network error")
        body = as_bytes(stub.body)
        if len(body) > most:
            raise ResponseTooLarge(host, "its body", most)
        return stub.status, body


class _NoStub(Exception):
    """There is no answer, and the plugin sees status 0."""


def as_bytes(body: Any) -> bytes:
    """Return a body as it is sent: a text as it is, anything else as JSON."""
    if body is None:
        return b""
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return text.encode("utf-8")
