"""Every reason for which a plugin's request is not made, or not answered.

::

    EgressError
    ├── RouteInvalid              an operator's stand-in for a host is not a usable base URL
    ├── MalformedRequest          the guest's JSON is not a request
    └── RequestFailed             the guest sees status 0, unless said otherwise
        ├── HostNotDeclared       no declared host can be read from the URL: the guest sees 403
        ├── TargetRefused         a declared host, but the rest of the URL is refused
        ├── MethodRefused         not one of the verbs that plugins may use
        ├── HeaderRefused         a header that could be read as something else on the way
        ├── RequestTooLarge       more bytes than a request may have
        ├── LiveRequestsOff       the operator allows stand-ins alone
        ├── NameNotResolved       no usable address behind the name
        ├── AddressRefused        an address that plugins may not reach
        ├── ConnectionFailed      no address accepted the connection, or it was cut
        ├── TlsFailed             the server could not prove that it is the declared host
        ├── ResponseTooLarge      more bytes than an answer may have
        └── ResponseMalformed     the server broke HTTP, or its body cannot be read

Sentences name the host and the port alone: a path, a query, a header or a body may hold a secret,
and so may the text of a foreign error that quotes what a server sent.
"""

from supervisor.errors import SupervisorError


class EgressError(SupervisorError):
    """Base of everything that goes wrong with an outbound request."""


class RouteInvalid(EgressError):
    """A stand-in for a host is not an ``http`` or ``https`` base URL."""

    def __init__(self, host: str, why: str) -> None:
        self.host = host
        super().__init__(
            f"the stand-in for {host} is not usable: {why}; "
            "expected a base URL such as http://127.0.0.1:8099"
        )


class MalformedRequest(EgressError):
    """What the guest handed over is not a request in the ABI's JSON."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"the request is not readable: {why}; expected a JSON object with url, "
            "and optionally method, headers and body"
        )


class RequestFailed(EgressError):
    """No answer can be handed to the guest; ``status`` is what it sees instead."""

    status = 0
    refused = False
    """Whether a rule of ours forbids the request, rather than the network failing it."""


class HostNotDeclared(RequestFailed):
    """No host of ``allowed_hosts`` can be read from the URL; nothing was connected."""

    refused = True
    status = 403

    def __init__(self, host: str | None) -> None:
        self.host = host
        found = (
            "no plain host name can be read from the URL"
            if host is None
            else f"the host {host} is not declared"
        )
        super().__init__(f"{found}: list the exact host name in permissions.http.allowed_hosts")


class TargetRefused(RequestFailed):
    """The host is declared, but the rest of the URL is not one that is sent."""

    refused = True

    def __init__(self, host: str, why: str) -> None:
        self.host = host
        super().__init__(f"the URL for {host} is refused: {why}")


class MethodRefused(RequestFailed):
    """A verb that plugins may not use."""

    refused = True

    def __init__(self, allowed: tuple[str, ...]) -> None:
        super().__init__(f"the method is refused: use one of {', '.join(allowed)}")


class HeaderRefused(RequestFailed):
    """A header name or value that could be read as something else on the way."""

    refused = True

    def __init__(self, why: str) -> None:
        super().__init__(f"a request header is refused: {why}")


class RequestTooLarge(RequestFailed):
    """The request has more bytes than allowed."""

    refused = True

    def __init__(self, size: int, limit: int) -> None:
        self.size = size
        self.limit = limit
        super().__init__(f"the request has {size} bytes; the limit is {limit}")


class LiveRequestsOff(RequestFailed):
    """Only hosts with a stand-in are reached in this run."""

    refused = True

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(
            f"{host} has no stand-in and live requests are off: map the host or allow live requests"
        )


class NameNotResolved(RequestFailed):
    """The name has no usable address."""

    def __init__(self, host: str, why: str) -> None:
        self.host = host
        super().__init__(f"the name {host} could not be resolved: {why}")


class AddressRefused(RequestFailed):
    """The name leads to an address that plugins may not reach; none of its addresses is used."""

    refused = True

    def __init__(self, address: str, kind: str, host: str | None = None) -> None:
        self.address = address
        self.kind = kind
        self.host = host
        led = f"{host} leads to {address}" if host else f"the address {address}"
        super().__init__(
            f"{led}, which is refused ({kind}): an operator can allow a network for a host "
            "in config.toml"
        )


class ConnectionFailed(RequestFailed):
    """No connection, or one that was cut before the answer was whole."""

    def __init__(self, host: str, port: int, why: str) -> None:
        self.host = host
        self.port = port
        super().__init__(f"the connection to {host} port {port} failed: {why}")


class TlsFailed(RequestFailed):
    """The server did not prove that it is the host, or speaks no TLS that is accepted."""

    def __init__(self, host: str, port: int, why: str) -> None:
        self.host = host
        self.port = port
        super().__init__(f"TLS with {host} port {port} failed: {why}")


class ResponseTooLarge(RequestFailed):
    """The answer has more bytes than allowed; it was cut off and discarded."""

    def __init__(self, host: str, what: str, limit: int) -> None:
        self.host = host
        self.limit = limit
        super().__init__(f"the response from {host} is too large: {what} exceeds {limit} bytes")


class ResponseMalformed(RequestFailed):
    """The server's response is not HTTP with a readable body."""

    def __init__(self, host: str, why: str) -> None:
        self.host = host
        super().__init__(f"the response from {host} is not usable: {why}")
