"""``kill -9`` within the steps of a process: the run, its log and the ticket agree, always."""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.browser.desk import install_from_box, log_in
from tests.faults.desk import PATIENCE_S, ROOT, until

ID = "goatkit.process"
SEED = 51_907
KILLS = int(os.environ.get("OHD_PROCESS_KILLS", "8"))
"""Half of them in front of one statement of a step's transaction, half at any moment."""
STATEMENTS = 70
"""More than one step's transaction has."""
STEPS = {"red": "Waiting", "green": "In Progress"}
DEFINITION = {
    "name": "Light",
    "fields": [{"id": "why", "label": "Why", "type": "text", "required": True}],
    "steps": [
        {
            "id": step,
            "name": step,
            "kind": "form",
            "fields": ["why"],
            "status": status,
            # It goes round until somebody says that it is enough.
            "next": [
                {"on": "done", "to": "end", "when": [{"field": "why", "op": "=", "value": "end"}]},
                {"on": "done", "to": other},
            ],
        }
        for (step, status), other in zip(STEPS.items(), reversed(STEPS), strict=True)
    ]
    + [{"id": "end", "name": "end", "kind": "end", "status": "Resolved"}],
}


@contextmanager
def served(folder: Path, fault: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Serve a demo with one fault; give its process and where it is."""
    log = folder / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.faults.server", fault, "serve", "--demo"),
                *("--port", "0", "--data", str(folder / "data")),
            ],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )

    def address() -> str:
        said = log.read_text(errors="replace")
        assert process.poll() is None, said[-2000:]
        _, found, rest = said.partition("Open Help Desk is at ")
        return rest.split()[0] if found and "\n" in rest else ""

    try:
        yield process, until(address)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE_S)


def post(client: httpx.Client, path: str, **fields: str) -> Any:
    answer = client.post(path, json=fields, follow_redirects=False)
    return answer.status_code, answer.headers.get("Location", ""), answer.text


def prepare(client: httpx.Client) -> list[int]:
    """Install the plugin, publish the process, start it on tickets; return their numbers."""
    install_from_box(client, "process")
    post(client, "/processes/use", template="")
    status, _, said = post(
        client,
        "/processes/new-process/save",
        definition=json.dumps(DEFINITION),
        revision="1",
        publish="yes",
    )
    assert (status, json.loads(said)["version"]) == (200, 1), said
    numbers = []
    for subject in ("One", "Two"):
        body = {"subject": subject, "description": "", "submitter": "user@example.com"}
        numbers.append(client.post("/api/tickets", json=body).json()["number"])
        post(client, "/processes/start", ticket=str(numbers[-1]), process="new-process")
    return numbers


def books(folder: Path, number: int) -> dict[str, Any]:
    """Read what a dead server left of one ticket, from a copy of the database."""
    copy = folder / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for file in (folder / "data").glob("ohd.sqlite3*"):
        shutil.copy(file, copy)
    with closing(sqlite3.connect(copy / "ohd.sqlite3")) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        records = (
            "SELECT value FROM plugin_records WHERE collection = ? AND key LIKE ? ORDER BY key"
        )
        (run,) = [json.loads(v) for (v,) in db.execute(records, ("run", f"{number:010}"))]
        log = [json.loads(v) for (v,) in db.execute(records, ("log", f"{number:010}/%"))]
        ticket, status = db.execute(
            "SELECT id, status FROM tickets WHERE number = ?", (number,)
        ).fetchone()
        notes = "SELECT count(*) FROM replies WHERE ticket_id = ? AND author_id = ?"
        moves = "SELECT to_status FROM status_history WHERE ticket_id = ? ORDER BY seq"
        field = "SELECT value FROM custom_fields WHERE ticket_id = ? AND key = 'process_step'"
        return {
            "run": run,
            "log": log,
            "status": status,
            "notes": db.execute(notes, (ticket, f"plugin:{ID}")).fetchone()[0],
            "moves": [to for (to,) in db.execute(moves, (ticket,))],
            "field": db.execute(field, (ticket,)).fetchone()[0],
        }


def check(found: dict[str, Any], acknowledged: int) -> None:
    """Hold the run against its log, the ticket's notes, statuses and field: both or neither."""
    run, log = found["run"], found["log"]
    assert len(log) == run["logged"] == found["notes"], found
    assert run["entered"] == run["logged"]
    # The first entry is the start; every other one leads from where the one before led.
    steps = ["red", *(entry["to"] for entry in log[1:])]
    assert [entry["from"] for entry in log[1:]] == steps[:-1]
    assert run["step"] == steps[-1]
    assert found["field"] == f"Light: {steps[-1]}"
    assert found["status"] == STEPS[steps[-1]]
    assert found["moves"][-len(steps) :] == [STEPS[step] for step in steps]
    assert len(log) >= acknowledged, "a step that was acknowledged is gone"


def step_on(client: httpx.Client, number: int, known: dict[int, int]) -> None:
    """Do the steps of one ticket until the server is gone; keep how many were acknowledged."""
    with suppress(httpx.TransportError):
        while True:
            shown = str(known[number])
            fields = {"ticket": str(number), "entered": shown, "action": "done", "f_why": "on"}
            status, _, said = post(client, "/processes/act", **fields)
            assert status in {200, 303}, said
            known[number] += 1


@pytest.mark.slow
def test_a_step_and_its_ticket_s_change_are_both_there_or_neither_wherever_the_server_dies(
    tmp_path: Path,
) -> None:
    chance = random.Random(SEED)
    with served(tmp_path, "none") as (_, url), closing(log_in(url, "admin")) as client:
        numbers = prepare(client)
    known = dict.fromkeys(numbers, 1)
    for number in numbers:
        check(books(tmp_path, number), 1)
    for kill in range(KILLS):
        within = kill % 2 == 0
        fault = f"die-in-record:{chance.randrange(STATEMENTS)}" if within else "none"
        with served(tmp_path, fault) as (process, url), closing(log_in(url, "admin")) as client:
            busy = [
                threading.Thread(target=step_on, args=(client, number, known)) for number in numbers
            ]
            for thread in busy:
                thread.start()
            if not within:
                done = sum(known.values())
                until(lambda done=done: sum(known.values()) > done)
                time.sleep(chance.uniform(0.05, 1.0))  # the moment of the kill, no condition
                process.kill()
            assert process.wait(PATIENCE_S) == -signal.SIGKILL
            for thread in busy:
                thread.join(PATIENCE_S)
        for number in numbers:
            found = books(tmp_path, number)
            check(found, known[number])
            known[number] = found["run"]["logged"]
    assert sum(known.values()) >= len(known) + KILLS // 2
