"""Credentials that were good a moment ago: tells people from strangers without asking the database.

It decides about the order of work and nothing else; each request is still checked by the guard.
Memory is bounded, and holds digests only.
"""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator

import trio

KEPT_S = 600.0
MOST = 10_000
_LOOKED_AT = 4
"""Credentials of each kind that are looked at in one piece of a request."""
_SIGNS = (b"ohd_session=", b"earer ")
"""What stands before a credential."""
_TOKEN = re.compile(rb"[!#-+\--:<-\[\]-~]{20,200}")


class KnownCredentials:
    """Session tokens and API keys that have been accepted lately, each with whose it is."""

    def __init__(self, clock: Callable[[], float] = trio.current_time) -> None:
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    def note(self, credential: str, person: str) -> None:
        """Remember that a credential was good."""
        self.note_digest(_digest(credential.encode()), person)

    def note_digest(self, digest: bytes, person: str) -> None:
        """Remember that the credential with this digest was good."""
        self._known[digest] = (person, self._clock() + KEPT_S)
        self._known.move_to_end(digest)
        if len(self._known) > MOST:
            self._known.popitem(last=False)

    def forget(self, credential: str) -> None:
        """Remember that a credential is good no longer."""
        self._known.pop(_digest(credential.encode()), None)

    def person(self, credential: bytes) -> str | None:
        """Return whose credential this was a moment ago."""
        found = self._known.get(_digest(credential))
        return found[0] if found is not None and found[1] > self._clock() else None

    def person_in(self, text: bytes) -> str | None:
        """Return whose credential stands in the head of a request, or in a piece of one."""
        if not self._known:
            return None
        for credential in _credentials_in(text):
            if (person := self.person(credential)) is not None:
                return person
        return None

    def credential_in(self, text: bytes) -> bytes | None:
        """Return the digest of the credential by which ``person_in`` knows somebody."""
        for credential in _credentials_in(text):
            if self.person(credential) is not None:
                return _digest(credential)
        return None

    def person_of(self, headers: Iterable[tuple[bytes, bytes]]) -> str | None:
        """Return whose credential a request shows. An API key counts alone, as for the guard."""
        cookies = []
        for name, value in headers:
            if name == b"authorization" and value[:7].lower() == b"bearer ":
                return self.person_in(value)
            if name == b"cookie":
                cookies.append(value)
        return self.person_in(b"; ".join(cookies))

    def __len__(self) -> int:
        return len(self._known)


def _credentials_in(text: bytes) -> Iterator[bytes]:
    for sign in _SIGNS:
        at = 0
        for _ in range(_LOOKED_AT):
            if (at := text.find(sign, at)) < 0:
                break
            at += len(sign)
            if (match := _TOKEN.match(text, at)) is not None:
                yield match[0]


def _digest(credential: bytes) -> bytes:
    return hashlib.sha256(credential).digest()
