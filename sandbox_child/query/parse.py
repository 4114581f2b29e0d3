"""One statement of a plugin's SQL as a tree: bounded before it is read, nothing hidden in it."""

import logging

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from sandbox_child.query.dialect import Read
from sandbox_child.query.errors import Refused, not_served
from sandbox_child.wire.queries import Because

MAX_TOKENS = 20_000
MAX_DEPTH = 60
"""Of parentheses in each other."""
MAX_NODES = 60_000
_LONGEST_EXCERPT = 60

_READ = Read()
_OPENING = {TokenType.L_PAREN, TokenType.CASE}
_CLOSING = {TokenType.R_PAREN, TokenType.END}

# The parser says on stderr what it could not make sense of; here a statement is refused for it.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)


def parse(sql: str) -> exp.Expr:
    """Return the one statement in ``sql``, its parameters numbered. Raises Refused."""
    if "\0" in sql:
        raise not_served("a zero byte in a statement")
    try:
        tokens = _READ.tokenize(sql)
        _look_at(tokens)
        trees = _READ.parser(max_nodes=MAX_NODES).parse(tokens, sql)
    except SqlglotError as exc:
        raise Refused(Because.SQL, f"the statement cannot be read: {_reason(exc)}") from None
    except RecursionError:
        raise Refused(Because.LIMIT, "the statement is nested too deeply") from None
    statements = [tree for tree in trees if tree is not None]
    if not statements:
        raise Refused(Because.SQL, "there is no statement; expected one")
    if len(statements) > 1:
        raise Refused(
            Because.SQL, f"{len(statements)} statements in one call; expected one, send each alone"
        )
    _number_parameters(statements[0])
    return statements[0]


def _look_at(tokens: list[Token]) -> None:
    """Refuse what must not even be parsed."""
    if len(tokens) > MAX_TOKENS:
        raise Refused(
            Because.LIMIT, f"the statement has {len(tokens)} words; at most {MAX_TOKENS} are read"
        )
    depth = 0
    for token in tokens:
        depth += (token.token_type in _OPENING) - (token.token_type in _CLOSING)
        if depth > MAX_DEPTH:
            raise Refused(Because.LIMIT, f"the statement is nested more than {MAX_DEPTH} deep")
        if any(comment.startswith("!") for comment in token.comments):
            raise not_served("a comment that MySQL carries out (/*! ... */)")
        if token.token_type is TokenType.DCOLON:
            raise Refused(Because.SQL, "'::' is not MySQL; write CAST(value AS type)")
        if token.text.startswith("$") and token.token_type is not TokenType.STRING:
            raise Refused(
                Because.SQL,
                f"{token.text[:20]} is not a parameter of MySQL; write ? for each value",
            )
        if token.token_type in (TokenType.PARAMETER, TokenType.SESSION_PARAMETER, TokenType.COLON):
            raise Refused(
                Because.SQL, "variables and named parameters are not served; write ? for each value"
            )


def _reason(error: SqlglotError) -> str:
    """Return the first line of the parser's message, without its colours."""
    first = str(error).partition("\n")[0]
    return first[: 4 * _LONGEST_EXCERPT]


def _number_parameters(tree: exp.Expr) -> None:
    """Give each parameter its number in the order of the text, whatever the tree's order is."""
    found = list(tree.find_all(exp.Placeholder))
    starts = sorted({int(parameter.name) for parameter in found})
    numbers = {start: number for number, start in enumerate(starts, 1)}
    for parameter in found:
        parameter.set("this", str(numbers[int(parameter.name)]))
