"""Searches that are forgiven a typing mistake.

Where a search finds next to nothing, each word that hardly any ticket has is replaced by a near one
that tickets have (``spelling``). What fits as it was typed comes first. A text in double quotes, a
number, a tag and a word after a minus are taken as they are.

Nobody learns of a word that they could not read: staff read every ticket and note; for others, the
words are those of their own tickets, without notes. And a correction is told only with tickets that
it finds for whoever asks.
"""

import sqlite3
from collections import Counter
from dataclasses import dataclass, replace
from typing import Protocol

from helpdesk import access
from helpdesk.access import Viewer
from helpdesk.paging import Page, PageRequest
from helpdesk.tickets import lists, search, seen, sight, spelling
from helpdesk.tickets.model import CorrectedWord, Correction, TicketFilter, TicketSummary
from helpdesk.tickets.spelling import Near

FEW = 3
"""Tickets up to which a search is looked at for mistakes."""
_MOST_TRIED = 12
"""Near words of which it is looked up how common they are."""
_MOST_PARTS = 3
_SHORTEST = 4
"""Letters of a word that may be mistyped: a shorter one is near too many."""
_LONGEST_RUN = 12
_COMMON = 500
"""Pieces of tickets that are counted to tell the more common word."""
_OWN_TICKETS = 200
_OWN_CHARACTERS = 200_000


@dataclass(frozen=True, slots=True)
class TicketPage(Page[TicketSummary]):
    """A page of tickets, and how its search was corrected."""

    correction: Correction | None = None
    unread: frozenset[str] = frozenset()
    """Ids of the tickets that have news for the viewer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which page of which list."""

    within: TicketFilter
    """A view, to which ``wanted`` adds; its own search is left as it is."""
    wanted: TicketFilter
    sort: str
    request: PageRequest
    exact: bool = False
    """Whether mistyped words are looked for as they are."""


class Vocabulary(Protocol):
    """The words that whoever asks may be told."""

    def count(self, word: str) -> int:
        """Return in how many texts a word begins, up to ``_COMMON``."""
        ...

    def near(self, word: str) -> list[Near]:
        """Return words near one."""
        ...


def tickets(connection: sqlite3.Connection, viewer: Viewer, asked: Asked) -> TicketPage:
    """Return a page of a list, with its search corrected where that finds more."""
    found = _page(connection, viewer, asked)
    return replace(found, unread=seen.unread(connection, viewer, found.rows))


def _page(connection: sqlite3.Connection, viewer: Viewer, asked: Asked) -> TicketPage:
    wanted, request = asked.wanted, asked.request
    refined = asked.within.refined(wanted)
    plain = lists.tickets(connection, viewer, refined, asked.sort, request)
    if wanted.text.strip() and not asked.exact and plain.total <= FEW and not plain.more:
        correction = _correction(connection, viewer, wanted.text, plain.total)
        if correction is not None:
            found = _corrected(connection, viewer, asked, correction)
            if found is not None:
                return found
    return TicketPage(plain.rows, plain.page, plain.per_page, plain.total, plain.more)


def _corrected(
    connection: sqlite3.Connection, viewer: Viewer, asked: Asked, correction: Correction
) -> TicketPage | None:
    """Return the page with what fits as it was typed first; None where no other ticket is found."""
    within, wanted, sort, request = asked.within, asked.wanted, asked.sort, asked.request
    typed = within.refined(wanted)
    exact, _, _ = lists.some(connection, viewer, typed, sort, lists.Part(FEW, 0))
    first = exact[request.offset : request.offset + request.per_page]
    part = lists.Part(request.per_page - len(first), max(0, request.offset - len(exact)))
    meant = within.refined(replace(wanted, text=correction.text))
    ids = [ticket.id for ticket in exact]
    rest, total, more = lists.some(connection, viewer, meant, sort, part, without=ids)
    if not total:
        return None
    rows = [*first, *rest]
    total += len(exact)
    return TicketPage(rows, request.page, request.per_page, total, more, correction)


def _correction(
    connection: sqlite3.Connection, viewer: Viewer, text: str, exact: int
) -> Correction | None:
    known: Vocabulary | None = None
    found: list[CorrectedWord] = []
    corrected = search.Rewriting(text)
    for word in corrected.plain_words():
        if len(word.folded) < _SHORTEST and not spelling.is_run(word.folded):
            continue
        if _is_named(connection, viewer, word.folded):
            continue
        if known is None:
            is_staff = access.may_see_notes(viewer)
            known = _Everything(connection) if is_staff else _own(connection, viewer)
        used = _meant(known, word.folded, closest=bool(exact))
        if used is not None and used != word.typed:
            corrected.replace(word, used)
            found.append(CorrectedWord(word.typed, used))
    return Correction(corrected.text, tuple(found), exact) if found else None


def _is_named(connection: sqlite3.Connection, viewer: Viewer, word: str) -> bool:
    """Tell whether a word names a requester or a ticket that the viewer may know of."""
    if not viewer.is_staff:
        return bool(search.by_id_part(connection, word, sight.submitters(viewer)))
    return bool(search.requesters(connection, word) or search.by_id_part(connection, word, None))


def _meant(known: Vocabulary, folded: str, *, closest: bool) -> str | None:
    """Return what was probably meant with a word, None where it is right or nothing is near.

    ``closest``: not with two mistakes, nor by a beginning of the word, because something fits the
    search as it is, and ``keys`` is no mistake for ``key``.
    """
    parts = spelling.parts(folded)
    if not parts or len(parts) > _MOST_PARTS:
        return None
    shown, is_changed = folded, False
    for part in parts:
        if known.count(part) > FEW:
            continue
        better = _in_run(known, part) if spelling.is_run(part) else _better(known, part, closest)
        if better is not None:
            shown = shown.replace(spelling.written(part), better, 1)
            is_changed = True
    return shown if is_changed else None


def _better(known: Vocabulary, word: str, closest: bool) -> str | None:
    """Return the spelling of the best of the words near one: the nearest, then the most common."""
    own = known.count(word)
    tried = [
        (near.distance, near.goes_on, -count, near.shown)
        for near in known.near(word)[:_MOST_TRIED]
        if not (closest and (near.distance > 1 or word.startswith(near.word)))
        if (count := known.count(near.word)) and count >= own
    ]
    return min(tried)[-1] if tried else None


def _in_run(known: Vocabulary, letters: str) -> str | None:
    """Return letters without spaces with the likeliest one of them changed, added or left out."""
    if not 2 <= len(letters) <= _LONGEST_RUN:
        return None
    tried: dict[str, int] = {}
    for size in (spelling.RUN, spelling.RUN + 1, spelling.RUN - 1):
        for at in range(len(letters) - size + 1):
            for near in known.near(letters[at : at + size])[:_MOST_TRIED]:
                other = letters[:at] + near.word + letters[at + size :]
                if other != letters and len(tried) < 4 * _MOST_TRIED:
                    tried.setdefault(other, known.count(other))
        if any(tried.values()):
            break
    best = max(tried.items(), key=lambda pair: pair[1], default=("", 0))
    return best[0] if best[1] else None


@dataclass(frozen=True, slots=True)
class _Everything:
    """All words of all tickets and notes."""

    connection: sqlite3.Connection

    def count(self, word: str) -> int:
        match = search.phrase(spelling.written(word), begins=True)
        return search.pieces(self.connection, match, _COMMON)

    def near(self, word: str) -> list[Near]:
        return spelling.near(self.connection, word, 2 * _MOST_TRIED)


@dataclass(frozen=True, slots=True)
class _Words:
    """Words that were read from texts."""

    counts: Counter[str]
    shown: dict[str, str]

    def count(self, word: str) -> int:
        if spelling.is_run(word) and len(word) > spelling.RUN:
            runs = (word[at : at + spelling.RUN] for at in range(len(word) - spelling.RUN + 1))
            return min(self.counts[run] for run in runs)
        return sum(count for known, count in self.counts.items() if known.startswith(word))

    def near(self, word: str) -> list[Near]:
        return spelling.nearest(word, self.shown.items(), 2 * _MOST_TRIED)


def _own(connection: sqlite3.Connection, viewer: Viewer) -> _Words:
    """Read the words of a submitter's own newest tickets, as the submitter sees them."""
    counts: Counter[str] = Counter()
    shown: dict[str, str] = {}
    condition, value = sight.submitters(viewer)
    query = (
        "WITH own AS (SELECT id, subject, description FROM tickets"  # noqa: S608
        f" WHERE submitter_id {condition}"
        " ORDER BY public_revision DESC LIMIT ?)"
        " SELECT subject FROM own UNION ALL SELECT description FROM own"
        " UNION ALL SELECT body FROM own JOIN replies ON ticket_id = own.id WHERE NOT is_internal"
    )
    left = _OWN_CHARACTERS
    for (text,) in connection.execute(query, (value, _OWN_TICKETS)):
        words = spelling.words_in(text[:left])
        counts.update(words.keys())
        shown = words | shown
        left -= len(text)
        if left <= 0:
            break
    return _Words(counts, shown)
