"""HTML of plugins that runs in no origin of ours, kept until its frame asks for it.

A page with a plugin's answer shows it in a frame. The frame's address is good for one visitor and a
short time, and what it serves may run scripts, send nothing and read nothing.
"""

import secrets
from collections import OrderedDict, defaultdict
from dataclasses import dataclass

import trio

KEPT_S = 120.0
MOST_CHARACTERS = 32 * 1024 * 1024
MOST_EACH = 128
"""For one person: a dashboard has many."""
MOST_EACH_CHARACTERS = 12 * 1024 * 1024
"""For one person, so that nobody takes the place of everybody else."""
MOST_OF_STRANGERS = 1_000
"""For everybody without a login together."""
NOBODY = ""


@dataclass(frozen=True, slots=True)
class Document:
    """One answer of a plugin, as it is shown."""

    html: str
    visitor: str
    """Id of the person whom it is for; empty for somebody without a login."""
    until: float


class PluginDocuments:
    """Kept in memory, bounded in all and for each visitor; the oldest goes."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._theirs: defaultdict[str, OrderedDict[str, int]] = defaultdict(OrderedDict)
        self._characters = 0

    def keep(self, html: str, visitor: str) -> str:
        """Keep a document; return the token that it is asked for by."""
        now = trio.current_time()
        # All are kept equally long, so those that have expired are the oldest.
        while self._kept and next(iter(self._kept.values())).until < now:
            self._forget(next(iter(self._kept)))
        theirs = self._theirs[visitor]
        most = MOST_EACH if visitor else MOST_OF_STRANGERS
        while len(theirs) >= most or sum(theirs.values()) > MOST_EACH_CHARACTERS:
            self._forget(next(iter(theirs)))
        # Forgetting the last one has forgotten the visitor too.
        theirs = self._theirs[visitor]
        token = secrets.token_urlsafe(24)
        self._kept[token] = Document(html, visitor, now + KEPT_S)
        theirs[token] = len(html)
        self._characters += len(html)
        while self._characters > MOST_CHARACTERS:
            self._forget(next(iter(self._kept)))
        return token

    def find(self, token: str, visitor: str) -> str | None:
        """Return a document that this visitor may see, None where there is none."""
        kept = self._kept.get(token)
        if kept is None or kept.visitor != visitor or kept.until < trio.current_time():
            return None
        return kept.html

    def __len__(self) -> int:
        return len(self._kept)

    def _forget(self, token: str) -> None:
        gone = self._kept.pop(token)
        self._characters -= len(gone.html)
        theirs = self._theirs[gone.visitor]
        del theirs[token]
        if not theirs:
            del self._theirs[gone.visitor]
