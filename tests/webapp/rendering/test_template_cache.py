"""Compiled templates are kept beside their sources, and never older than these."""

from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment
from jinja2.bccache import bc_magic

from webapp.rendering.template_cache import BesideTheSources


def rendered(folder: Path, source: str, settings: bytes = b"", **options: bool) -> str:
    cache = BesideTheSources(folder, settings)
    environment = Environment(loader=DictLoader({"a": source}), bytecode_cache=cache, **options)
    return environment.get_template("a").render(it="<")


def test_what_is_kept_is_used_again(tmp_path: Path) -> None:
    assert rendered(tmp_path, "one {{ it }}") == "one <"
    [kept] = (tmp_path / "__pycache__").iterdir()
    before = kept.stat()
    assert rendered(tmp_path, "one {{ it }}") == "one <"
    assert kept.stat().st_ino == before.st_ino


def test_a_changed_template_is_compiled_again(tmp_path: Path) -> None:
    assert rendered(tmp_path, "one {{ it }}") == "one <"
    assert rendered(tmp_path, "two {{ it }}") == "two <"


def test_other_settings_never_meet_what_these_have_compiled(tmp_path: Path) -> None:
    assert rendered(tmp_path, "{{ it }}", b"plain", autoescape=False) == "<"
    assert rendered(tmp_path, "{{ it }}", b"escaped", autoescape=True) == "&lt;"


@pytest.mark.parametrize("broken", [b"", b"anything else", bc_magic])
def test_a_broken_file_is_compiled_over(tmp_path: Path, broken: bytes) -> None:
    rendered(tmp_path, "one {{ it }}")
    [kept] = (tmp_path / "__pycache__").iterdir()
    kept.write_bytes(broken)
    assert rendered(tmp_path, "one {{ it }}") == "one <"


def test_without_a_place_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").write_text("a file, no folder")
    assert rendered(tmp_path, "one {{ it }}") == "one <"
