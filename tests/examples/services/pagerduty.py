"""PagerDuty's two APIs, as far as the example uses them.

Events API v2 (``events.pagerduty.com``): 202 for an event that it takes, 400 with a list of errors
for one that it does not, 429 when a service gets too many. A trigger with the key of an open
incident makes no other one. REST API (``api.pagerduty.com``): 401 without a good token, 403 where
the token may not, 429 with its own form of an error. Incidents appear some time behind the event
that opens them.
"""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.examples.services.answers import Budget, as_json
from tests.stand_in import Answer, Request

SEVERITIES = ("critical", "warning", "error", "info")
THROTTLED = "Requests for this service are arriving too quickly.  Please retry later."


@dataclass
class Incident:
    number: int
    key: str
    summary: str
    status: str = "triggered"


@dataclass
class PagerDuty:
    routing_key: str
    token: str
    incidents: list[Incident] = field(default_factory=list)
    events: Budget = field(default_factory=Budget)
    reads: Budget = field(default_factory=Budget)
    forbidden: bool = False
    """Whether the token is good but may not read incidents."""
    lag: int = 0
    """How many searches do not find an incident yet."""
    down: bool = False

    def open_incidents(self) -> list[Incident]:
        return [incident for incident in self.incidents if incident.status != "resolved"]

    def events_api(self, request: Request) -> Answer:
        if self.down:
            return Answer(502, b"<html>bad gateway</html>", {"Content-Type": "text/html"})
        if (request.method, request.path) != ("POST", "/v2/enqueue"):
            return as_json(404, {"message": "Not Found"})
        if self.events.spent():
            return as_json(429, {"status": "throttle exceeded", "message": THROTTLED})
        try:
            event = request.json()
        except ValueError:
            return _invalid("Invalid JSON was supplied")
        errors = self._errors(event)
        if errors:
            return _invalid(*errors)
        self._take(event)
        return as_json(
            202,
            {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]},
        )

    def _errors(self, event: dict[str, Any]) -> list[str]:
        errors = []
        if len(str(event.get("routing_key", ""))) != 32:
            errors.append("Length of 'routing_key' is incorrect (should be 32 characters)")
        elif event["routing_key"] != self.routing_key:
            errors.append("Invalid routing key")
        if event.get("event_action") not in ("trigger", "acknowledge", "resolve"):
            errors.append("'event_action' is invalid")
        if len(event.get("dedup_key", "")) > 255:
            errors.append("'dedup_key' is too long")
        if event.get("event_action") == "trigger":
            payload = event.get("payload", {})
            errors += [f"'{key}' is missing" for key in ("summary", "source") if key not in payload]
            if len(payload.get("summary", "")) > 1024:
                errors.append("'summary' is too long")
            if payload.get("severity") not in SEVERITIES:
                errors.append("'severity' is invalid")
        return errors

    def _take(self, event: dict[str, Any]) -> None:
        same = [each for each in self.open_incidents() if each.key == event["dedup_key"]]
        if event["event_action"] == "resolve":
            for incident in same:
                incident.status = "resolved"
        elif event["event_action"] == "trigger" and not same:
            number = 12345 + len(self.incidents)
            summary = event["payload"]["summary"]
            self.incidents.append(Incident(number, event["dedup_key"], summary))

    def rest_api(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Token token={self.token}":
            return _error(401, "Unauthorized", 2006)
        if self.forbidden:
            return _error(403, "Forbidden", 2010)
        if self.reads.spent():
            return _error(429, "Rate Limit Exceeded", 2020)
        address = urlsplit(request.path)
        if (request.method, address.path) != ("GET", "/incidents"):
            return _error(404, "Not Found", 2100)
        asked = parse_qs(address.query)
        self.lag -= 1
        found = [
            each
            for each in self.incidents
            if self.lag < 0
            and each.key in asked["incident_key"]
            and each.status in asked.get("statuses[]", [each.status])
        ]
        return as_json(200, {"incidents": [_shown(each) for each in found], "more": False})


def _shown(incident: Incident) -> dict[str, Any]:
    return {
        "id": f"PT{incident.number}",
        "type": "incident",
        "incident_number": incident.number,
        "incident_key": incident.key,
        "title": incident.summary,
        "status": incident.status,
        "html_url": f"https://acme.pagerduty.com/incidents/PT{incident.number}",
    }


def _invalid(*errors: str) -> Answer:
    body = {"status": "invalid event", "message": "Event object is invalid", "errors": errors}
    return as_json(400, body)


def _error(status: int, message: str, code: int) -> Answer:
    return Answer(
        status,
        json.dumps({"error": {"message": message, "code": code}}).encode(),
        {"Content-Type": "application/json", "ratelimit-remaining": "0", "ratelimit-reset": "30"},
    )
