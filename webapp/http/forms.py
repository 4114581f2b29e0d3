"""Reads the fields of a submitted form as plain text."""

from collections.abc import Mapping

from quart import request


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
