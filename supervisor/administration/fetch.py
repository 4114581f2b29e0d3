"""Fetching a module from a URL that an admin gives: once, bounded, by the rules of ``egress``.

An address like that of a metadata service, or a redirect to it, is what somebody would hand an
admin. So the URL is read as strictly as a plugin's, every address is checked, and each redirect
starts again. What the server says of the content is not believed: the bytes are looked at later.
"""

from dataclasses import dataclass, field
from urllib.parse import urljoin

import trio

from supervisor.egress import EgressClient, EgressProgress
from supervisor.egress.errors import RequestFailed, ResponseTooLarge
from supervisor.egress.exchange import Head
from supervisor.egress.url import read_host
from supervisor.errors import FetchFailed
from supervisor.text import clean_text

MAX_REDIRECTS = 3
_OK = 200
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LONGEST_SOURCE = 500


@dataclass(frozen=True, slots=True)
class FetchRules:
    """The operator's rules for downloading modules."""

    total_s: float = 60.0
    """Seconds that all of it may take, redirects included."""
    plain_http: bool = False
    """Whether a module may come without TLS, for development."""


@dataclass(slots=True)
class Fetched:
    """Progress of a download."""

    egress: EgressProgress = field(default_factory=EgressProgress)
    total_bytes: int | None = None
    """None where the server does not say."""

    @property
    def received_bytes(self) -> int:
        """Bytes read from the server, the head of its answer included, inside TLS."""
        return self.egress.received_bytes


class _Elsewhere(RequestFailed):
    """The answer is not the file; its status says what it is."""

    def __init__(self, head: Head) -> None:
        self.head = head
        super().__init__(f"the server answered {head.status}; expected 200")


class Fetcher:
    """See the module."""

    def __init__(self, egress: EgressClient, rules: FetchRules) -> None:
        self._egress = egress
        self.rules = rules

    async def fetch(self, url: str, most_bytes: int, progress: Fetched) -> bytes:
        """Return the bytes behind ``url``; raises FetchFailed, which names no query."""
        with trio.move_on_after(self.rules.total_s):
            return await self._follow(url, most_bytes, progress)
        raise FetchFailed(
            f"{shown_url(url)} could not be downloaded: it took longer than "
            f"{self.rules.total_s:g} s"
        )

    async def _follow(self, url: str, most_bytes: int, progress: Fetched) -> bytes:
        where = url
        for _ in range(1 + MAX_REDIRECTS):
            try:
                return await self._one(where, most_bytes, progress)
            except _Elsewhere as exc:
                where = self._next(where, exc)
            except RequestFailed as exc:
                raise FetchFailed(f"{shown_url(where)} could not be downloaded: {exc}") from None
        raise FetchFailed(
            f"{shown_url(url)} could not be downloaded: "
            f"it redirects more than {MAX_REDIRECTS} times"
        )

    async def _one(self, url: str, most_bytes: int, progress: Fetched) -> bytes:
        self._check_scheme(url)
        progress.egress, progress.total_bytes = EgressProgress(), None

        def on_head(head: Head) -> RequestFailed | None:
            if head.status != _OK:
                return _Elsewhere(head)
            progress.total_bytes = head.length
            if head.length is not None and head.length > most_bytes:
                return ResponseTooLarge(read_host(url) or "the server", "its body", most_bytes)
            return None

        return await self._egress.download(url, most_bytes, on_head, progress.egress)

    def _next(self, url: str, answer: _Elsewhere) -> str:
        head = answer.head
        if head.status not in _REDIRECTS or not head.location:
            raise FetchFailed(f"{shown_url(url)} could not be downloaded: {answer}")
        try:
            return urljoin(url, head.location)
        except ValueError:
            raise FetchFailed(f"{shown_url(url)} redirects to an invalid URL") from None

    def _check_scheme(self, url: str) -> None:
        allowed = ("https", "http") if self.rules.plain_http else ("https",)
        if url.partition("://")[0].lower() not in allowed:
            raise FetchFailed(
                f"{shown_url(url)} cannot be downloaded: the URL must begin with "
                f"{' or '.join(f'{scheme}://' for scheme in allowed)}"
                + ("" if self.rules.plain_http else "; an operator can allow http in config.toml")
            )
        if read_host(url) is None:
            raise FetchFailed(
                f"{shown_url(url)} cannot be downloaded: it has no plain host name; "
                "give a URL like https://example.com/plugin.wasm, without user name or password"
            )


def shown_url(url: str) -> str:
    """Return a URL as it may be shown: without user information, query and fragment."""
    bare = url.partition("#")[0].partition("?")[0]
    scheme, separator, rest = bare.partition("://")
    if not separator:
        return clean_text(bare.rpartition("@")[2], _LONGEST_SOURCE, lines=False)
    authority, slash, path = rest.partition("/")
    shown = f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"
    return clean_text(shown, _LONGEST_SOURCE, lines=False)
