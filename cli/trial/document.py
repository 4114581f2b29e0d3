"""A YAML or JSON file that knows the line of everything in it, and can be written back.

JSON is read as the YAML that it is, so that errors name lines there too. Must not know what the
file is about.
"""

import json
import re
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarbool import ScalarBoolean

from cli.errors import CannotGoOn
from cli.trial.errors import FileWrong

MAX_BYTES = 4 * 1024 * 1024
_WIDE = 1_000_000
_INDENTED_LIST = re.compile(r"^( *)[^\s#-][^\n]*:[ ]*\n( *)- ", re.MULTILINE)


class _Constructor(RoundTripConstructor):
    """Leaves dates as the text that they are in a payload."""


_Constructor.add_constructor(
    "tag:yaml.org,2002:timestamp", lambda _constructor, node: str(node.value)
)


class Document:
    """One file; ``root`` keeps comments and places for writing back, ``plain`` has neither."""

    def __init__(self, path: Path) -> None:
        """Raises FileWrong, CannotGoOn."""
        self.path = path
        self.is_json = path.suffix == ".json"
        self._text = _read(path, tabs=not self.is_json)
        self._yaml = _parser(self._text)
        self.root = self._parse()
        self.plain = plain(self.root)

    def line(self, path: Sequence[str | int] = ()) -> int:
        """Return the line, from 1, of what ``path`` leads to, or of the last that is there."""
        node, line = self.root, 0
        if isinstance(node, CommentedMap | CommentedSeq):
            line = node.lc.line
        for step in path:
            if isinstance(node, CommentedMap) and step in node:
                line = node.lc.key(step)[0]
            elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
                line = node.lc.item(step)[0]
            else:
                break
            node = node[step]
        return int(line) + 1

    def wrong(self, path: Sequence[str | int], problem: str) -> FileWrong:
        """Return the error for a place in this file."""
        return FileWrong(self.path, self.line(path), problem)

    def save(self) -> None:
        """Write ``root`` back; in YAML, comments stay where their values do."""
        if self.is_json:
            text = json.dumps(plain(self.root), indent=2, ensure_ascii=False) + "\n"
        else:
            out = StringIO()
            self._yaml.dump(self.root, out)
            text = out.getvalue()
        part = self.path.with_name(f".{self.path.name}.part")
        try:
            part.write_text(text, "utf-8")
            part.replace(self.path)
        except OSError as exc:
            part.unlink(missing_ok=True)
            raise CannotGoOn(f"{self.path}: {exc.strerror}") from None

    def _parse(self) -> Any:
        try:
            return self._yaml.load(self._text)
        except DuplicateKeyError as exc:
            raise FileWrong(self.path, _line_of(exc), "this key is there twice") from None
        except MarkedYAMLError as exc:
            kind = "JSON" if self.is_json else "YAML"
            raise FileWrong(
                self.path, _line_of(exc), f"this is not {kind}: {exc.problem}"
            ) from None
        except (YAMLError, ValueError, RecursionError) as exc:
            reason = str(exc).splitlines()[0] if str(exc) else type(exc).__name__
            raise FileWrong(self.path, 1, f"this cannot be read: {reason}") from None


def to_yaml(value: Any) -> str:
    """Return a plain value as YAML in block style, as an author would write it."""
    out = StringIO()
    yaml = YAML()
    yaml.width = _WIDE
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(value, out)
    return out.getvalue().removesuffix("...\n")


def plain(value: Any) -> Any:
    """Return ``value`` without the subclasses that carry comments and places."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, ScalarBoolean):  # one with an anchor; Python has no subclasses of bool
        return bool(value)
    return next((kind(value) for kind in (int, float, str) if isinstance(value, kind)), str(value))


def _read(path: Path, *, tabs: bool) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as exc:
        raise CannotGoOn(f"{path}: {exc.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise CannotGoOn(f"{path}: the file has more than {MAX_BYTES:,} bytes")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = raw.count(b"\n", 0, exc.start) + 1
        raise FileWrong(path, line, "this is not UTF-8; save the file as UTF-8") from None
    # In JSON a tab is never part of a string; YAML does not take it as space everywhere.
    return text if tabs else text.replace("\t", " ")


def _parser(text: str) -> YAML:
    yaml = YAML()
    yaml.Constructor = _Constructor
    yaml.preserve_quotes = True
    yaml.width = _WIDE
    found = _INDENTED_LIST.search(text)
    offset = max(len(found[2]) - len(found[1]), 0) if found else 2
    yaml.indent(mapping=2, sequence=2 + offset, offset=offset)
    return yaml


def _line_of(exc: MarkedYAMLError) -> int:
    mark = exc.problem_mark or exc.context_mark
    return (mark.line if mark else 0) + 1
