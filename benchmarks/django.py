"""Serves django-helpdesk under gunicorn with two workers, from an environment of its own.

The environment is made once from pinned packages and kept by their hash, as the other peers are.
"""

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import trio

from benchmarks.native import KEPT, PEERS
from benchmarks.served import NotServed
from tests.guests.toolchains import BuildFailed, ToolMissing

_SOURCE = PEERS / "django_helpdesk"
_LONGEST_INSTALL_S = 600
_WORKERS = 2


@dataclass(frozen=True, slots=True)
class DjangoHelpdesk:
    """Where it answers, and what a reader of pages asks for."""

    address: str
    cookie: str
    ticket: str
    list: Sequence[str]
    """The page, and the second request that fills it."""


def build_django_helpdesk() -> Path:
    """Return the environment's interpreter; its packages are fetched the first time.

    Raises ToolMissing where they cannot be had.
    """
    pinned = _SOURCE / "requirements.txt"
    folder = _environment()
    python = folder / "bin/python"
    if python.exists():
        return python
    KEPT.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "-r", str(pinned)]
    done = subprocess.run(
        install, capture_output=True, text=True, check=False, timeout=_LONGEST_INSTALL_S
    )
    if done.returncode:
        shutil.rmtree(folder)
        said = done.stderr.strip().splitlines()[-1:]
        raise ToolMissing(f"django-helpdesk could not be installed: {' '.join(said)}")
    return python


@asynccontextmanager
async def open_django_helpdesk(
    folder: Path, *, tickets: int, replies: int
) -> AsyncIterator[DjangoHelpdesk]:
    """Fill one in ``folder``, which is made, and serve it for the length of the block."""
    python = await trio.to_thread.run_sync(build_django_helpdesk)
    await trio.Path(folder).mkdir()
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "DJANGO_SETTINGS_MODULE": "site_settings",
        "DJANGO_HELPDESK_DATA": str(folder),
        "DJANGO_HELPDESK_SECRET": secrets.token_urlsafe(50),
    }
    filled = await trio.to_thread.run_sync(
        partial(_fill, python, environment, tickets=tickets, replies=replies)
    )
    process, address = await trio.to_thread.run_sync(_serve, python, environment)
    try:
        yield DjangoHelpdesk(address=address, **filled)
    finally:
        with trio.CancelScope(shield=True):
            process.terminate()
            await trio.to_thread.run_sync(process.wait)


def _environment() -> Path:
    digest = hashlib.sha256((_SOURCE / "requirements.txt").read_bytes()).hexdigest()
    return KEPT / f"django-helpdesk-{digest[:20]}"


def _fill(
    python: Path, environment: dict[str, str], *, tickets: int, replies: int
) -> dict[str, str]:
    done = subprocess.run(
        [str(python), "fill.py", str(tickets), str(replies)],
        cwd=_SOURCE,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=_LONGEST_INSTALL_S,
    )
    if done.returncode:
        raise BuildFailed("django-helpdesk", done.returncode, done.stderr)
    filled: dict[str, str] = json.loads(done.stdout)
    return filled


def _serve(python: Path, environment: dict[str, str]) -> tuple[subprocess.Popen[bytes], str]:
    process = subprocess.Popen(
        [
            *(str(python), "-m", "gunicorn", f"--workers={_WORKERS}", "--bind=127.0.0.1:0"),
            "django.core.wsgi:get_wsgi_application()",
        ],
        cwd=_SOURCE,
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    return process, _address(process)


def _address(process: subprocess.Popen[bytes]) -> str:
    """Wait until it has its port, and its workers have started."""
    assert process.stderr is not None
    address, ready, said = "", 0, b""
    for line in process.stderr:
        said += line
        _, found, rest = line.decode(errors="replace").partition("Listening at: ")
        if found:
            address = rest.split()[0]
        ready += b"Booting worker" in line
        if address and ready == _WORKERS:
            return address
    raise NotServed(f"gunicorn ended: {said.decode(errors='replace')}")
