"""MySQL's words mean here what they mean there: held against references in Python."""

import calendar
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox_child.query.conftest import Asked

FIRST = datetime.fromisoformat("1971-01-01")
LAST = datetime.fromisoformat("2090-12-31")
EPOCH = datetime.fromisoformat("1970-01-01")
WHEN = st.datetimes(FIRST, LAST).map(lambda when: when.replace(microsecond=0))
SIGNS = st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"])
TEXT = st.text(SIGNS, max_size=12)
NUMBER = st.integers(-(10**9), 10**9)
SHARED = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def one(asked: Asked, expression: str, arguments: Any = ()) -> Any:
    """Return the value of an expression."""
    (row,) = asked.rows(f"SELECT {expression} AS value", arguments)
    return row["value"]


def months_later(when: datetime, months: int) -> datetime:
    year, month = divmod(when.year * 12 + when.month - 1 + months, 12)
    day = min(when.day, calendar.monthrange(year, month + 1)[1])
    return when.replace(year=year, month=month + 1, day=day)


@SHARED
@given(WHEN, st.integers(-40, 40), st.sampled_from(["SECOND", "MINUTE", "HOUR", "DAY", "WEEK"]))
def test_an_interval_of_time_is_added_and_subtracted(asked, when, amount, unit):
    step = timedelta(**{f"{unit.lower()}s": amount})
    later = (when + step).isoformat(" ")
    sql = f"DATE_ADD(?, INTERVAL ? {unit})"
    assert one(asked, sql, [when.isoformat(" "), amount]) == later
    assert one(asked, f"DATE_SUB(?, INTERVAL -({amount}) {unit})", [when.isoformat(" ")]) == later
    assert one(asked, f"? + INTERVAL {amount} {unit}", [when.isoformat(" ")]) == later


@SHARED
@given(WHEN, st.integers(-30, 30), st.sampled_from([("MONTH", 1), ("QUARTER", 3), ("YEAR", 12)]))
def test_months_end_where_months_end(asked, when, amount, unit):
    name, months = unit
    expected = months_later(when, amount * months)
    sql = f"DATE_ADD(?, INTERVAL ? {name})"
    assert one(asked, sql, [when.isoformat(" "), amount]) == expected.isoformat(" ")
    assert one(asked, sql, [when.date().isoformat(), amount]) == expected.date().isoformat()


@SHARED
@given(WHEN, WHEN)
def test_differences_of_dates(asked, one_time, other):
    pair = [one_time.isoformat(" "), other.isoformat(" ")]
    assert one(asked, "DATEDIFF(?, ?)", pair) == (one_time.date() - other.date()).days
    seconds = int((other - one_time).total_seconds())
    for unit, size in (("SECOND", 1), ("MINUTE", 60), ("HOUR", 3600), ("DAY", 86_400)):
        expected = abs(seconds) // size * (1 if seconds >= 0 else -1)
        assert one(asked, f"TIMESTAMPDIFF({unit}, ?, ?)", pair) == expected
    months = one(asked, "TIMESTAMPDIFF(MONTH, ?, ?)", pair)
    first, last = sorted((one_time, other))
    assert months_later(first, abs(months)) <= last < months_later(first, abs(months) + 1)


@SHARED
@given(WHEN)
def test_parts_and_patterns_of_a_time(asked, when):
    text = when.isoformat(" ")
    parts = "CONCAT_WS('|', YEAR(?), MONTH(?), DAY(?), HOUR(?), MINUTE(?), SECOND(?), QUARTER(?))"
    expected = [when.year, when.month, when.day, when.hour, when.minute, when.second]
    assert one(asked, parts, [text] * 7) == "|".join(map(str, [*expected, (when.month + 2) // 3]))
    week = [one(asked, f"{name}(?)", [text]) for name in ("DAYOFWEEK", "WEEKDAY", "DAYOFYEAR")]
    assert week == [when.isoweekday() % 7 + 1, when.weekday(), when.timetuple().tm_yday]
    pattern = "%Y-%m-%d %H:%i:%s %W %M %b %a %e %c %j %y %T %% x"
    assert one(asked, "DATE_FORMAT(?, ?)", [text, pattern]) == when.strftime(
        f"%Y-%m-%d %H:%M:%S %A %B %b %a {when.day} {when.month} %j %y %H:%M:%S % x"
    )
    seconds = int((when - EPOCH).total_seconds())
    assert one(asked, "UNIX_TIMESTAMP(?)", [text]) == seconds
    assert one(asked, "FROM_UNIXTIME(?)", [seconds]) == text
    last = calendar.monthrange(when.year, when.month)[1]
    assert one(asked, "LAST_DAY(?)", [text]) == when.date().replace(day=last).isoformat()


@SHARED
@given(TEXT, TEXT, st.integers(0, 15))
def test_texts(asked, left, right, count):
    assert one(asked, "CONCAT(?, '-', ?)", [left, right]) == f"{left}-{right}"
    assert one(asked, "CHAR_LENGTH(?)", [left]) == len(left)
    assert one(asked, "LENGTH(?)", [left]) == len(left.encode())
    assert one(asked, "LEFT(?, ?)", [left, count]) == left[:count]
    assert one(asked, "RIGHT(?, ?)", [left, count]) == (left[-count:] if count else "")
    assert one(asked, "SUBSTRING(?, 2, ?)", [left, count]) == left[1 : 1 + count]
    assert one(asked, "REPEAT(?, ?)", [left, count]) == left * count
    assert one(asked, "REVERSE(?)", [left]) == left[::-1]
    assert one(asked, "LPAD(?, ?, '*')", [left, count]) == left[:count].rjust(count, "*")
    assert one(asked, "RPAD(?, ?, '*')", [left, count]) == left[:count].ljust(count, "*")
    parts = f"{left.replace(',', '')},{right.replace(',', '')},z"
    assert one(asked, "SUBSTRING_INDEX(?, ',', 1)", [parts]) == parts.split(",", maxsplit=1)[0]
    assert one(asked, "SUBSTRING_INDEX(?, ',', -1)", [parts]) == "z"


@SHARED
@given(TEXT)
def test_a_text_in_the_statement_is_that_text(asked, text):
    written = text.replace("\\", "\\\\").replace("'", "\\'")
    assert one(asked, f"'{written}'") == text
    doubled = text.replace("\\", "\\\\").replace('"', '""')
    assert one(asked, f'"{doubled}"') == text


@SHARED
@given(st.text("ab%_\\", max_size=6), st.text("aAbB%_\\", max_size=6))
def test_like_escapes_with_a_backslash(asked, pattern, text):
    if re.search(r"(^|[^\\])(\\\\)*\\$", pattern):
        return  # a backslash at the end is undefined there
    wanted, signs = "", iter(pattern)
    for sign in signs:
        if sign == "\\":
            wanted += re.escape(next(signs))
        else:
            wanted += {"%": ".*", "_": "."}.get(sign, re.escape(sign))
    expected = re.fullmatch(wanted, text, re.IGNORECASE | re.DOTALL) is not None
    assert one(asked, "? LIKE ?", [text, pattern]) == expected
    assert one(asked, "? NOT LIKE ?", [text, pattern]) == (not expected)


@SHARED
@given(NUMBER, NUMBER, st.integers(-3, 3))
def test_numbers(asked, left, right, places):
    assert one(asked, "? + ? - ? * 2", [left, right, places]) == left + right - places * 2
    assert one(asked, "GREATEST(?, ?)", [left, right]) == max(left, right)
    assert one(asked, "LEAST(?, ?, 0)", [left, right]) == min(left, right, 0)
    assert one(asked, "IF(? > ?, 'a', 'b')", [left, right]) == ("a" if left > right else "b")
    quotient = one(asked, "? / ?", [left, right])
    whole = one(asked, "? DIV ?", [left, right])
    if right == 0:
        assert (quotient, whole) == (None, None)
        return
    assert quotient == pytest.approx(left / right)
    assert whole == abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
    assert one(asked, "FLOOR(?)", [left / right]) == left // right
    assert one(asked, "CEIL(?)", [left / right]) == -(-left // right)


@SHARED
@given(st.lists(st.tuples(st.sampled_from("aAbc"), st.integers(-5, 5) | st.none()), max_size=12))
def test_rows_are_grouped_summed_and_filtered(asked, rows):
    asked.change("DROP TABLE IF EXISTS r")
    asked.change("CREATE TABLE r (k VARCHAR(5) NOT NULL, v INT)")
    for row in rows:
        asked.change("INSERT INTO r (k, v) VALUES (?, ?)", row)
    found = asked.rows(
        "SELECT LOWER(k) AS g, COUNT(*) AS n, COUNT(v) AS c, SUM(v) AS s,"
        " SUM(CASE WHEN v > 0 THEN 1 ELSE 0 END) AS p, MAX(IFNULL(v, 9)) AS m"
        " FROM r GROUP BY k HAVING n > 0 ORDER BY g"
    )
    expected = []
    for key in sorted({key.lower() for key, _ in rows}):
        values = [value for other, value in rows if other.lower() == key]
        known = [value for value in values if value is not None]
        expected.append(
            {
                "g": key, "n": len(values), "c": len(known), "s": sum(known) if known else None,
                "p": sum(value > 0 for value in known),
                "m": max(9 if value is None else value for value in values),
            }
        )  # fmt: skip
    assert found == (expected or None)
    few = asked.rows("SELECT k FROM r WHERE v IS NULL OR v <=> ? ORDER BY v LIMIT ?, ?", [3, 1, 2])
    matching = [value for _, value in rows if value is None or value == 3]
    assert len(few or ()) == min(max(len(matching) - 1, 0), 2)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("DATE_SUB('2024-03-31', INTERVAL 1 MONTH)", "2024-02-29"),
        ("DATE_ADD('2024-01-31 10:00:00', INTERVAL 1 DAY)", "2024-02-01 10:00:00"),
        ("DATE_ADD('2024-01-31', INTERVAL 1 HOUR)", "2024-01-31 01:00:00"),
        ("DATE('2024-01-31 10:00:00')", "2024-01-31"),
        ("DATE_FORMAT('2024-02-03 04:05:06', '%D %k %l %p %r')", "3rd 4 4 AM 04:05:06 AM"),
        ("DATE_FORMAT('nothing', '%Y')", None),
        ("CONCAT('a', NULL)", None),
        ("CONCAT(1, 2)", "12"),
        ("CONCAT_WS(', ', 'a', NULL, 'b')", "a, b"),
        ("IFNULL(NULL, 2)", 2),
        ("COALESCE(NULL, NULL, 3)", 3),
        ("NULLIF(1, 1)", None),
        ("ISNULL(NULL)", 1),
        ("NULL <=> NULL", 1),
        ("1 <=> NULL", 0),
        ("ROUND(2.5)", 3),
        ("ROUND(-2.5)", -3),
        ("ROUND(2.345, 2)", 2.35),
        ("ROUND(1234, -2)", 1200),
        ("TRUNCATE(2.999, 1)", 2.9),
        ("MOD(7, 3)", 1),
        ("7 MOD 3", 1),
        ("7 DIV 2", 3),
        ("7 / 2", 3.5),
        ("1 / 0", None),
        ("TRUE AND NOT FALSE", 1),
        ("1 || 0", 1),
        ("1 && 0", 0),
        ("!0", 1),
        ("CAST('12abc' AS SIGNED)", 12),
        ("CAST(3.7 AS CHAR)", "3.7"),
        ("CAST('2024-01-31 10:00:00' AS DATE)", "2024-01-31"),
        ("CONVERT('5', UNSIGNED)", 5),
        ("CAST(2.345 AS DECIMAL(10,2))", 2.35),
        ("EXTRACT(YEAR FROM '2024-01-31')", 2024),
        ("FIELD('b', 'a', 'B')", 2),
        ("FIND_IN_SET('b', 'a,b,c')", 2),
        ("INSTR('foobar', 'BAR')", 4),
        ("LOCATE('bar', 'foobar')", 4),
        ("POSITION('bar' IN 'foobar')", 4),
        ("TRIM('  x ')", "x"),
        ("TRIM(LEADING '0' FROM '007')", "7"),
        ("UPPER('ab')", "AB"),
        ("SUBSTRING('foobar' FROM 4 FOR 2)", "ba"),
        ("REPLACE('aab', 'a', 'x')", "xxb"),
        ("CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' END", "b"),
        ("'a' IN ('b', 'a')", 1),
        ("2 BETWEEN 1 AND 3", 1),
        ("'it''s' = \"it's\"", 1),
        ("DATE '2024-01-31'", "2024-01-31"),
        ("0x4142", "AB"),
        ("(SELECT MAX(id) FROM ticket_priority)", 5),
        ("(SELECT GROUP_CONCAT(id SEPARATOR '; ') FROM ticket_priority)", "1; 2; 3; 4; 5"),
        ("EXISTS (SELECT 1 FROM DUAL)", 1),
        (
            "(SELECT GROUP_CONCAT(id ORDER BY id DESC SEPARATOR '-') FROM ticket_priority)",
            "5-4-3-2-1",
        ),
        (
            "(SELECT GROUP_CONCAT(DISTINCT valid_id ORDER BY id SEPARATOR '|') FROM queue)",
            "1",
        ),
        ("(SELECT GROUP_CONCAT(id, ':', valid_id) FROM ticket_priority WHERE id < 3)", "1:1,2:1"),
        ("(SELECT COUNT(DISTINCT id, valid_id) FROM ticket_priority)", 5),
        ("(SELECT COUNT(*) FILTER (WHERE id > 3) FROM ticket_priority)", 2),
        ("(SELECT STDDEV(id) FROM ticket_priority)", 2**0.5),
        ("(SELECT VAR_SAMP(id) FROM ticket_priority)", 2.5),
        ("(SELECT STDDEV_SAMP(id) FROM ticket_priority WHERE id = 1)", None),
        ("(SELECT ANY_VALUE(id) FROM ticket_priority WHERE id = 2)", 2),
        ("'Printer' REGEXP '^p.*[[:alpha:]]$'", 1),
        ("'a' NOT RLIKE 'b'", 1),
        ("'a' REGEXP '('", None),
        ("REGEXP_REPLACE('a1b22', '[0-9]+', '-')", "a-b-"),
        ("REGEXP_SUBSTR('tn 2024', '[0-9]+')", "2024"),
        ("1 XOR 0", 1),
        ("2 XOR 1", 0),
        ("'Ab' ILIKE 'a%'", 1),
        ("WEEK('2024-02-03')", 4),
        ("WEEK('2024-02-03', 3)", 5),
        ("WEEKOFYEAR('2021-01-01')", 53),
        ("YEARWEEK('2021-01-01', 1)", 202053),
        ("DATE_FORMAT('2021-01-01', '%x-W%v %X %V %u %U')", "2020-W53 2020 52 00 00"),
        ("CONVERT_TZ('2024-01-01 12:00:00', '+00:00', '+05:30')", "2024-01-01 17:30:00"),
        ("CONVERT_TZ('2024-01-01 12:00:00', 'UTC', 'Mars/Olympus')", None),
        ("STR_TO_DATE('03.02.2024', '%d.%m.%Y')", "2024-02-03"),
        ("STR_TO_DATE('Feb 3rd, 2024 4:05 PM', '%b %D, %Y %h:%i %p')", "2024-02-03 16:05:00"),
        ("STR_TO_DATE('31.02.2024', '%d.%m.%Y')", None),
        ("TIMEDIFF('2024-01-02 10:00:00', '2024-01-01 09:30:00')", "24:30:00"),
        ("SEC_TO_TIME(-3661)", "-01:01:01"),
        ("TIME_TO_SEC('01:01:01')", 3661),
        ("MAKEDATE(2024, 60)", "2024-02-29"),
        ("TO_DAYS('2024-01-01')", 739251),
        ("FROM_DAYS(739251)", "2024-01-01"),
        ("ADDDATE('2024-01-31', 1)", "2024-02-01"),
        ("ADDDATE('2024-01-31', INTERVAL 1 MONTH)", "2024-02-29"),
        ("SUBDATE('2024-01-01', INTERVAL 1 DAY)", "2023-12-31"),
        ("TIMESTAMPADD(MINUTE, 90, '2024-01-01 00:00:00')", "2024-01-01 01:30:00"),
        ("'2024-01-31' - INTERVAL '30 days'", "2024-01-01"),
        ("DATE_TRUNC('month', '2024-02-03 04:05:06')", "2024-02-01 00:00:00"),
        ("DATE_TRUNC('week', '2024-02-03 04:05:06')", "2024-01-29 00:00:00"),
        ("TO_CHAR('2024-02-03 14:05:06', 'YYYY-MM-DD HH24:MI')", "2024-02-03 14:05"),
        ("EXTRACT(EPOCH FROM ('2024-01-01 00:01:00' - '2024-01-01 00:00:00'))", 60),
        ("FORMAT(12345.678, 2)", "12,345.68"),
        ("ELT(2, 'a', 'b')", "b"),
        ("LOCATE('b', 'abcb', 3)", 4),
        ("LOG10(1000)", 3.0),
        ("LOG(0)", None),
        ("STRCMP('a', 'b')", -1),
        ("ASCII('A')", 65),
        ("SPACE(2)", "  "),
        ("MD5('a')", "0cc175b9c0f1b6a831c399e269772661"),
        ("LENGTH(UUID())", 36),
        ("DATABASE()", "helpdesk"),
    ],
)
def test_an_expression_has_its_value(asked: Asked, expression: str, value: Any):
    found = one(asked, expression)
    assert found == value
    assert type(found) is type(value) or isinstance(value, bool)


def test_now_is_one_time_throughout_a_statement(asked: Asked):
    (row,) = asked.rows(
        "SELECT NOW() AS a, CURRENT_TIMESTAMP AS b, UNIX_TIMESTAMP() AS c, CURDATE() AS d,"
        " UNIX_TIMESTAMP(NOW()) AS e"
    )
    assert row["a"] == row["b"]
    assert row["a"].startswith(row["d"])
    assert row["c"] == row["e"]


def test_compounds_may_stand_in_parentheses(asked: Asked):
    rows = asked.rows(
        "(SELECT id FROM ticket_priority ORDER BY id DESC LIMIT 1) UNION ALL"
        " (SELECT id FROM ticket_priority ORDER BY id LIMIT 2) ORDER BY 1"
    )
    assert [row["id"] for row in rows] == [1, 2, 5]
    assert asked.rows("(SELECT 1 AS one)") == [{"one": 1}]


def test_windows_and_clauses_with_names(asked: Asked):
    rows = asked.rows(
        "WITH p AS (SELECT id FROM ticket_priority) SELECT id,"
        " ROW_NUMBER() OVER (ORDER BY id DESC) AS place, COUNT(*) OVER () AS n FROM p ORDER BY id"
    )
    assert rows[0] == {"id": 1, "place": 5, "n": 5}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM ticket GROUP BY id WITH ROLLUP",
        "SELECT MATCH(title) AGAINST ('x') FROM ticket",
        "SELECT JSON_EXTRACT('{}', '$.a')",
        "SELECT DATE_ADD(NOW(), INTERVAL '1:1' MINUTE_SECOND)",
        "SELECT INTERVAL 1 DAY",
        "SELECT * FROM (SELECT 1 AS a) AS t (b)",
        "SELECT UUID(1, 2), LOAD_FILE('/etc/passwd')",
        "SELECT SLEEP(1)",
    ],
)
def test_what_has_no_translation_says_so(asked: Asked, sql: str):
    assert re.search(r"not served|cannot be read", asked.refused(sql).reason)
