"""Makes bare web addresses in parsed Markdown clickable, as readers of a ticket expect.

A rule for markdown-it-py that works on its tokens: code and existing links are left alone. What
comes out passes the sanitiser like everything else.
"""

import re
from collections.abc import Iterator, Sequence

from markdown_it.rules_core import StateCore
from markdown_it.token import Token

_ADDRESS = re.compile(
    r"\bhttps?://(?=[A-Za-z0-9\[])[^\s<>\"'`\\\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]{1,2000}",
    re.ASCII | re.IGNORECASE,
)
_NOT_AT_THE_END = ".,:;!?*_~"


def link_addresses(state: StateCore) -> None:
    """Replace the addresses in every run of text by links."""
    for token in state.tokens:
        if token.type == "inline" and token.children and "://" in token.content:
            token.children = list(_linked(token.children))


def _linked(tokens: Sequence[Token]) -> Iterator[Token]:
    inside = 0
    for token in tokens:
        inside += (token.type == "link_open") - (token.type == "link_close")
        if token.type == "text" and not inside:
            yield from _split(token)
        else:
            yield token


def _split(token: Token) -> Iterator[Token]:
    done = 0
    for match in _ADDRESS.finditer(token.content):
        address = _trimmed(match[0])
        yield _text(token.content[done : match.start()])
        yield Token("link_open", "a", 1, attrs={"href": address})
        yield _text(address)
        yield Token("link_close", "a", -1)
        done = match.start() + len(address)
    yield _text(token.content[done:])


def _trimmed(address: str) -> str:
    """Leave out what ends the sentence around the address, and a bracket that opened before it."""
    unopened = address.count(")") - address.count("(")
    end = len(address)
    while address[end - 1] in _NOT_AT_THE_END or (address[end - 1] == ")" and unopened > 0):
        unopened -= address[end - 1] == ")"
        end -= 1
    return address[:end]


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
