"""Requests and responses of the egress client.

Pure data and the reading of the guest's JSON; knows nothing of sockets.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
from msgspec import Meta

from supervisor.egress.addresses import IPNetwork
from supervisor.egress.errors import MalformedRequest

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sizes:
    """Maximum sizes of one request and its response, in bytes; see ``EgressPolicy``."""

    request: int
    response: int


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """The operator's rules in addition to a plugin's declared hosts."""

    ports: frozenset[int] = frozenset({80, 443})
    private: Mapping[str, tuple[IPNetwork, ...]] = field(default_factory=dict)
    """Host (lower case) to the networks that it may lead to although they are not public."""
    denied: tuple[IPNetwork, ...] = ()
    """Networks that no plugin may reach, whatever else is allowed."""
    routes: Mapping[str, str] = field(default_factory=dict)
    """Host (lower case) to the base URL of a stand-in that gets its requests."""
    live: bool = True
    """Whether hosts without a stand-in are reached at all."""
    max_request_bytes: int = MIB
    """Method, URL, headers and body together, as the guest gave them."""
    max_response_bytes: int = 10 * MIB
    """The body, both as sent and after decompression."""

    @property
    def sizes(self) -> Sizes:
        """Limits for a request without sizes of its own."""
        return Sizes(self.max_request_bytes, self.max_response_bytes)


class EgressRequest(msgspec.Struct, frozen=True):
    """One request as the guest wants it; nothing in it has been checked but its types."""

    url: str
    method: str = "GET"
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    body: str | None = None

    def size(self) -> int:
        """Return how many bytes the request's parts have in UTF-8."""
        texts = [self.method, self.url, self.body or ""]
        for name, value in self.headers.items():
            texts += (name, value)
        return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)


@dataclass(frozen=True, slots=True)
class EgressAnswer:
    """Result of a request; ``status`` and ``body`` are for the guest, the rest for the log."""

    status: int
    """The server's status; 403 for a host not declared; 0 where there is no answer."""
    body: bytes
    """Decompressed body; empty with status 0 and for a refusal."""
    detail: str | None
    """One sentence that says why there is no answer; None where there is one."""
    address: str | None
    """The address that was connected."""
    sent_bytes: int
    """Bytes written to the server, inside TLS."""
    received_bytes: int
    """Bytes read from the server, inside TLS."""
    duration_s: float
    dropped_headers: tuple[str, ...] = ()
    """Names that the guest gave and that are never sent on; see ``headers``."""
    refused: bool = False
    """Whether it was a rule that kept the request from being made."""


class GuestRequest(msgspec.Struct):
    """Payload of ``ohd_http_request``. Go writes null for a nil map and "" for an unset method."""

    url: Annotated[str, Meta(description="https or http, a host of the manifest, percent-encoded")]
    method: Annotated[str | None, Meta(description="GET where it is absent")] = None
    headers: dict[str, str] | None = None
    body: Annotated[str | None, Meta(description="a text, sent as UTF-8")] = None


_DECODER = msgspec.json.Decoder(GuestRequest)


def parse_request(raw: bytes) -> EgressRequest:
    """Read the guest's JSON; raise ``MalformedRequest`` where it is not a request.

    Unknown keys are ignored. An absent, null or empty method is GET; methods are case-blind.
    """
    try:
        guest = _DECODER.decode(raw)
    except msgspec.ValidationError as error:
        # Names types and the path to the member, never a value.
        raise MalformedRequest(str(error)) from None
    except UnicodeDecodeError:
        raise MalformedRequest("it is not UTF-8") from None
    except (msgspec.DecodeError, RecursionError):
        raise MalformedRequest("it is not JSON") from None
    return EgressRequest(
        url=guest.url,
        method=guest.method or "GET",
        headers=guest.headers or {},
        body=guest.body,
    )
