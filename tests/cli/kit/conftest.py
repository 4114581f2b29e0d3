"""A plugin's folder with cases, for the commands that authors use."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Ohd


@dataclass
class Folder:
    """A folder with the probe in it, which does what a case's configuration says."""

    ohd: Ohd
    path: Path

    def case(self, name: str, text: str, *steps: dict[str, Any]) -> Path:
        """Write a case; ``STEPS`` in the text stands for the configuration of the probe."""
        config = json.dumps({"steps": json.dumps(steps)})
        path = self.path / "cases" / name
        path.write_text(text.replace("STEPS", config), "utf-8")
        return path

    def test(self, *options: object, status: int = 0) -> str:
        result = self.ohd("plugin", "test", self.path, *options)
        assert result.exit_code == status, result.output
        return result.stdout

    def refused(self, *options: object) -> str:
        return self.ohd.refused("plugin", "test", self.path, *options)


@pytest.fixture
def folder(ohd: Ohd) -> Folder:
    path = ohd.folder / "probe"
    (path / "cases" / "events").mkdir(parents=True)
    (path / "probe.wasm").write_bytes(ohd.guest("zig/probe"))
    ohd.event()
    (ohd.folder / "event.json").rename(path / "cases" / "events" / "created.json")
    return Folder(ohd, path)
