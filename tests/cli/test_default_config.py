"""The config.toml of the repository says what the code does without one."""

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec

from cli import config_file
from cli.config import load_config
from supervisor.limits import DEFAULT_LIMITS

SHIPPED = Path(__file__).parents[2] / "config.toml"


def test_every_value_in_it_is_the_default(tmp_path: Path) -> None:
    empty = tmp_path / "empty.toml"
    empty.write_bytes(b"")
    assert load_config(SHIPPED) == load_config(empty)


def test_it_names_every_setting_that_there_is() -> None:
    shipped = tomllib.loads(SHIPPED.read_text())
    limits = {field.name: getattr(DEFAULT_LIMITS, field.name) for field in fields(DEFAULT_LIMITS)}
    assert shipped.pop("limits") == limits
    sections = msgspec.to_builtins(config_file.File())
    del sections["limits"]
    assert _sorted(shipped) == _sorted(sections)


def _sorted(sections: dict[str, Any]) -> dict[str, Any]:
    """Put lists whose order means nothing into one order."""
    return {
        section: {k: sorted(v) if isinstance(v, list) else v for k, v in members.items()}
        for section, members in sections.items()
    }
