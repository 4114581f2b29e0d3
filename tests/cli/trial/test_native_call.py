"""``ohd plugin call`` of a native program."""

import json
import os

import pytest
from click.testing import CliRunner

from cli.main import main
from tests.guests.build import ToolMissing
from tests.native.build import build_native


@pytest.fixture(scope="module")
def plugin() -> str:
    try:
        return str(build_native("generation_a"))
    except ToolMissing as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


def call(*words: str):
    return CliRunner().invoke(main, ["plugin", "call", *words])


def test_a_native_program_is_called_in_its_cage(plugin):
    done = call(plugin, "hello", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout[done.stdout.index("{\n") :])
    assert (found["outcome"], found["result"]) == ("ok", "hello")
    assert found["memory_bytes"] > 0


def test_a_program_that_asks_the_host_is_told_that_it_cannot_yet(plugin):
    try:
        asking = str(build_native("netrpc"))
    except ToolMissing as missing:
        pytest.skip(str(missing))
    done = call(asking, "hello")
    assert done.exit_code == 1
    assert "host functions are not available to native plugins yet" in done.output
    assert "host call   db_query: failed" in done.output


def test_a_file_that_is_no_plugin_is_refused_with_the_reason():
    done = call("/bin/true", "hello")
    assert done.exit_code != 0
    assert "ended at its start: exit status 0" in done.output


def test_options_that_need_a_help_desk_are_refused(plugin):
    done = call(plugin, "hello", "--user", "admin")
    assert done.exit_code != 0
    assert "do not work for native programs yet" in done.output
