"""Test results in JUnit's XML, as build servers read it.

The elements and attributes are those of the schema that Jenkins publishes (junit-10.xsd).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from cli.errors import CannotGoOn
from supervisor.text import clean_text

_LONGEST_TEXT = 1_000_000


@dataclass(frozen=True, slots=True)
class Result:
    """Result of one case; ``failure`` reports the differences, None if it passed."""

    name: str
    file: str
    duration_s: float
    failure: str | None = None


def write_junit(path: Path, suite: str, results: Sequence[Result]) -> None:
    """Write a report; raises CannotGoOn."""
    failures = str(sum(result.failure is not None for result in results))
    total = f"{sum(result.duration_s for result in results):.3f}"
    counts = {"tests": str(len(results)), "failures": failures, "errors": "0", "time": total}
    root = ET.Element("testsuites", {"name": _shown(suite), **counts})
    element = ET.SubElement(root, "testsuite", {"name": _shown(suite), **counts})
    for result in results:
        case = ET.SubElement(
            element,
            "testcase",
            {
                "name": _shown(result.name),
                "classname": _shown(result.file),
                "time": f"{result.duration_s:.3f}",
            },
        )
        if result.failure is not None:
            message = next(iter(result.failure.splitlines()), "")
            failure = ET.SubElement(
                case, "failure", {"message": _shown(message), "type": "expectation"}
            )
            failure.text = _shown(result.failure)
    ET.indent(root)
    try:
        ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    except OSError as exc:
        raise CannotGoOn(f"{path}: {exc.strerror}") from None


def _shown(text: str) -> str:
    """Return text without the characters that XML 1.0 has no form for."""
    return clean_text(text, _LONGEST_TEXT)
