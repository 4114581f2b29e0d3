"""``ohd plugin grant``, ``revoke`` and ``jobs`` on a data directory."""

import pytest

from tests.goatkit_modules import goatkit_module

ID = "goatkit.desk"


@pytest.fixture
def installed(ohd):
    """Return the command line of a help desk with a GoatKit plugin."""
    job = {"id": "weekly", "handler": "x", "schedule": "0 8 * * 1", "enabled": True}
    module = goatkit_module({"name": "desk", "version": "2", "jobs": [job]}, {})
    (ohd.folder / "desk.wasm").write_bytes(module)
    done = ohd("plugin", "install", "desk.wasm", "--data", "data")
    assert done.exit_code == 0, done.stderr
    return ohd


def test_a_permission_is_granted_and_taken_back(installed):
    done = installed("plugin", "grant", ID, "db:read:ticket", "--data", "data")
    (line,) = [line for line in done.stdout.splitlines() if "db:read:ticket" in line]
    assert " granted " in line
    done = installed("plugin", "revoke", ID, "db:read:ticket", "--data", "data")
    assert "db:read:ticket" not in done.stdout


def test_a_permission_that_is_none_is_refused_with_what_may_stand_there(installed):
    done = installed("plugin", "grant", ID, "root:everything", "--data", "data")
    assert (done.exit_code, "expected" in done.stderr) == (2, True)


def test_jobs_are_listed_with_their_schedule(installed):
    done = installed("plugin", "jobs", ID, "--data", "data")
    assert "weekly" in done.stdout
    assert "0 8 * * 1" in done.stdout
    assert "off" in done.stdout
