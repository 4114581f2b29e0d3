"""Egress: the only way out to the network, for requests that plugins ask for.

::

    client      one request from guest to answer, in order; raises nothing
    exchange    one HTTP exchange over one connection; foreign errors are translated here
    stream      one connection to checked addresses; owns the socket
    messages    policy, request and answer
    resolver    a name to addresses, every one of them checked
    addresses   which addresses may be reached
    body        the answer's body within its limit
    headers     which headers go out
    url         the strict reading of a URL: the check of a host name begins here
    errors      every reason for a refusal or a failure

Knows nothing of plugins but their declared hosts, nothing of tickets, frames or deadlines.
"""

from supervisor.egress.client import EgressClient, EgressProgress
from supervisor.egress.errors import EgressError, MalformedRequest, RouteInvalid
from supervisor.egress.messages import (
    EgressAnswer,
    EgressPolicy,
    EgressRequest,
    Sizes,
    parse_request,
)

__all__ = [
    "EgressAnswer",
    "EgressClient",
    "EgressError",
    "EgressPolicy",
    "EgressProgress",
    "EgressRequest",
    "MalformedRequest",
    "RouteInvalid",
    "Sizes",
    "parse_request",
]
