"""From MySQL to SQLite: a tree in, a tree out. Everything that no rule here knows is refused.

Only the meaning is decided here. What a statement may reach is decided by the connection that it
runs on (``guard``), whatever the text says.
"""

from collections.abc import Callable

from sqlglot import exp

from sandbox_child.query import clock
from sandbox_child.query.errors import Refused, not_served
from sandbox_child.query.functions import CALLS, call
from sandbox_child.wire.queries import Because

_STRUCTURE = (
    *(exp.Select, exp.Union, exp.Intersect, exp.Except, exp.Subquery, exp.With, exp.CTE),
    *(exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit),
    *(exp.Offset, exp.Distinct, exp.Table, exp.TableAlias, exp.Alias, exp.Column, exp.Identifier),
    *(exp.Star, exp.Window, exp.WindowSpec, exp.Tuple, exp.Paren),
)
_VALUES = (
    *(exp.Literal, exp.Null, exp.Boolean, exp.Placeholder, exp.HexString, exp.DataType, exp.Var),
    *(exp.DataTypeParam,),
)
_OPERATORS = (
    *(exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ),
    *(
        exp.Is,
        exp.In,
        exp.Between,
        exp.Like,
        exp.ILike,
        exp.RegexpLike,
        exp.Xor,
        exp.Escape,
        exp.Exists,
        exp.Add,
        exp.Sub,
        exp.Mul,
    ),
    *(exp.Div, exp.IntDiv, exp.Mod, exp.Neg, exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseNot),
    *(exp.BitwiseLeftShift, exp.BitwiseRightShift, exp.DPipe, exp.Collate),
)
_CALLS = (
    *(exp.Case, exp.If, exp.Cast, exp.Coalesce, exp.Count, exp.Sum, exp.Avg, exp.Min, exp.Max),
    *(exp.GroupConcat, exp.Concat, exp.Trim, exp.Substring, exp.Extract, exp.StrPosition),
    *(exp.DateAdd, exp.DateSub, exp.Interval, exp.CurrentDate, exp.CurrentTimestamp),
    *(exp.CurrentTime, exp.Filter),
    *(exp.Localtime, exp.Localtimestamp, exp.Anonymous),
)
_ALLOWED = frozenset({*_STRUCTURE, *_VALUES, *_OPERATORS, *_CALLS})
_IGNORED = frozenset({exp.IndexTableHint, exp.Hint, exp.Lock})
"""What only asks for speed, or for a lock that a reader does not need."""
QUERIES = (exp.Select, exp.Union, exp.Intersect, exp.Except, exp.Subquery)

_LONGEST_NAME = 40


def translate(tree: exp.Expr, also: frozenset[type[exp.Expr]] = frozenset()) -> exp.Expr:
    """Return the tree as SQLite is to read it; ``also``: kinds of nodes that are allowed besides.

    The tree is changed. Raises Refused.
    """
    for ignored in list(tree.find_all(*_IGNORED)):
        ignored.pop()
    while isinstance(tree, exp.Subquery) and not tree.args.get("alias"):
        if any(tree.args.get(part) for part in ("order", "limit", "offset", "with_")):
            raise not_served("a clause behind a statement in parentheses")
        tree = tree.this
    for node in tree.walk():
        if type(node) not in _ALLOWED and type(node) not in also:
            raise not_served(_name(node))
    # From the leaves upwards, so that a rule finds its arguments translated.
    for node in reversed(list(tree.walk())):
        rule = _RULES.get(type(node))
        if rule is not None and (made := rule(node)) is not node:
            if node is tree:
                tree = made
            else:
                node.replace(made)
    return tree


def names_of_its_own(tree: exp.Expr) -> frozenset[str]:
    """Return the names that a statement's WITH clauses give, in lower case."""
    return frozenset(cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE))


def table_names(tree: exp.Expr) -> set[str]:
    """Return the names of the tables that a tree speaks of, in lower case; no names of its own."""
    return {table.name.lower() for table in tree.find_all(exp.Table)} - names_of_its_own(tree)


def _name(node: exp.Expr) -> str:
    word = type(node).__name__.upper()
    text = node.sql("mysql", comments=False)[:_LONGEST_NAME]
    return f"{word} ({text})" if text else word


def _alias(node: exp.TableAlias) -> exp.Expr:
    if node.args.get("columns") and not isinstance(node.parent, exp.CTE):
        raise not_served("a list of columns behind the alias of a table")
    return node


def _table(node: exp.Table) -> exp.Expr:
    if not isinstance(node.this, exp.Identifier):
        raise not_served("a function in the place of a table")
    if node.args.get("db") or node.args.get("catalog"):
        raise not_served(f"a table of another database ({node.sql('mysql')[:_LONGEST_NAME]})")
    for extra in ("hints", "partition", "sample", "pivots", "version", "when", "only"):
        if node.args.get(extra):
            raise not_served(f"{extra.upper()} of a table")
    return node


def _select(node: exp.Select) -> exp.Expr:
    for extra in ("into", "laterals", "hint", "kind", "sample", "windows", "qualify", "connect"):
        node.set(extra, None) if extra == "hint" else _refuse_part(node, extra)
    if node.args.get("operation_modifiers"):
        node.set("operation_modifiers", [])
    source = node.args.get("from_")
    if source is not None and source.name.lower() == "dual" and not node.args.get("joins"):
        node.set("from_", None)
    return node


def _refuse_part(node: exp.Expr, part: str) -> None:
    if node.args.get(part):
        raise not_served(f"{part.upper()} in a SELECT")


def _union(node: exp.Expr) -> exp.Expr:
    """SQLite has no parentheses around the parts of a compound."""
    for side in ("this", "expression"):
        part = node.args[side]
        if isinstance(part, exp.Subquery):
            node.set(side, exp.select("*").from_(exp.Subquery(this=part.this)))
    return node


def _group(node: exp.Group) -> exp.Expr:
    if node.args.get("rollup") or node.args.get("cube") or node.args.get("grouping_sets"):
        raise not_served("WITH ROLLUP")
    return node


def _called(node: exp.Anonymous) -> exp.Expr:
    if not isinstance(node.this, str):
        raise not_served("a quoted name of a function")
    name = node.this.upper()
    if name not in CALLS:
        raise not_served(f"the function {name[:_LONGEST_NAME]}")
    fewest, most, make = CALLS[name]
    given = len(node.expressions)
    if not fewest <= given <= most:
        wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
        raise Refused(Because.SQL, f"{name} with {given} arguments; it takes {wanted}")
    made = make([argument.copy() for argument in node.expressions])
    return _later(made) if isinstance(made, exp.DateAdd | exp.DateSub) else made


def _like(node: exp.Like | exp.ILike) -> exp.Expr:
    # LIKE regards no case here, so that ILIKE is the same.
    same = exp.Like(**node.copy().args)
    if isinstance(node.parent, exp.Escape):
        return same
    return exp.Escape(this=same, expression=exp.Literal.string("\\"))


def _xor(node: exp.Xor) -> exp.Expr:
    one, other = (
        exp.Not(this=exp.Paren(this=side.copy())) for side in (node.this, node.expression)
    )
    return exp.Paren(this=exp.NEQ(this=exp.Paren(this=one), expression=exp.Paren(this=other)))


def _count(node: exp.Count) -> exp.Expr:
    """MySQL counts distinct rows of several columns, none of them NULL."""
    if isinstance(node.this, exp.Distinct) and len(node.this.expressions) > 1:
        columns = [column.copy() for column in node.this.expressions]
        node.this.set("expressions", [call("gk_as_one", *columns)])
    return node


def _later(node: exp.DateAdd | exp.DateSub) -> exp.Expr:
    amount, unit = node.expression, node.args.get("unit")
    if isinstance(amount, exp.Interval):
        amount, unit = amount.this, amount.args.get("unit")
    return _moved(node.this, amount, unit, back=isinstance(node, exp.DateSub))


def _sum(node: exp.Add | exp.Sub) -> exp.Expr:
    back = isinstance(node, exp.Sub)
    if isinstance(node.expression, exp.Interval):
        return _moved(node.this, node.expression.this, node.expression.args.get("unit"), back=back)
    if isinstance(node.this, exp.Interval) and not back:
        return _moved(node.expression, node.this.this, node.this.args.get("unit"), back=False)
    return node


def _moved(when: exp.Expr, amount: exp.Expr, unit: exp.Expr | None, *, back: bool) -> exp.Expr:
    name = unit.name.upper() if unit is not None else "DAY"
    if name not in clock.UNITS and name.removesuffix("S") in clock.UNITS:
        name = name.removesuffix("S")
    if name not in clock.UNITS:
        raise not_served(f"an interval in {name[:_LONGEST_NAME]}")
    by: exp.Expr = amount.copy()
    if isinstance(amount, exp.Literal) and amount.is_string and _is_number(amount.name):
        by = exp.Literal.number(amount.name)
    if back:
        by = exp.Neg(this=exp.Paren(this=by))
    return call("gk_date_add", when.copy(), by, exp.Literal.string(name))


_TAKE_INTERVALS = ("ADDDATE", "SUBDATE")


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal() and text.isascii()


def _interval(node: exp.Interval) -> exp.Expr:
    if isinstance(node.parent, exp.Add | exp.Sub | exp.DateAdd | exp.DateSub):
        return node
    if isinstance(node.parent, exp.Anonymous) and node.parent.name.upper() in _TAKE_INTERVALS:
        return node
    raise not_served("an INTERVAL that is neither added nor subtracted")


def _cast(node: exp.Cast) -> exp.Expr:
    if node.args.get("format") or node.args.get("default"):
        raise not_served("CAST with a format")
    kind, this = node.to, node.this.copy()
    if kind.this in _INTEGERS:
        return exp.Cast(this=this, to=exp.DataType.build("INT"))
    if kind.this in _TEXTS:
        return exp.Cast(this=this, to=exp.DataType.build("TEXT"))
    if kind.this is exp.DType.DECIMAL:
        places = kind.expressions[1].this if len(kind.expressions) > 1 else exp.Literal.number(0)
        real = exp.Cast(this=this, to=exp.DataType.build("DOUBLE"))
        return call("gk_round", real, places.copy())
    if kind.this in _REALS:
        return exp.Cast(this=this, to=exp.DataType.build("DOUBLE"))
    if kind.this in _TIMES:
        return call(_TIMES[kind.this], this)
    if kind.this in _BYTES:
        return exp.Cast(this=this, to=exp.DataType.build("BLOB"))
    raise not_served(f"CAST to {kind.sql('mysql')[:_LONGEST_NAME]}")


_T = exp.DType
_INTEGERS = frozenset({_T.BIGINT, _T.UBIGINT, _T.INT, _T.UINT, _T.SMALLINT, _T.TINYINT})
_TEXTS = frozenset({_T.CHAR, _T.VARCHAR, _T.NCHAR, _T.TEXT})
_REALS = frozenset({_T.DOUBLE, _T.FLOAT})
_BYTES = frozenset({_T.BINARY, _T.VARBINARY, _T.BLOB})
_TIMES = {
    _T.DATE: "date", _T.DATETIME: "datetime", _T.TIMESTAMP: "datetime",
    _T.TIMESTAMPTZ: "datetime", _T.TIME: "time",
}  # fmt: skip


def _extract(node: exp.Extract) -> exp.Expr:
    name, what = node.name.upper(), node.expression
    if name == "EPOCH":
        inner = what.unnest()
        if isinstance(inner, exp.Sub):
            start, end = inner.expression.copy(), inner.this.copy()
            return call("gk_timestamp_diff", exp.Literal.string("SECOND"), start, end)
        return call("gk_epoch", what.copy())
    if name not in ("YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"):
        raise not_served(f"EXTRACT of {name[:_LONGEST_NAME]}")
    return CALLS[name][2]([node.expression.copy()])


def _group_concat(node: exp.GroupConcat) -> exp.Expr:
    this, separator = node.this, node.args.get("separator") or exp.Literal.string(",")
    order = this if isinstance(this, exp.Order) else None
    if order is not None:
        this = order.this
    distinct = isinstance(this, exp.Distinct)
    if order is None and not distinct:
        return call("group_concat", this.copy(), separator.copy())
    if distinct:
        this = this.expressions[0]
    keys: list[exp.Expr] = []
    for key in order.expressions if order is not None else ():
        keys += [key.this.copy(), exp.Literal.number(int(bool(key.args.get("desc"))))]
    flag = exp.Literal.number(int(distinct))
    return call("gk_group_concat", this.copy(), separator.copy(), flag, *keys)


def _substring(node: exp.Substring) -> exp.Expr:
    parts = [node.this, node.args.get("start"), node.args.get("length")]
    return call("substr", *(part.copy() for part in parts if part is not None))


def _position(node: exp.StrPosition) -> exp.Expr:
    text, sought = node.this.copy(), node.args["substr"].copy()
    return call("instr", call("lower", text), call("lower", sought))


def _trim(node: exp.Trim) -> exp.Expr:
    side = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(node.args.get("position") or ""))
    what = [node.expression.copy()] if node.args.get("expression") else []
    return call(side or "trim", node.this.copy(), *what)


def _collate(node: exp.Collate) -> exp.Expr:
    name = node.expression.name.lower()
    rule = "BINARY" if name.endswith("_bin") or name == "binary" else "NOCASE"
    node.set("expression", exp.Var(this=rule))
    return node


def _joined(node: exp.Concat) -> exp.Expr:
    """Texts that stand beside each other."""
    return CALLS["CONCAT"][2]([part.copy() for part in node.expressions])


_RULES: dict[type[exp.Expr], Callable[..., exp.Expr]] = {
    exp.Add: _sum,
    exp.Anonymous: _called,
    exp.Cast: _cast,
    exp.Collate: _collate,
    exp.Concat: _joined,
    exp.Count: _count,
    exp.CurrentTime: lambda _: call("gk_curtime"),
    exp.CurrentDate: lambda _: call("gk_curdate"),
    exp.CurrentTimestamp: lambda _: call("gk_now"),
    exp.DateAdd: _later,
    exp.DateSub: _later,
    exp.Except: _union,
    exp.Extract: _extract,
    exp.Group: _group,
    exp.GroupConcat: _group_concat,
    exp.Intersect: _union,
    exp.Interval: _interval,
    exp.ILike: _like,
    exp.Like: _like,
    exp.Localtime: lambda _: call("gk_now"),
    exp.Localtimestamp: lambda _: call("gk_now"),
    exp.RegexpLike: lambda node: call("gk_regexp", node.this.copy(), node.expression.copy()),
    exp.Select: _select,
    exp.StrPosition: _position,
    exp.Sub: _sum,
    exp.Substring: _substring,
    exp.Table: _table,
    exp.TableAlias: _alias,
    exp.Trim: _trim,
    exp.Union: _union,
    exp.Xor: _xor,
}
