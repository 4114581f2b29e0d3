"""Jira Cloud's REST API, version 3, as far as the example uses it.

401 without good credentials, 403 where the account may not link, 404 for an issue that does not
exist or may not be seen, 429 with ``Retry-After``. A remote link whose global id is known is
changed (200), not made a second time (201). Behind single sign-on a stranger gets a page to log in,
with status 200.
"""

import base64
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.examples.services.answers import Budget, as_json
from tests.stand_in import Answer, Request

UNSEEN = "Issue does not exist or you do not have permission to see it."
BROWSE = "/rest/api/3/issue/"


@dataclass
class Issue:
    summary: str
    status: str = "In Progress"
    assignee: str | None = None
    links: dict[str, Any] = field(default_factory=dict)
    """By global id."""


@dataclass
class Jira:
    address: str
    token: str
    issues: dict[str, Issue] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    read_only: bool = False
    single_sign_on: bool = False
    requests: list[str] = field(default_factory=list)
    """Method and path of every request that was let in."""

    @property
    def authorization(self) -> str:
        return "Basic " + base64.b64encode(f"{self.address}:{self.token}".encode()).decode()

    def __call__(self, request: Request) -> Answer:
        if request.headers.get("authorization") != self.authorization:
            if self.single_sign_on:
                return Answer(200, b"<!doctype html><title>Log in", {"Content-Type": "text/html"})
            return _refused(401, "Client must be authenticated to access this resource.")
        if self.budget.spent():
            return as_json(429, {}, Retry_After="30")
        self.requests.append(f"{request.method} {request.path}")
        address = urlsplit(request.path)
        key, _, rest = address.path.removeprefix(BROWSE).partition("/")
        issue = self.issues.get(key)
        if not address.path.startswith(BROWSE) or issue is None:
            return _refused(404, UNSEEN)
        if (request.method, rest) == ("GET", ""):
            return _shown(key, issue, parse_qs(address.query)["fields"][0].split(","))
        if (request.method, rest) == ("POST", "remotelink"):
            return self._link(issue, request)
        return _refused(405, "Method Not Allowed")

    def _link(self, issue: Issue, request: Request) -> Answer:
        if self.read_only:
            return _refused(403, "You do not have permission to link issues.")
        link = request.json()
        if not link.get("object", {}).get("url") or not link["object"].get("title"):
            return _refused(400, "'object' is required.")
        is_new = link["globalId"] not in issue.links
        issue.links[link["globalId"]] = link["object"]
        return as_json(201 if is_new else 200, {"id": 10000 + len(issue.links)})


def _shown(key: str, issue: Issue, fields: list[str]) -> Answer:
    every = {
        "summary": issue.summary,
        "status": {"name": issue.status, "statusCategory": {"key": "indeterminate"}},
        "assignee": issue.assignee and {"displayName": issue.assignee, "active": True},
        "labels": ["never", "asked", "for"],
    }
    wanted = {name: every[name] for name in fields}
    return as_json(200, {"id": "10002", "key": key, "expand": "names", "fields": wanted})


def _refused(status: int, message: str) -> Answer:
    return as_json(status, {"errorMessages": [message], "errors": {}})
