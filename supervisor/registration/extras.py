"""Smaller sections: error codes, groups, custom fields."""

import re
from dataclasses import dataclass

from supervisor.registration.reading import MAX_TEXT, Part
from supervisor.registration.widgets import once

MAX_ITEMS = 100
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}", re.ASCII)
_GROUP = re.compile(r"[^\s:,][^:,]{0,98}")


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """An error that the plugin's answers name; ``code`` as ``NAME:code``."""

    code: str
    message: str
    http_status: int


@dataclass(frozen=True, slots=True)
class GroupWish:
    """A group of people that the plugin wants to be there."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class FieldWish:
    """A custom field that the plugin wants to be there, as ``PLUGIN_name``."""

    name: str
    label: str
    entity_type: str
    field_type: str
    section: str
    order: int
    required: bool
    description: str
    placeholder: str


def read_error_codes(root: Part, name: str) -> tuple[ErrorCode, ...]:
    """Return the error codes, with the plugin's name before each."""
    taken: set[str] = set()

    def read(part: Part) -> ErrorCode:
        code = part.need_id("code")
        once(part, code, taken, "code")
        return ErrorCode(
            code=f"{name}:{code.removeprefix(f'{name}:')}",
            message=part.need_line("message", MAX_TEXT),
            http_status=part.number("http_status", 400, 599) or 500,
        )

    return root.each("error_codes", MAX_ITEMS, "error code", read)


def read_groups(root: Part) -> tuple[GroupWish, ...]:
    """Return the groups that the plugin wants."""
    taken: set[str] = set()

    def read(part: Part) -> GroupWish:
        name = part.need_line("name", 100)
        if not _GROUP.fullmatch(name):
            raise part.broken("name", "a name without colons and commas")
        once(part, name.casefold(), taken, "name")
        return GroupWish(name, part.text("description", MAX_TEXT, lines=True))

    return root.each("groups", MAX_ITEMS, "group", read)


def read_custom_fields(root: Part) -> tuple[FieldWish, ...]:
    """Return the custom fields that the plugin wants."""
    taken: set[str] = set()

    def read(part: Part) -> FieldWish:
        name = part.need_line("name", 63)
        if not _FIELD.fullmatch(name):
            raise part.broken(
                "name", "a name of letters, digits and underscores that begins with a letter"
            )
        entity_type = part.need_word("entity_type", ("ticket",), "ticket")
        once(part, f"{entity_type}.{name.casefold()}", taken, "name")
        return FieldWish(
            name=name,
            label=part.text("label") or name,
            entity_type=entity_type,
            field_type=part.need_id("field_type") if part.has("field_type") else "text",
            section=part.text("section"),
            order=part.number("order", -(10**6), 10**6) or 0,
            required=part.flag("required"),
            description=part.text("description", MAX_TEXT, lines=True),
            placeholder=part.text("placeholder"),
        )

    return root.each("custom_fields", MAX_ITEMS, "custom field", read)
