"""The functions that a plugin's SQL may call: each as SQLite has it, or one of ours.

``CALLS`` says what becomes of a call by the name that MySQL gives it. ``ALLOWED`` is what a
connection's authorizer lets be called: those of SQLite, and ours, which ``give`` adds.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sqlglot import exp

from sandbox_child.query import clock, texts
from sandbox_child.query.clock import Clock
from sandbox_child.query.errors import not_served

Function = Callable[..., str | int | float | None]
"""Functions that SQLite can call."""
Call = Callable[[Sequence[exp.Expr]], exp.Expr]
"""Makes an expression of a call's arguments."""


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """Return a call of a function of SQLite's, or of ours."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def _same(name: str) -> Call:
    return lambda arguments: call(name, *arguments)


def _part(pattern: str) -> Call:
    """Return a number out of a date, by one of strftime's patterns."""

    def make(arguments: Sequence[exp.Expr]) -> exp.Expr:
        written = call("strftime", exp.Literal.string(pattern), *arguments)
        return exp.Cast(this=written, to=exp.DataType.build("INT"))

    return make


def _join(arguments: Sequence[exp.Expr]) -> exp.Expr:
    if len(arguments) == 1:
        return exp.Cast(this=arguments[0], to=exp.DataType.build("TEXT"))
    joined = arguments[0]
    for argument in arguments[1:]:
        joined = exp.DPipe(this=joined, expression=argument)
    return exp.Paren(this=joined)


def _left(arguments: Sequence[exp.Expr]) -> exp.Expr:
    text, length = arguments
    return call("substr", text, exp.Literal.number(1), call("max", length, exp.Literal.number(0)))


def _length_in_bytes(arguments: Sequence[exp.Expr]) -> exp.Expr:
    (text,) = arguments
    return call("length", exp.Cast(this=text, to=exp.DataType.build("BLOB")))


def _modulo(arguments: Sequence[exp.Expr]) -> exp.Expr:
    return exp.Paren(this=exp.Mod(this=arguments[0], expression=arguments[1]))


def _weekday(arguments: Sequence[exp.Expr]) -> exp.Expr:
    """Monday is 0."""
    plus = exp.Add(this=_part("%w")(arguments), expression=exp.Literal.number(6))
    return exp.Paren(this=exp.Mod(this=exp.Paren(this=plus), expression=exp.Literal.number(7)))


def _day_of_week(arguments: Sequence[exp.Expr]) -> exp.Expr:
    """Sunday is 1."""
    return exp.Paren(this=exp.Add(this=_part("%w")(arguments), expression=exp.Literal.number(1)))


def _quarter(arguments: Sequence[exp.Expr]) -> exp.Expr:
    plus = exp.Paren(this=exp.Add(this=_part("%m")(arguments), expression=exp.Literal.number(2)))
    return exp.Cast(
        this=exp.Paren(this=exp.Div(this=plus, expression=exp.Literal.number(3), typed=True)),
        to=exp.DataType.build("INT"),
    )


def _between(arguments: Sequence[exp.Expr]) -> exp.Expr:
    unit, start, end = arguments
    name = unit.name.upper().removeprefix("SQL_TSI_")
    if name not in clock.UNITS:
        raise not_served(f"the unit {name[:30]} in TIMESTAMPDIFF")
    return call("gk_timestamp_diff", exp.Literal.string(name), start, end)


def _is_null(arguments: Sequence[exp.Expr]) -> exp.Expr:
    (value,) = arguments
    return exp.Paren(this=exp.Is(this=value, expression=exp.Null()))


def _if(arguments: Sequence[exp.Expr]) -> exp.Expr:
    return call("iif", *arguments)


def _format_now(arguments: Sequence[exp.Expr]) -> exp.Expr:
    """Of FROM_UNIXTIME with a pattern."""
    when = call("gk_from_epoch", arguments[0])
    return call("gk_date_format", when, arguments[1]) if len(arguments) > 1 else when


def _floor(arguments: Sequence[exp.Expr]) -> exp.Expr:
    return call("gk_floor", *arguments)


_TO_MONTHS_END = ("start of month", "+1 month", "-1 day")

CALLS: Final[Mapping[str, tuple[int, int, Call]]] = {
    # Name: fewest and most arguments, and what becomes of them.
    "ABS": (1, 1, _same("abs")),
    "CEIL": (1, 1, _same("gk_ceil")),
    "CEILING": (1, 1, _same("gk_ceil")),
    "CHAR_LENGTH": (1, 1, _same("length")),
    "CHARACTER_LENGTH": (1, 1, _same("length")),
    "CONCAT": (1, 100, _join),
    "CONCAT_WS": (2, 100, _same("gk_concat_ws")),
    "CURDATE": (0, 0, _same("gk_curdate")),
    "CURRENT_DATE": (0, 0, _same("gk_curdate")),
    "CURRENT_TIMESTAMP": (0, 1, lambda _: call("gk_now")),
    "DATE": (1, 1, _same("date")),
    "DATEDIFF": (2, 2, _same("gk_date_diff")),
    "DATE_FORMAT": (2, 2, _same("gk_date_format")),
    "DAY": (1, 1, _part("%d")),
    "DAYNAME": (1, 1, lambda a: call("gk_date_format", *a, exp.Literal.string("%W"))),
    "DAYOFMONTH": (1, 1, _part("%d")),
    "DAYOFWEEK": (1, 1, _day_of_week),
    "DAYOFYEAR": (1, 1, _part("%j")),
    "DENSE_RANK": (0, 0, _same("dense_rank")),
    "FIELD": (2, 100, _same("gk_field")),
    "FIND_IN_SET": (2, 2, _same("gk_find_in_set")),
    "FIRST_VALUE": (1, 1, _same("first_value")),
    "FLOOR": (1, 1, _floor),
    "FROM_UNIXTIME": (1, 2, _format_now),
    "GREATEST": (2, 100, _same("max")),
    "HEX": (1, 1, _same("hex")),
    "HOUR": (1, 1, _part("%H")),
    "IF": (3, 3, _if),
    "IFNULL": (2, 2, _same("ifnull")),
    "INSTR": (2, 2, lambda a: call("instr", call("lower", a[0]), call("lower", a[1]))),
    "ISNULL": (1, 1, _is_null),
    "LAG": (1, 3, _same("lag")),
    "LAST_DAY": (1, 1, lambda a: call("date", *a, *map(exp.Literal.string, _TO_MONTHS_END))),
    "LAST_INSERT_ID": (0, 0, _same("last_insert_rowid")),
    "LAST_VALUE": (1, 1, _same("last_value")),
    "LCASE": (1, 1, _same("lower")),
    "LEAD": (1, 3, _same("lead")),
    "LEAST": (2, 100, _same("min")),
    "LEFT": (2, 2, _left),
    "LENGTH": (1, 1, _length_in_bytes),
    "LOCALTIME": (0, 1, lambda _: call("gk_now")),
    "LOCALTIMESTAMP": (0, 1, lambda _: call("gk_now")),
    "LOCATE": (2, 2, lambda a: call("instr", call("lower", a[1]), call("lower", a[0]))),
    "LOWER": (1, 1, _same("lower")),
    "LPAD": (3, 3, _same("gk_lpad")),
    "LTRIM": (1, 1, _same("ltrim")),
    "MID": (2, 3, _same("substr")),
    "MINUTE": (1, 1, _part("%M")),
    "MOD": (2, 2, _modulo),
    "MONTH": (1, 1, _part("%m")),
    "MONTHNAME": (1, 1, lambda a: call("gk_date_format", *a, exp.Literal.string("%M"))),
    "NOW": (0, 1, lambda _: call("gk_now")),
    "NTILE": (1, 1, _same("ntile")),
    "NULLIF": (2, 2, _same("nullif")),
    "POW": (2, 2, _same("gk_pow")),
    "POWER": (2, 2, _same("gk_pow")),
    "QUARTER": (1, 1, _quarter),
    "RAND": (0, 0, _same("gk_rand")),
    "RANK": (0, 0, _same("rank")),
    "REPEAT": (2, 2, _same("gk_repeat")),
    "REPLACE": (3, 3, _same("replace")),
    "REVERSE": (1, 1, _same("gk_reverse")),
    "RIGHT": (2, 2, _same("gk_right")),
    "ROUND": (1, 2, _same("gk_round")),
    "ROW_NUMBER": (0, 0, _same("row_number")),
    "RPAD": (3, 3, _same("gk_rpad")),
    "RTRIM": (1, 1, _same("rtrim")),
    "SECOND": (1, 1, _part("%S")),
    "SIGN": (1, 1, _same("gk_sign")),
    "SQRT": (1, 1, _same("gk_sqrt")),
    "SUBSTRING_INDEX": (3, 3, _same("gk_substring_index")),
    "SYSDATE": (0, 1, lambda _: call("gk_now")),
    "TIME": (1, 1, _same("time")),
    "TIMESTAMPDIFF": (3, 3, _between),
    "TRUNCATE": (2, 2, _same("gk_truncate")),
    "UCASE": (1, 1, _same("upper")),
    "UNIX_TIMESTAMP": (0, 1, lambda a: call("gk_epoch" if a else "gk_epoch_now", *a)),
    "UPPER": (1, 1, _same("upper")),
    "UTC_TIMESTAMP": (0, 1, lambda _: call("datetime", exp.Literal.string("now"))),
    "WEEK": (1, 1, _part("%U")),
    "WEEKDAY": (1, 1, _weekday),
    "YEAR": (1, 1, _part("%Y")),
}

_OF_SQLITE = frozenset(
    {
        *("abs", "avg", "coalesce", "count", "date", "datetime", "dense_rank", "first_value"),
        *("group_concat", "hex", "ifnull", "iif", "instr", "lag", "last_value", "lead", "length"),
        "last_insert_rowid",
        *("like", "lower", "ltrim", "max", "min", "ntile", "nullif", "rank", "replace"),
        *("row_number", "rtrim", "strftime", "substr", "sum", "time", "trim", "upper"),
    }
)


def of_ours(now: Clock) -> dict[str, tuple[int, Function]]:
    """Return our functions: name, number of arguments (-1: any), and the function."""
    return {
        "gk_now": (0, lambda: now.now),
        "gk_curdate": (0, lambda: now.now[:10]),
        "gk_epoch_now": (0, lambda: now.epoch),
        "gk_epoch": (1, clock.epoch),
        "gk_from_epoch": (1, clock.from_epoch),
        "gk_date_add": (3, clock.date_add),
        "gk_date_diff": (2, clock.date_diff),
        "gk_date_format": (2, clock.date_format),
        "gk_timestamp_diff": (3, clock.timestamp_diff),
        **texts.FUNCTIONS,
    }


ALLOWED: Final = _OF_SQLITE | frozenset(of_ours(Clock()))
"""Functions allowed in any statement."""


def give(connection: sqlite3.Connection, now: Clock) -> None:
    """Give a connection our functions. All but one yield the same throughout a statement."""
    for name, (count, function) in of_ours(now).items():
        connection.create_function(name, count, function, deterministic=name != "gk_rand")
