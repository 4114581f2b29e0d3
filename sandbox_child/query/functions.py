"""The functions that a plugin's SQL may call: each as SQLite has it, or one of ours.

``CALLS`` says what becomes of a call by the name that MySQL gives it. ``ALLOWED`` is what a
connection's authorizer lets be called: those of SQLite, and ours, which ``give`` adds.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sqlglot import exp

from sandbox_child.query import clock, patterns, spans, texts, weeks
from sandbox_child.query.aggregates import AGGREGATES
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


def _moved(sign: int) -> Call:
    """Of ADDDATE and SUBDATE, whose second argument is a number of days or an interval."""

    def make(arguments: Sequence[exp.Expr]) -> exp.Expr:
        when, by = arguments
        if isinstance(by, exp.Interval):
            made = exp.DateAdd if sign > 0 else exp.DateSub
            return made(this=when, expression=by)
        amount = by if sign > 0 else exp.Neg(this=exp.Paren(this=by))
        return call("gk_date_add", when, amount, exp.Literal.string("DAY"))

    return make


def _added(arguments: Sequence[exp.Expr]) -> exp.Expr:
    """Of TIMESTAMPADD."""
    unit, amount, when = arguments
    name = unit.name.upper().removeprefix("SQL_TSI_")
    if name not in clock.UNITS:
        raise not_served(f"the unit {name[:30]} in TIMESTAMPADD")
    return call("gk_date_add", when, amount, exp.Literal.string(name))


def _week(name: str) -> Call:
    return lambda arguments: call(name, *arguments, *([_ZERO.copy()] * (2 - len(arguments))))


def _string_agg(arguments: Sequence[exp.Expr]) -> exp.Expr:
    return call("group_concat", *arguments)


def _locate(arguments: Sequence[exp.Expr]) -> exp.Expr:
    sought, within = (call("lower", argument) for argument in arguments[:2])
    if len(arguments) == 2:
        return call("instr", within, sought)
    return call("gk_locate", sought, within, arguments[2])


def _regexp_like(arguments: Sequence[exp.Expr]) -> exp.Expr:
    return call("gk_regexp", *arguments[:2])


_ZERO = exp.Literal.number(0)


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
    "ADDDATE": (2, 2, _moved(1)),
    "ANY_VALUE": (1, 1, lambda a: a[0]),
    "ASCII": (1, 1, _same("gk_ascii")),
    "CEIL": (1, 1, _same("gk_ceil")),
    "CEILING": (1, 1, _same("gk_ceil")),
    "CHARACTER_LENGTH": (1, 1, _same("length")),
    "CHAR_LENGTH": (1, 1, _same("length")),
    "CONCAT": (1, 100, _join),
    "CONCAT_WS": (2, 100, _same("gk_concat_ws")),
    "CONVERT_TZ": (3, 3, _same("gk_convert_tz")),
    "CURDATE": (0, 0, _same("gk_curdate")),
    "CURRENT_DATE": (0, 0, _same("gk_curdate")),
    "CURRENT_TIME": (0, 1, lambda _: call("gk_curtime")),
    "CURRENT_TIMESTAMP": (0, 1, lambda _: call("gk_now")),
    "CURTIME": (0, 1, lambda _: call("gk_curtime")),
    "DATABASE": (0, 0, lambda _: exp.Literal.string("helpdesk")),
    "DATE": (1, 1, _same("date")),
    "DATEDIFF": (2, 2, _same("gk_date_diff")),
    "DATE_FORMAT": (2, 2, _same("gk_date_format")),
    "DATE_TRUNC": (2, 2, _same("gk_date_trunc")),
    "DAY": (1, 1, _part("%d")),
    "DAYNAME": (1, 1, lambda a: call("gk_date_format", *a, exp.Literal.string("%W"))),
    "DAYOFMONTH": (1, 1, _part("%d")),
    "DAYOFWEEK": (1, 1, _day_of_week),
    "DAYOFYEAR": (1, 1, _part("%j")),
    "DENSE_RANK": (0, 0, _same("dense_rank")),
    "ELT": (2, 100, _same("gk_elt")),
    "EXP": (1, 1, _same("gk_exp")),
    "FIELD": (2, 100, _same("gk_field")),
    "FIND_IN_SET": (2, 2, _same("gk_find_in_set")),
    "FIRST_VALUE": (1, 1, _same("first_value")),
    "FLOOR": (1, 1, _floor),
    "FORMAT": (2, 3, lambda a: call("gk_format", *a[:2])),
    "FROM_DAYS": (1, 1, _same("gk_from_days")),
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
    "LN": (1, 1, _same("gk_ln")),
    "LOCALTIME": (0, 1, lambda _: call("gk_now")),
    "LOCALTIMESTAMP": (0, 1, lambda _: call("gk_now")),
    "LOCATE": (2, 3, _locate),
    "LOG": (1, 2, _same("gk_log")),
    "LOG10": (1, 1, lambda a: call("gk_log", exp.Literal.number(10), *a)),
    "LOG2": (1, 1, lambda a: call("gk_log", exp.Literal.number(2), *a)),
    "LOWER": (1, 1, _same("lower")),
    "LPAD": (3, 3, _same("gk_lpad")),
    "LTRIM": (1, 1, _same("ltrim")),
    "MAKEDATE": (2, 2, _same("gk_makedate")),
    "MD5": (1, 1, _same("gk_md5")),
    "MID": (2, 3, _same("substr")),
    "MINUTE": (1, 1, _part("%M")),
    "MOD": (2, 2, _modulo),
    "MONTH": (1, 1, _part("%m")),
    "MONTHNAME": (1, 1, lambda a: call("gk_date_format", *a, exp.Literal.string("%M"))),
    "NOW": (0, 1, lambda _: call("gk_now")),
    "NTILE": (1, 1, _same("ntile")),
    "NULLIF": (2, 2, _same("nullif")),
    "PI": (0, 0, lambda _: exp.Literal.number("3.141592653589793")),
    "POW": (2, 2, _same("gk_pow")),
    "POWER": (2, 2, _same("gk_pow")),
    "QUARTER": (1, 1, _quarter),
    "RAND": (0, 0, _same("gk_rand")),
    "RANK": (0, 0, _same("rank")),
    "REGEXP_LIKE": (2, 3, _regexp_like),
    "REGEXP_REPLACE": (3, 3, _same("gk_regexp_replace")),
    "REGEXP_SUBSTR": (2, 2, _same("gk_regexp_substr")),
    "REPEAT": (2, 2, _same("gk_repeat")),
    "REPLACE": (3, 3, _same("replace")),
    "REVERSE": (1, 1, _same("gk_reverse")),
    "RIGHT": (2, 2, _same("gk_right")),
    "ROUND": (1, 2, _same("gk_round")),
    "ROW_NUMBER": (0, 0, _same("row_number")),
    "RPAD": (3, 3, _same("gk_rpad")),
    "RTRIM": (1, 1, _same("rtrim")),
    "SCHEMA": (0, 0, lambda _: exp.Literal.string("helpdesk")),
    "SECOND": (1, 1, _part("%S")),
    "SEC_TO_TIME": (1, 1, _same("gk_sec_to_time")),
    "SIGN": (1, 1, _same("gk_sign")),
    "SPACE": (1, 1, lambda a: call("gk_repeat", exp.Literal.string(" "), *a)),
    "SQRT": (1, 1, _same("gk_sqrt")),
    "STD": (1, 1, _same("gk_stddev_pop")),
    "STDDEV": (1, 1, _same("gk_stddev_pop")),
    "STDDEV_POP": (1, 1, _same("gk_stddev_pop")),
    "STDDEV_SAMP": (1, 1, _same("gk_stddev_samp")),
    "STRCMP": (2, 2, _same("gk_strcmp")),
    "STRING_AGG": (2, 2, _string_agg),
    "STR_TO_DATE": (2, 2, _same("gk_str_to_date")),
    "SUBDATE": (2, 2, _moved(-1)),
    "SUBSTRING_INDEX": (3, 3, _same("gk_substring_index")),
    "SYSDATE": (0, 1, lambda _: call("gk_now")),
    "TIME": (1, 1, _same("time")),
    "TIMEDIFF": (2, 2, _same("gk_timediff")),
    "TIMESTAMP": (1, 1, _same("datetime")),
    "TIMESTAMPADD": (3, 3, _added),
    "TIMESTAMPDIFF": (3, 3, _between),
    "TIME_TO_SEC": (1, 1, _same("gk_time_to_sec")),
    "TO_CHAR": (2, 2, _same("gk_to_char")),
    "TO_DAYS": (1, 1, _same("gk_to_days")),
    "TRUNCATE": (2, 2, _same("gk_truncate")),
    "UCASE": (1, 1, _same("upper")),
    "UNIX_TIMESTAMP": (0, 1, lambda a: call("gk_epoch" if a else "gk_epoch_now", *a)),
    "UPPER": (1, 1, _same("upper")),
    "UTC_DATE": (0, 0, lambda _: call("date", exp.Literal.string("now"))),
    "UTC_TIMESTAMP": (0, 1, lambda _: call("datetime", exp.Literal.string("now"))),
    "UUID": (0, 0, _same("gk_uuid")),
    "VARIANCE": (1, 1, _same("gk_var_pop")),
    "VAR_POP": (1, 1, _same("gk_var_pop")),
    "VAR_SAMP": (1, 1, _same("gk_var_samp")),
    "VERSION": (0, 0, lambda _: exp.Literal.string("8.0.0")),
    "WEEK": (1, 2, _week("gk_week")),
    "WEEKDAY": (1, 1, _weekday),
    "WEEKOFYEAR": (1, 1, lambda a: call("gk_week", *a, exp.Literal.number(3))),
    "YEAR": (1, 1, _part("%Y")),
    "YEARWEEK": (1, 2, _week("gk_yearweek")),
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
        "gk_convert_tz": (3, spans.shifted),
        "gk_curtime": (0, lambda: now.now[11:]),
        "gk_date_trunc": (2, spans.cut),
        "gk_from_days": (1, spans.from_days),
        "gk_makedate": (2, spans.day_of_year),
        "gk_regexp": (2, patterns.matches),
        "gk_regexp_replace": (3, patterns.replaced),
        "gk_regexp_substr": (2, patterns.found_in),
        "gk_sec_to_time": (1, spans.span),
        "gk_str_to_date": (2, spans.read_by),
        "gk_time_to_sec": (1, spans.seconds_of),
        "gk_timediff": (2, spans.between),
        "gk_to_char": (2, spans.written),
        "gk_to_days": (1, spans.to_days),
        "gk_week": (2, lambda when, mode: clock.week(when, mode, weeks.week)),
        "gk_yearweek": (2, lambda when, mode: clock.week(when, mode, weeks.year_and_week)),
        **texts.FUNCTIONS,
    }


ALLOWED: Final = _OF_SQLITE | frozenset(of_ours(Clock())) | frozenset(AGGREGATES)
"""Functions allowed in any statement."""


def give(connection: sqlite3.Connection, now: Clock) -> None:
    """Give a connection our functions. All but two yield the same throughout a statement."""
    for name, (count, function) in of_ours(now).items():
        same = name not in texts.RANDOM
        connection.create_function(name, count, function, deterministic=same)
    for name, (count, kind) in AGGREGATES.items():
        connection.create_aggregate(name, count, kind)
