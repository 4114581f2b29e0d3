"""Write what the code knows into the page about GoatKit plugins: ``goatkit.md``.

    python -m docs.tools.goatkit

``tests/docs/test_goatkit.py`` compares.
"""

from dataclasses import fields
from pathlib import Path

from docs.tools.parts import names_of, replace_part, table
from sandbox_child.packages import DEFAULT_CAPS
from sandbox_child.query.functions import CALLS
from supervisor.calls.host_functions import NOT_SERVED, SERVED
from supervisor.limits import KIB, MIB
from supervisor.query import TABLES, QueryLimits
from supervisor.registration import FIELDS, choices
from supervisor.registration.scopes import BY_KIND

PAGE = Path(__file__).resolve().parents[1] / "goatkit.md"
_CAPS = {
    "package_bytes": "the package as it is uploaded",
    "entries": "files and folders in it",
    "file_bytes": "one file, unpacked; the module is one of them",
    "program_bytes": "one file of a native plugin's package, unpacked",
    "total_bytes": "all files, unpacked",
    "ratio": "unpacked size over packed size, of a file of more than 1 MiB",
    "manifest_bytes": "`manifest.json` or `plugin.yaml`",
    "manifest_depth": "levels of `plugin.yaml`",
    "manifest_values": "keys, values and brackets of `plugin.yaml`",
    "signature_bytes": "the signature",
    "name_bytes": "one name, with its folders",
    "name_depth": "folders in folders",
}


def _registration() -> str:
    rows = (
        (f"`{name}`", "served" if support.served else "not supported", support.words)
        for name, support in FIELDS.items()
    )
    return table(("field", "", "what becomes of it, or why nothing does"), rows)


def _permissions() -> str:
    rows = (
        (
            f"`{choice.permission.text}`",
            choice.sentence,
            BY_KIND[kind].expected if (kind := choice.permission.kind) in BY_KIND else "none",
        )
        for choice in choices()
    )
    return table(("permission", "without a scope", "scopes"), rows)


def _host_functions() -> str:
    rows = [(f"`{name}`", "served") for name in SERVED]
    rows += [(f"`{name}`", why) for name, why in NOT_SERVED.items()]
    return table(("function", ""), rows)


def _limits() -> str:
    known = {field.name for field in fields(DEFAULT_CAPS)} - {"ratio_from_bytes"}
    if known != _CAPS.keys():
        raise LookupError(f"words and limits differ: {sorted(known ^ _CAPS.keys())}")
    rows = ((words, _size(name, getattr(DEFAULT_CAPS, name))) for name, words in _CAPS.items())
    return table(("limit", "maximum"), rows)


_MEANINGS = {
    "ticket": "every ticket that the audience can see; `id` is the ticket's number, `user_id` the"
    " assignee (1 is no one), `customer_user_id` the requester's email address",
    "ticket_state": "the statuses",
    "ticket_state_type": "new, open, pending, closed, merged and removed, by their usual numbers",
    "queue": "the categories; queue 1 is for tickets without one",
    "ticket_priority": "five priorities; ours are 2 to 5",
    "ticket_type": "the types of all categories; type 1 is for tickets without one",
    "users": "staff and admins; `login` is the email address, `valid_id` 2 is a disabled account",
    "user_preferences": "their email addresses, as `UserEmail`",
    "groups": "our groups, `users` (1, all staff), `admin` (2, all admins), and one for each"
    " category that several groups own",
    "roles": "`admin` and `staff`",
    "group_user": "members, with the permission `rw`",
    "role_user": "the role of each account",
    "group_role": "`rw` of staff on `users`, and of admins on every group",
    "ticket_times": "of each row of `ticket`, in seconds since 1970: when it was `created`, first "
    "`answered` by staff (a public reply), and `resolved` or closed (`NULL` while it is open); how "
    "often it was `reopened`; the group that it is assigned to (1 is none); and what `ticket` says "
    "of category, assignee, priority and status, so that reports need no join",
    "ticket_reopenings": "each time that a ticket was `reopened`, and when it had been `resolved` "
    "or closed before",
    "time_accounting": "empty: the help desk doesn't record time",
}
_QUERY_LIMITS = {
    "sql_bytes": "a statement",
    "arguments": "parameters of a statement",
    "rows": "rows of a result",
    "result_bytes": "a result, as JSON",
    "value_bytes": "one value, or the arguments of a statement together",
    "own_bytes": "the plugin's own database",
    "working_bytes": "memory for sorting and grouping",
    "waiting": "statements of a plugin that wait for one that runs",
}


def _tables() -> str:
    rows = (
        (f"`{name}`", ", ".join(f"`{column}`" for column in columns), _MEANINGS[name])
        for name, columns in TABLES.items()
    )
    return table(("table", "columns", "rows"), rows)


def _functions() -> str:
    parsed = ("AVG", "CAST", "COALESCE", "CONVERT", "COUNT", "DATE_ADD", "DATE_SUB", "EXTRACT",
              "GROUP_CONCAT", "MAX", "MIN", "POSITION", "SUBSTRING", "SUM", "TRIM")  # fmt: skip
    return ", ".join(f"`{name}`" for name in sorted({*CALLS, *parsed})) + "."


def _query_limits() -> str:
    known = {field.name for field in fields(QueryLimits)}
    if known != _QUERY_LIMITS.keys():
        raise LookupError(f"words and limits differ: {sorted(known ^ _QUERY_LIMITS.keys())}")
    limits = QueryLimits()
    rows = ((words, _size(name, getattr(limits, name))) for name, words in _QUERY_LIMITS.items())
    return table(("limit", "maximum"), rows)


def _size(name: str, value: int) -> str:
    if not name.endswith("_bytes"):
        return f"{value:,}"
    if value < KIB:
        return f"{value} bytes"
    return f"{value // MIB} MiB" if value >= MIB else f"{value // KIB} KiB"


def parts() -> dict[str, str]:
    """Return every generated part by the name of its markers."""
    return {
        "registration": _registration(),
        "host functions": _host_functions(),
        "permissions": _permissions(),
        "package limits": _limits(),
        "tables": _tables(),
        "functions": _functions(),
        "query limits": _query_limits(),
    }


def rewritten() -> str:
    """Return what the page should say."""
    text, fresh = PAGE.read_text(encoding="utf-8"), parts()
    for name in names_of(text):
        if name in fresh:
            text = replace_part(text, name, fresh[name])
    return text


if __name__ == "__main__":
    PAGE.write_text(rewritten(), encoding="utf-8")
