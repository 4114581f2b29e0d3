"""Reads the fields of a submitted form as plain text."""

import secrets
from collections.abc import Mapping

from quart import request

from helpdesk.once import Once

FORM_ID = "form_id"
"""Names one form that was shown, so that it is taken once, however often it is sent."""


def new_form_id() -> str:
    """Return the id of a form that is about to be shown."""
    return secrets.token_urlsafe(16)


def form_once(fields: Mapping[str, str]) -> Once | None:
    """Return what tells a form from others, None for one without an id."""
    form_id = fields.get(FORM_ID, "")
    return Once(f"form {form_id}") if form_id else None


async def form_fields() -> Mapping[str, str]:
    """Return the first value of each field, line ends as one line feed.

    Browsers send line ends as CR LF whatever was typed (HTML standard, form submission).
    """
    form = await request.form
    return {str(name): str(value).replace("\r\n", "\n") for name, value in form.items()}


def chosen(fields: Mapping[str, str], name: str) -> str | None:
    """Return a field's text without surrounding blanks; None where it is absent or empty."""
    return fields.get(name, "").strip() or None


async def many(name: str) -> tuple[str, ...]:
    """Return every value of a field, such as the checked ones of several boxes."""
    return tuple(str(value) for value in (await request.form).getlist(name))
