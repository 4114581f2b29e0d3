"""The command, run in this process on a folder of its own."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trio
from click.testing import CliRunner, Result

from cli.compose import open_helpdesk
from cli.config import load_config
from cli.main import main
from sandbox_child.wasm.sections import manifest_section, replace_custom_section
from tests.guests.toolchains import CACHE


@dataclass
class Ohd:
    """Runs ``ohd`` and looks at what a shell would see."""

    folder: Path
    guest: Callable[[str], bytes]

    def __call__(self, *arguments: object, stdin: str | None = None) -> Result:
        # The empty help desk that most tests are about, made when one first names it.
        if "--data" in arguments and "data" in arguments and not (self.folder / "data").exists():
            trio.run(make_help_desk, self.folder / "data")
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            result = CliRunner().invoke(main, [str(a) for a in arguments], input=stdin)
        finally:
            os.chdir(before)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def good(self, *arguments: object, stdin: str | None = None) -> str:
        """Run a command that must work, and return what it printed."""
        result = self(*arguments, stdin=stdin)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *arguments: object) -> Any:
        return json.loads(self.good(*arguments, "--json"))

    def refused(self, *arguments: object, stdin: str | None = None) -> str:
        """Run a command that must not work, and return its one line on stderr."""
        result = self(*arguments, stdin=stdin)
        assert result.exit_code == 2, result.output
        assert result.stdout == ""
        (line,) = result.stderr.splitlines()
        assert line.startswith("ohd: ")
        return line.removeprefix("ohd: ")

    def module(self, name: str, **manifest: Any) -> Path:
        """Write a guest, its manifest changed, into the folder."""
        module = self.guest(name)
        if manifest:
            whole = json.loads(manifest_section(module)) | manifest
            module = replace_custom_section(module, "ohd_manifest", json.dumps(whole).encode())
        path = self.folder / f"{name.replace('/', '-')}.wasm"
        path.write_bytes(module)
        return path

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def event(self, event: str = "ticket.created", **members: Any) -> Path:
        """Write a payload into the folder."""
        ticket = {"id": "01T", "subject": "New laptop", "url": "https://h/t/01T", "status": "New"}
        payload = {"event": event, "occurred_at": "2026-04-05T14:00:00Z", "ticket": ticket}
        return self.write("event.json", json.dumps(payload | members))


@pytest.fixture(autouse=True)
def kept_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep compiled code beside the repository's other caches, and out of the user's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(CACHE))


@pytest.fixture
def ohd(tmp_path: Path, guest: Callable[[str], bytes]) -> Ohd:
    return Ohd(tmp_path, guest)


async def make_help_desk(folder: Path) -> None:
    async with open_helpdesk(load_config(None, data=folder)):
        pass
