"""JSON and YAML that the manual shows: it can be read, and is what it is shown as."""

import json

import msgspec
import pytest
from ruamel.yaml import YAML

from cli.kit.function_shape import FunctionCaseShape
from cli.kit.shape import CaseShape
from supervisor.manifest import parse_manifest
from tests.docs.pages import Fence, pages


def fences(language: str) -> list[object]:
    return [
        pytest.param(fence, id=f"{page.name}:{fence.line}")
        for page in pages()
        for fence in page.fences()
        if fence.language == language
    ]


@pytest.mark.parametrize("fence", fences("json"))
def test_json_can_be_read_and_a_manifest_is_one(fence: Fence):
    shown = json.loads(fence.text)
    if "events" in shown and "version" in shown:
        assert parse_manifest(fence.text.encode()).id == shown["id"]
    else:
        assert shown


@pytest.mark.parametrize("fence", fences("yaml"))
def test_yaml_can_be_read_and_a_case_is_one(fence: Fence):
    shown = YAML(typ="safe", pure=True).load(fence.text)
    if "expect" in shown:
        shape = FunctionCaseShape if "call" in shown else CaseShape
        assert msgspec.convert(shown, shape).name == shown["name"]
    else:
        assert shown
