"""The pictures of growth: well-formed, and true to their points."""

import xml.etree.ElementTree as ET

from benchmarks.chart import Chart

CHART = Chart(
    "A <title>",
    "plugins & more",
    "us",
    {"a": [(1, 10), (10, 100), (100, 10)], "b": [(1, 10), (100, 10)]},
)
SVG = "{http://www.w3.org/2000/svg}"


def dots() -> list[tuple[float, float]]:
    circles = ET.fromstring(CHART.svg()).iter(f"{SVG}circle")
    return [(float(c.attrib["cx"]), float(c.attrib["cy"])) for c in circles]


def texts() -> list[str]:
    return [element.text or "" for element in ET.fromstring(CHART.svg()).iter(f"{SVG}text")]


def test_equal_factors_are_equal_distances() -> None:
    first, second, third = dots()[:3]
    assert abs((second[0] - first[0]) - (third[0] - second[0])) <= 0.2
    assert first[1] == third[1] > second[1]


def test_what_is_written_is_what_was_given() -> None:
    assert {"A <title>", "plugins & more", "us", "a, 10", "b, 10"} <= set(texts())


def test_names_of_lines_that_end_together_stand_apart() -> None:
    svg = ET.fromstring(CHART.svg())
    heights = [float(t.attrib["y"]) for t in svg.iter(f"{SVG}text") if t.text in ("a, 10", "b, 10")]
    assert abs(heights[0] - heights[1]) >= 12
