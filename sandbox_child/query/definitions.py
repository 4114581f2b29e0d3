"""CREATE, ALTER and DROP as SQLite has them: of MySQL's, what has a meaning here.

Types become SQLite's four, texts compare without regard to case as they do there, lengths are not
enforced, engines and character sets are passed over. An index belongs to its table in MySQL and to
the whole database in SQLite, so the table's name is part of its name here.
"""

import re
from collections.abc import Callable, Iterable

from sqlglot import exp

from sandbox_child.query.dialect import write
from sandbox_child.query.errors import Refused, not_served
from sandbox_child.query.translate import translate
from sandbox_child.wire.queries import TABLES, Because

DEFINITIONS = (exp.Create, exp.Alter, exp.Drop)
NOW = "datetime('now', 'localtime')"

_T = exp.DType
_INTEGERS = {
    *(_T.TINYINT, _T.UTINYINT, _T.SMALLINT, _T.USMALLINT, _T.MEDIUMINT, _T.UMEDIUMINT, _T.INT),
    *(_T.UINT, _T.BIGINT, _T.UBIGINT, _T.BOOLEAN, _T.BIT, _T.YEAR),
}
_TEXTS = {
    *(_T.CHAR, _T.NCHAR, _T.VARCHAR, _T.NVARCHAR, _T.TEXT, _T.TINYTEXT, _T.MEDIUMTEXT),
    *(_T.LONGTEXT, _T.ENUM, _T.SET, _T.JSON),
}
_TIMES = {_T.DATE, _T.DATETIME, _T.TIMESTAMP, _T.TIMESTAMPTZ, _T.TIME}
_REALS = {_T.FLOAT, _T.DOUBLE, _T.UDOUBLE}
_EXACT = {_T.DECIMAL, _T.UDECIMAL}
_BYTES = {_T.BLOB, _T.TINYBLOB, _T.MEDIUMBLOB, _T.LONGBLOB, _T.BINARY, _T.VARBINARY}
_PASSED_OVER = (
    exp.CommentColumnConstraint,
    exp.CharacterSetColumnConstraint,
    exp.Reference,  # beside a column, MySQL reads it and does nothing
)
_PROPERTIES = (
    *(exp.EngineProperty, exp.CharacterSetProperty, exp.CollateProperty),
    *(exp.SchemaCommentProperty, exp.AutoIncrementProperty, exp.RowFormatProperty),
)
_REFERENTIAL = re.compile(r"ON (DELETE|UPDATE) (CASCADE|SET NULL|NO ACTION|RESTRICT)")


def define(tree: exp.Expr) -> tuple[str, list[str]]:
    """Return the statements that do what one of MySQL's says.

    Also the name of the table that it makes only where there is none; empty for all others. Raises
    Refused.
    """
    if isinstance(tree, exp.Create):
        return _create(tree)
    if isinstance(tree, exp.Alter):
        return "", _alter(tree)
    if isinstance(tree, exp.Drop):
        return "", _drop(tree)
    raise not_served(type(tree).__name__.upper())


def quoted(name: str) -> str:
    """Return a name as SQLite reads it, whatever is in it."""
    return "`" + name.replace("`", "``") + "`"


def _create(tree: exp.Create) -> tuple[str, list[str]]:
    if tree.args.get("replace"):
        raise not_served("CREATE OR REPLACE")
    if isinstance(tree.this, exp.Index):
        index = tree.this
        table = _table(index.args["table"])
        columns = index.args["params"].args.get("columns") or []
        return "", [_index(table, index.name, columns, unique=bool(tree.args.get("unique")))]
    if tree.kind != "TABLE" or not isinstance(tree.this, exp.Schema) or tree.expression:
        raise not_served(f"CREATE {tree.kind or ''} other than of a table with its columns")
    for option in tree.args["properties"].expressions if tree.args.get("properties") else ():
        if not isinstance(option, _PROPERTIES):
            raise not_served(f"{option.sql('mysql')[:40]} at CREATE TABLE")
    table = _table(tree.this.this, new=True)
    made = _Table(table)
    for part in tree.this.expressions:
        made.add(part)
    return table if tree.args.get("exists") else "", made.statements()


class _Table:
    """A table that is being made."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._columns: list[exp.ColumnDef] = []
        self._key: list[str] = []
        self._rules: list[str] = []
        self._behind: list[str] = []

    def add(self, part: exp.Expr) -> None:
        """Take a column, a key, an index or a rule."""
        match part:
            case exp.ColumnDef():
                self._columns.append(part)
            case exp.PrimaryKey():
                self._key = _names(part.expressions)
            case exp.UniqueColumnConstraint() | exp.IndexColumnConstraint():
                self._behind += _inner_index(self._name, part)
            case exp.CheckColumnConstraint():
                self._rules.append(f"CHECK ({_expression(part.this)})")
            case exp.ForeignKey():
                self._rules.append(_foreign_key(part))
            case exp.Constraint():
                for inner in part.expressions:
                    self.add(inner)
            case _:
                raise not_served(f"{part.sql('mysql')[:40]} at CREATE TABLE")

    def statements(self) -> list[str]:
        """Return what makes the table with its indexes and triggers."""
        for column in self._columns:
            if _has(column, exp.PrimaryKeyColumnConstraint):
                self._key = [column.name]
            if _has(column, exp.UniqueColumnConstraint):
                self._behind.append(_index(self._name, column.name, [column.this], unique=True))
            self._behind += touch(self._name, column)
        parts = [self._column(column) for column in self._columns]
        if len(self._key) > 1:
            parts.append(f"PRIMARY KEY ({', '.join(map(quoted, self._key))})")
        body = ", ".join([*parts, *self._rules])
        return [f"CREATE TABLE {quoted(self._name)} ({body})", *self._behind]

    def _column(self, column: exp.ColumnDef) -> str:
        key = self._key == [column.name]
        counts = _has(column, exp.AutoIncrementColumnConstraint)
        if counts and not key:
            raise not_served("AUTO_INCREMENT on a column that is not the primary key")
        if key and _kind(column) == "INTEGER":
            return f"{quoted(column.name)} INTEGER PRIMARY KEY{' AUTOINCREMENT' if counts else ''}"
        return column_text(column) + (" PRIMARY KEY NOT NULL" if key else "")


def column_text(column: exp.ColumnDef, *, added: bool = False) -> str:
    """Return a column's definition. ``added``: to a table whose rows need a value for it."""
    kind = _kind(column)
    parts = [quoted(column.name), kind]
    default, required = "", False
    collated = column.kind is not None and column.kind.this in _TEXTS
    for constraint in column.constraints:
        match constraint.kind:
            case exp.NotNullColumnConstraint() as rule:
                required = not rule.args.get("allow_null")
            case exp.DefaultColumnConstraint() as rule:
                default = _default(rule.this)
            case exp.CollateColumnConstraint() as rule:
                collated = collated and not rule.this.name.lower().endswith("_bin")
            case exp.CheckColumnConstraint() as rule:
                parts.append(f"CHECK ({_expression(rule.this)})")
            case (
                exp.PrimaryKeyColumnConstraint()
                | exp.UniqueColumnConstraint()
                | exp.AutoIncrementColumnConstraint()
                | exp.OnUpdateColumnConstraint()
            ):
                pass  # of the table
            case other:
                if not isinstance(other, _PASSED_OVER):
                    raise not_served(f"{constraint.sql('mysql')[:40]} at a column")
    if required and added and not default:
        # As MySQL fills the rows that are there.
        default = "''" if kind in ("TEXT", "BLOB") else "0"
    parts += ["NOT NULL"] if required else []
    parts += [f"DEFAULT {default}"] if default else []
    parts += ["COLLATE NOCASE"] if collated else []
    return " ".join(parts)


def touch(table: str, column: exp.ColumnDef) -> list[str]:
    """Return the trigger that keeps a column ``ON UPDATE CURRENT_TIMESTAMP``."""
    if not _has(column, exp.OnUpdateColumnConstraint):
        return []
    name, trigger = quoted(column.name), quoted(f"touch__{table}__{column.name}")
    again = f"UPDATE {quoted(table)} SET {name} = {NOW} WHERE rowid = NEW.rowid"  # noqa: S608
    when = f"AFTER UPDATE ON {quoted(table)} FOR EACH ROW WHEN NEW.{name} IS OLD.{name}"
    return [f"CREATE TRIGGER {trigger} {when} BEGIN {again}; END"]


def _alter(tree: exp.Alter) -> list[str]:
    if tree.args.get("kind") != "TABLE":
        raise not_served(f"ALTER {tree.args.get('kind')}")
    table = _table(tree.this)
    return [statement for action in tree.args["actions"] for statement in _change(table, action)]


def _change(table: str, action: exp.Expr) -> list[str]:
    rule = _ACTIONS.get(type(action))
    if rule is None:
        raise not_served(f"ALTER TABLE with {action.sql('mysql')[:40]}")
    return rule(table, f"ALTER TABLE {quoted(table)}", action)


def _add_column(table: str, head: str, column: exp.ColumnDef) -> list[str]:
    if _has(column, exp.PrimaryKeyColumnConstraint, exp.AutoIncrementColumnConstraint):
        raise not_served("ADD COLUMN of a primary key")
    unique = _has(column, exp.UniqueColumnConstraint)
    return [
        f"{head} ADD COLUMN {column_text(column, added=True)}",
        *([_index(table, column.name, [column.this], unique=True)] if unique else []),
        *touch(table, column),
    ]


def _add_index(table: str, _head: str, action: exp.AddConstraint) -> list[str]:
    for part in action.expressions:
        if not isinstance(part, exp.UniqueColumnConstraint | exp.IndexColumnConstraint):
            raise not_served(f"ADD {part.sql('mysql')[:40]}")
    return [made for part in action.expressions for made in _inner_index(table, part)]


def _rename_column(_table_name: str, head: str, action: exp.RenameColumn) -> list[str]:
    old, new = quoted(action.this.name), quoted(action.args["to"].name)
    return [f"{head} RENAME COLUMN {old} TO {new}"]


def _rename(_table_name: str, head: str, action: exp.AlterRename) -> list[str]:
    return [f"{head} RENAME TO {quoted(_table(action.this, new=True))}"]


def _drop_part(table: str, head: str, action: exp.Drop) -> list[str]:
    names = [each.name for each in action.args["tables"]]
    if action.args.get("kind") == "COLUMN":
        return [f"{head} DROP COLUMN {quoted(name)}" for name in names]
    if action.args.get("kind") == "INDEX":
        return [f"DROP INDEX {quoted(_index_name(table, name))}" for name in names]
    raise not_served(f"ALTER TABLE with {action.sql('mysql')[:40]}")


_ACTIONS: dict[type[exp.Expr], Callable[..., list[str]]] = {
    exp.AddConstraint: _add_index,
    exp.AlterRename: _rename,
    exp.ColumnDef: _add_column,
    exp.Drop: _drop_part,
    exp.RenameColumn: _rename_column,
}


def _drop(tree: exp.Drop) -> list[str]:
    kind = tree.args.get("kind")
    if kind == "TABLE":
        perhaps = "IF EXISTS " if tree.args.get("exists") else ""
        return [f"DROP TABLE {perhaps}{quoted(_table(each))}" for each in tree.args["tables"]]
    where = tree.args.get("cluster")
    if kind == "INDEX" and isinstance(where, exp.OnProperty):
        table = _table(where.this)
        names = [_index_name(table, each.name) for each in tree.args["tables"]]
        return [f"DROP INDEX {quoted(name)}" for name in names]
    raise not_served(f"DROP {kind or ''}")


def _table(node: exp.Expr, *, new: bool = False) -> str:
    """Return a table's name; ``new``: it is about to be given."""
    if not isinstance(node, exp.Table) or node.args.get("db") or node.args.get("catalog"):
        raise not_served(f"{node.sql('mysql')[:40]} in the place of a table")
    name = node.name
    if name.lower() in TABLES:
        raise Refused(
            Because.SQL, f"{name} is a table of the help desk's; a plugin changes its own alone"
        )
    if new and name.lower().startswith("sqlite_"):
        raise not_served("a table whose name begins with sqlite_")
    return name


def _kind(column: exp.ColumnDef) -> str:
    kind = column.kind.this if column.kind is not None else None
    if kind in _INTEGERS:
        return "INTEGER"
    if kind in _TEXTS or kind in _TIMES:
        return "TEXT"
    if kind in _REALS:
        return "REAL"
    if kind in _EXACT:
        return "NUMERIC"
    if kind in _BYTES:
        return "BLOB"
    raise not_served(f"the type of {column.sql('mysql')[:40]}")


def _has(column: exp.ColumnDef, *kinds: type[exp.Expr]) -> bool:
    return any(isinstance(constraint.kind, kinds) for constraint in column.constraints)


def _default(value: exp.Expr) -> str:
    while isinstance(value, exp.Paren):
        value = value.this
    called = isinstance(value, exp.Anonymous) and str(value.this).upper() in (
        *("NOW", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP"),
    )
    if called or isinstance(value, exp.CurrentTimestamp | exp.Localtime | exp.Localtimestamp):
        return f"({NOW})"
    plain = value.this if isinstance(value, exp.Neg) else value
    if isinstance(plain, exp.Literal | exp.Null | exp.Boolean):
        return write(value)
    raise not_served(f"DEFAULT {value.sql('mysql')[:40]}")


def _expression(value: exp.Expr) -> str:
    return write(translate(value.copy()))


def _inner_index(table: str, part: exp.Expr) -> list[str]:
    """Return the index of a ``KEY`` among the columns of a table."""
    if isinstance(part, exp.UniqueColumnConstraint):
        schema = part.this
        if not isinstance(schema, exp.Schema):
            raise not_served("UNIQUE without columns")
        return [_index(table, schema.name, schema.expressions, unique=True)]
    if part.args.get("kind"):
        return []  # FULLTEXT and SPATIAL: their searches are not served
    return [_index(table, part.name, part.expressions, unique=False)]


def _index(table: str, name: str, columns: list[exp.Expr], *, unique: bool) -> str:
    names = [_column_of(column) for column in columns]
    given = _index_name(table, name or "_".join(names))
    return (
        f"CREATE {'UNIQUE ' if unique else ''}INDEX {quoted(given)}"
        f" ON {quoted(table)} ({', '.join(map(quoted, names))})"
    )


def _index_name(table: str, name: str) -> str:
    return f"index__{table}__{name}"


def _column_of(part: exp.Expr) -> str:
    """Return the name of an index's column, whose length and direction make no difference."""
    while isinstance(part, exp.Ordered | exp.ColumnPrefix):
        part = part.this
    if isinstance(part, exp.Anonymous) and isinstance(part.this, str):
        return part.this  # ``title(20)`` reads as a call
    if isinstance(part, exp.Column | exp.Identifier) and part.name:
        return part.name
    raise not_served(f"an index over {part.sql('mysql')[:40]}")


def _names(parts: Iterable[exp.Expr]) -> list[str]:
    return [_column_of(part) for part in parts]


def _foreign_key(part: exp.ForeignKey) -> str:
    reference = part.args["reference"]
    schema = reference.this
    options = [str(option).upper() for option in reference.args.get("options") or ()]
    for option in options:
        if not _REFERENTIAL.fullmatch(option):
            raise not_served(f"{option[:40]} at a foreign key")
    own, other = _names(part.expressions), _names(schema.expressions)
    return (
        f"FOREIGN KEY ({', '.join(map(quoted, own))}) REFERENCES {quoted(_table(schema.this))}"
        f" ({', '.join(map(quoted, other))}) {' '.join(options)}"
    )
