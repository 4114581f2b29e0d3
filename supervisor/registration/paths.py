"""Paths of routes: ``/kb/:id``, literal segments and ``:name`` segments, in one spelling only.

Whatever two readers could take for different paths is refused: percent signs, backslashes, empty
segments, dots, other letters. So a path can be compared by its segments, and what is compared is
what is served.
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote_to_bytes

MAX_PATH = 256
MAX_SEGMENTS = 16
_LITERAL = re.compile(r"[A-Za-z0-9._~-]+", re.ASCII)
_PARAM = re.compile(r":[A-Za-z][A-Za-z0-9_]{0,63}", re.ASCII)


def path_problem(path: str) -> str | None:
    """Say what is expected where ``path`` is none that a route can have, else None."""
    if len(path) > MAX_PATH:
        return f"a path of at most {MAX_PATH} characters"
    if not path.startswith("/") or path == "/":
        return 'a path such as "/api/plugins/NAME/list"'
    segments = path[1:].split("/")
    if len(segments) > MAX_SEGMENTS:
        return f"a path of at most {MAX_SEGMENTS} segments"
    params = [segment for segment in segments if segment.startswith(":")]
    if len(set(params)) != len(params):
        return "each :name once in a path"
    return next((problem for segment in segments if (problem := _segment_problem(segment))), None)


def _segment_problem(segment: str) -> str | None:
    if not segment:
        return "a path without empty segments and without a slash at its end"
    if segment.startswith(":"):
        fits = _PARAM.fullmatch(segment)
        return None if fits else "a name of letters, digits and underscores after each colon"
    if not segment.strip("."):
        return "a path without . and .. segments"
    if not _LITERAL.fullmatch(segment):
        return "a path of letters, digits, dots, hyphens, underscores and tildes, not encoded"
    return None


def segments_of(path: str) -> tuple[str, ...]:
    """Return the segments of a checked path."""
    return tuple(path[1:].split("/"))


def shape_of(segments: Iterable[str]) -> tuple[str, ...]:
    """Return the segments with every ``:name`` alike: equal shapes match the same paths."""
    return tuple(":" if segment.startswith(":") else segment for segment in segments)


def overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Tell whether some path fits both."""
    return len(one) == len(other) and all(
        a == b or a.startswith(":") or b.startswith(":") for a, b in zip(one, other, strict=True)
    )


def bind(pattern: tuple[str, ...], segments: tuple[str, ...]) -> Mapping[str, str] | None:
    """Return the parameters with which raw ``segments`` fit, or None.

    Literals are compared as they came, never decoded; a parameter's value is decoded once, and fits
    only where it is text that stays within its segment.
    """
    if len(pattern) != len(segments):
        return None
    params = {}
    for expected, found in zip(pattern, segments, strict=True):
        if not expected.startswith(":"):
            if expected != found:
                return None
            continue
        value = _decoded(found)
        if value is None:
            return None
        params[expected[1:]] = value
    return params


def _decoded(segment: str) -> str | None:
    if not segment.isascii():
        return None
    try:
        value = unquote_to_bytes(segment).decode("utf-8")
    except UnicodeError:
        return None
    if not value.strip(".") or any(c in "/\\" or not c.isprintable() for c in value):
        return None
    return value
