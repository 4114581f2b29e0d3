"""Host functions for records: JSON that a plugin keeps, alone or with a change of a ticket.

``change_ticket`` writes records and changes a ticket in one transaction: both or neither, also
where the server dies. A record that somebody else wrote meanwhile refuses the whole, and the
plugin is told so: of two people who decide at once, one does.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import msgspec

from supervisor.calls.field_values import FieldNames
from supervisor.calls.named_call import DONE, Handler, NamedCall
from supervisor.errors import OutOfRoom, RecordMoved
from supervisor.ports import Also, DeskCalls, DeskRefused, TicketChange
from supervisor.registration.grants import FunctionRefused
from supervisor.views import RecordCount, RecordWrite, StoredRecord

MOST_VALUE = 128 * 1024
"""Characters of one record's JSON."""
MOST_WRITES = 50
"""Of one call."""
MOST_LISTED = 500
MOST_LISTED_CHARACTERS = 2 * 1024 * 1024
_MOST_NAME, _MOST_TEXT = 200, 60_000
_LARGEST = 2**53
NAMES: Final = ("records_get", "records_list", "records_count", "records_write", "change_ticket")


class Records(Protocol):
    """Where records lie, by plugin, collection and key."""

    async def get(self, plugin_id: str, collection: str, key: str) -> StoredRecord | None:
        """Return a record, None where there is none."""
        ...

    async def by_key(
        self, plugin_id: str, collection: str, *, prefix: str, after: str, limit: int
    ) -> Sequence[StoredRecord]:
        """Return records whose keys begin so, behind one key, by key."""
        ...

    async def by_tag(
        self, plugin_id: str, collection: str, *, tag: str, until: int, limit: int
    ) -> Sequence[StoredRecord]:
        """Return records with this tag whose number is at most ``until``, by number."""
        ...

    async def counts(self, plugin_id: str, collection: str) -> Sequence[RecordCount]:
        """Return how many records have each tag."""
        ...

    async def change(self, plugin_id: str, writes: Sequence[RecordWrite]) -> None:
        """Write records: all or none; raises RecordMoved, OutOfRoom."""
        ...

    def writing(self, plugin_id: str, writes: Sequence[RecordWrite]) -> Also:
        """Return what writes records in somebody's transaction; it raises what ``change`` does."""
        ...


class RecordFunctions:
    """See the module."""

    def __init__(self, records: Records, desk: DeskCalls | None) -> None:
        self._records = records
        self._desk = desk

    @property
    def table(self) -> Mapping[str, Handler]:
        """The functions by name."""
        return {name: getattr(self, name) for name in NAMES}

    async def records_get(self, call: NamedCall) -> object:
        """Return a record with its revision, null where there is none."""
        call.grants.require("record", "read")
        found = await self._records.get(call.plugin_id, _name(call, "collection"), _key(call))
        return None if found is None else _shown(found)

    async def records_list(self, call: NamedCall) -> object:
        """List records by key behind ``after``, or those with one ``tag`` by number."""
        call.grants.require("record", "read")
        collection, limit = _name(call, "collection"), _limit(call)
        found: Sequence[StoredRecord]
        if "tag" in call.arguments:
            until = _whole(call.arguments, "until", _LARGEST)
            tag = call.text("tag", _MOST_NAME)
            found = await self._records.by_tag(
                call.plugin_id, collection, tag=tag, until=until, limit=limit
            )
        else:
            prefix, after = (_text(call.arguments, name) for name in ("prefix", "after"))
            found = await self._records.by_key(
                call.plugin_id, collection, prefix=prefix, after=after, limit=limit
            )
        kept: list[object] = []
        size = 0
        for each in found:
            size += len(each.value)
            if kept and size > MOST_LISTED_CHARACTERS:
                break
            kept.append(_shown(each))
        return kept or None

    async def records_count(self, call: NamedCall) -> object:
        """Count a collection's records by tag, with the least and the sum of their numbers."""
        call.grants.require("record", "read")
        found = await self._records.counts(call.plugin_id, _name(call, "collection"))
        return [msgspec.to_builtins(each) for each in found] or None

    async def records_write(self, call: NamedCall) -> object:
        """Write records: all of them or none."""
        call.grants.require("record", "write")
        writes = _writes(call)
        call.note_change(_size(writes))
        try:
            await self._records.change(call.plugin_id, writes)
        except RecordMoved as exc:
            return {"status": "moved", "reason": str(exc)}
        except OutOfRoom as exc:
            raise FunctionRefused(str(exc)) from None
        return DONE

    async def change_ticket(self, call: NamedCall) -> object:
        """Change a ticket, and write records with it: all or nothing, in the plugin's name."""
        call.grants.require("change_ticket", "use")
        if self._desk is None:
            raise FunctionRefused("there is no help desk here")
        ticket, writes = call.number("ticket_id"), _writes(call)
        if writes:
            call.grants.require("record", "write")
        change = _change(call)
        texts = (change.note, change.reply, *change.fields.values())
        # Its event has the ticket in it, which is about as long as what was asked.
        call.note_change(sum(map(len, texts)) + len(call.work.blob) + _size(writes))
        also = self._records.writing(call.plugin_id, writes)
        try:
            await self._desk.change_ticket(call.actor, call.person, ticket, change, also)
        except RecordMoved as exc:
            return {"status": "moved", "reason": str(exc)}
        except (DeskRefused, OutOfRoom) as exc:
            return {"status": "refused", "reason": str(exc)}
        return DONE


def _change(call: NamedCall) -> TicketChange:
    given = call.arguments.get("fields") or {}
    if not isinstance(given, dict):
        raise FunctionRefused("fields: expected an object of this plugin's fields")
    registration = call.grants.registration
    names = FieldNames.of(registration.name, registration.custom_fields)
    return TicketChange(
        _text(call.arguments, "state"),
        _text(call.arguments, "note", _MOST_TEXT),
        _text(call.arguments, "reply", _MOST_TEXT),
        {names.key(name): names.write(name, value) for name, value in given.items()},
    )


def _writes(call: NamedCall) -> Sequence[RecordWrite]:
    given = call.list("records")
    if len(given) > MOST_WRITES:
        raise FunctionRefused(f"records: {len(given):,}; at most {MOST_WRITES} are taken at once")
    return [_write(each) for each in given]


def _write(given: Any) -> RecordWrite:
    if not isinstance(given, dict):
        raise FunctionRefused("records: expected objects with collection, key and value")
    value = given.get("value")
    text = None if value is None else msgspec.json.encode(value).decode()
    if text is not None and len(text) > MOST_VALUE:
        raise FunctionRefused(
            f"value: {len(text):,} characters of JSON; at most {MOST_VALUE:,} are taken"
        )
    expect = given.get("expect")
    return RecordWrite(
        _named(given, "collection"),
        _named(given, "key"),
        text,
        _text(given, "tag"),
        _whole(given, "at", 0),
        None if expect is None else _whole(given, "expect", 0),
    )


def _size(writes: Sequence[RecordWrite]) -> int:
    return sum(len(each.key) + len(each.value or "") for each in writes)


def _shown(found: StoredRecord) -> object:
    return {
        "key": found.key,
        "revision": found.revision,
        "tag": found.tag,
        "at": found.at,
        "value": msgspec.Raw(found.value.encode()),
    }


def _key(call: NamedCall) -> str:
    return _name(call, "key")


def _name(call: NamedCall, name: str) -> str:
    return _named(call.arguments, name)


def _named(given: Mapping[str, Any], name: str) -> str:
    text = _text(given, name)
    if not text:
        raise FunctionRefused(f"{name}: expected a text of 1 to {_MOST_NAME} characters")
    return text


def _text(given: Mapping[str, Any], name: str, most: int = _MOST_NAME) -> str:
    text = given.get(name) or ""
    if not isinstance(text, str) or len(text) > most:
        raise FunctionRefused(f"{name}: expected a text of at most {most:,} characters")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise FunctionRefused(f"{name}: expected text in UTF-8") from None
    return text


def _whole(given: Mapping[str, Any], name: str, default: int) -> int:
    value = given.get(name, default)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LARGEST:
        raise FunctionRefused(f"{name}: expected a whole number")
    return value


def _limit(call: NamedCall) -> int:
    return max(1, min(_whole(call.arguments, "limit", 100), MOST_LISTED))
