"""INSERT, REPLACE, UPDATE, DELETE and TRUNCATE as SQLite has them."""

from sqlglot import exp

from sandbox_child.query.errors import Refused, not_served
from sandbox_child.query.translate import translate
from sandbox_child.wire.queries import TABLES, Because

CHANGES = (exp.Insert, exp.Update, exp.Delete, exp.TruncateTable)
_ALSO: frozenset[type[exp.Expr]] = frozenset({*CHANGES, exp.Schema, exp.Values, exp.OnConflict})


def change(tree: exp.Expr) -> exp.Expr:
    """Return the statement as SQLite is to read it. Raises Refused."""
    if isinstance(tree, exp.TruncateTable):
        if len(tree.expressions) != 1:
            raise not_served("TRUNCATE of several tables")
        tree = exp.Delete(this=tree.expressions[0])
    target = _target(tree)
    if isinstance(tree, exp.Insert):
        _insert(tree)
    elif isinstance(tree, exp.Update | exp.Delete):
        _few(tree, target)
    return translate(tree, _ALSO)


def _target(tree: exp.Expr) -> exp.Table:
    table = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    if not isinstance(table, exp.Table) or table.args.get("joins") or tree.args.get("tables"):
        raise not_served("a change of several tables at once")
    if table.name.lower() in TABLES:
        raise Refused(
            Because.SQL,
            f"{table.name} is a table of the help desk's; a plugin changes its own alone",
        )
    return table


def _insert(tree: exp.Insert) -> None:
    conflict = tree.args.get("conflict")
    values = tree.expression
    alias = values.args.get("alias") if isinstance(values, exp.Values) else None
    if conflict is None:
        return
    if not conflict.args.get("duplicate"):
        raise Refused(Because.SQL, "ON CONFLICT is not MySQL; write ON DUPLICATE KEY UPDATE")
    new = alias.name.lower() if alias is not None else ""
    if alias is not None:
        values.set("alias", None)
    for node in list(conflict.find_all(exp.Anonymous, exp.Column)):
        if isinstance(node, exp.Anonymous) and str(node.this).upper() == "VALUES":
            node.replace(exp.column(node.expressions[0].copy(), table="excluded"))
        elif isinstance(node, exp.Column) and new and node.table.lower() == new:
            node.set("table", exp.to_identifier("excluded"))
    for assignment in conflict.expressions:
        # Of the table's own name SQLite wants none on the left.
        assignment.this.set("table", None)
    conflict.set("duplicate", False)
    conflict.set("action", exp.Var(this="DO UPDATE"))
    if isinstance(values, exp.Select) and not values.args.get("where"):
        # Else SQLite takes ON for that of a join.
        values.set("where", exp.Where(this=exp.true()))


def _few(tree: exp.Update | exp.Delete, target: exp.Table) -> None:
    """Change some rows in an order: not every SQLite has LIMIT here, so by their numbers."""
    if isinstance(tree, exp.Update):
        for assignment in tree.expressions:
            if isinstance(assignment, exp.EQ) and isinstance(assignment.this, exp.Column):
                assignment.this.set("table", None)
    for extra in ("from_", "using", "returning", "hint"):
        if tree.args.get(extra):
            raise not_served(f"{extra.strip('_').upper()} in a change")
    limit, order = tree.args.get("limit"), tree.args.get("order")
    if limit is None:
        tree.set("order", None)
        return
    chosen = exp.select("rowid").from_(target.copy())
    for name in ("where", "order", "limit"):
        part = tree.args.get(name)
        chosen.set(name, part.copy() if part is not None else None)
        tree.set(name, None)
    del order
    wanted = exp.In(this=exp.column("rowid"), query=exp.Subquery(this=chosen))
    tree.set("where", exp.Where(this=wanted))
