"""``ohd plugin dev``: built, run and watched, as its author would see it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.server_process import OHD, PATIENCE_S, ROOT, ServerProcess, still_there

SOURCE = """
(module
  (import "ohd" "ohd_log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "WORDS")
  (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
  (func (export "ohd_free") (param i32 i32))
  (func (export "on_event") (param i32 i32)
    (call $log (i32.const 16) (i32.const 5) (i32.const 1))))
"""
MANIFEST = {
    "id": "com.example.words",
    "name": "Words",
    "version": "1.0.0",
    "description": "Says a word.",
    "events": ["ticket.created"],
    "config_schema": {"token": {"type": "string", "secret": True, "required": True}},
}
ASSEMBLE = (
    "import pathlib, wasmtime; "
    "pathlib.Path('bare.tmp').write_bytes(wasmtime.wat2wasm(pathlib.Path('main.wat').read_text()))"
)
MAKEFILE = f"""plugin.wasm: main.wat manifest.json
\t@'{sys.executable}' -c "{ASSEMBLE}" 2>bare.err || {{ tail -n 1 bare.err; exit 1; }}
\t@'{sys.executable}' -m cli.main plugin embed bare.tmp manifest.json -o $@
"""


class Dev(ServerProcess):
    """The command as a real process."""

    def start(self) -> None:
        self._starts += 1
        command = [*OHD, "plugin", "dev", ".", *self.options]
        env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        with self._log_path.open("wb") as log:
            self._process = subprocess.Popen(
                command, cwd=self.folder / "words", env=env, stdout=log, stderr=log
            )

    def wait_for(self, pattern: str, after: int = 0) -> int:
        """Wait until the output behind ``after`` has ``pattern``; return where the match ends."""
        end = time.monotonic() + PATIENCE_S
        while (found := re.compile(pattern).search(self.log, after)) is None:
            assert self._process.poll() is None, self.log
            assert time.monotonic() < end, f"no {pattern!r} in\n{self.log[after:]}"
            time.sleep(0.02)
        return found.end()

    def interrupt(self) -> int:
        """Press Ctrl-C, and see that nothing is left."""
        family = self.family()
        os.kill(self.pid, signal.SIGINT)
        code = self._process.wait(PATIENCE_S)
        assert still_there(family) == []
        return code


def save(path: Path, text: str) -> None:
    """Write a file as editors do: beside it, then in its place."""
    part = path.with_name(f".{path.name}.swp")
    part.write_text(text, "utf-8")
    part.replace(path)


@pytest.fixture
def words(tmp_path: Path) -> Path:
    folder = tmp_path / "words"
    folder.mkdir()
    (folder / "main.wat").write_text(SOURCE.replace("WORDS", "first"))
    (folder / "manifest.json").write_text(json.dumps(MANIFEST))
    (folder / "Makefile").write_text(MAKEFILE)
    return folder


def make_ticket(url: str) -> None:
    with httpx.Client(base_url=url, timeout=PATIENCE_S) as client:
        who = {"email": "user@example.com", "password": "demo"}
        client.post("/api/auth/login", json=who).raise_for_status()
        token = client.get("/api/me").json()["csrf_token"]
        ticket = {"subject": "New laptop", "description": "The old one was stolen."}
        made = client.post("/api/tickets", json=ticket, headers={"X-CSRF-Token": token})
        made.raise_for_status()


def test_what_is_saved_runs_and_what_does_not_build_changes_nothing(words):
    dev = Dev(words.parent, ("--set", "token=hunter2hunter2"))
    dev.start()
    try:
        at = dev.wait_for(r"watching \.; Ctrl-C ends it")
        url = re.search(r"Open Help Desk is at (http://\S+)", dev.log)[1]
        assert re.search(
            r"Words 1\.0\.0 runs \(http://\S+/admin/plugins/com\.example\.words\)", dev.log
        )
        make_ticket(url)
        at = dev.wait_for(r"info  first", at)

        save(words / "main.wat", SOURCE.replace("WORDS", "later"))
        at = dev.wait_for(r"Words 1\.0\.0 runs", at)
        make_ticket(url)
        at = dev.wait_for(r"info  later", at)

        save(words / "main.wat", SOURCE.replace("(module", "(modul"))
        at = dev.wait_for(
            r"make failed in \. with status 2.*the previous version keeps running", at
        )
        make_ticket(url)
        at = dev.wait_for(r"info  later", at)

        save(words / "manifest.json", json.dumps(MANIFEST | {"events": ["ticket.vanished"]}))
        save(words / "main.wat", SOURCE.replace("WORDS", "final"))
        at = dev.wait_for(r"manifest\.json:1: the manifest's \"events\[0\]\" is ", at)
        at = dev.wait_for(r"the previous version keeps running", at)
        assert "hunter2" not in dev.log
    finally:
        code = dev.interrupt()
    assert code == 0
    assert (words / ".ohd-dev" / ".gitignore").read_text() == "*\n"


def test_a_port_that_is_in_use_is_told(ohd, words):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = ohd.refused("plugin", "dev", words, "--port", port)
    assert line == (f"127.0.0.1, port {port}: the port is in use; choose another with --port")
    assert not (words / ".ohd-dev").exists()


def test_a_file_is_no_project(ohd, words):
    assert "expected the project's folder" in ohd.refused("plugin", "dev", words / "main.wat")
