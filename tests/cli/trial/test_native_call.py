"""``ohd plugin call`` of a native program."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import main
from tests.native.packages import built, native_package


def native_program(name: str) -> str:
    return str(built(name))


@pytest.fixture(scope="module")
def plugin() -> str:
    return native_program("generation_a")


def call(*words: str):
    return CliRunner().invoke(main, ["plugin", "call", *words])


def test_a_native_program_is_called_in_its_cage(plugin):
    done = call(plugin, "hello", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout[done.stdout.index("{\n") :])
    assert (found["outcome"], found["result"]) == ("ok", "hello")
    assert found["memory_bytes"] > 0


def test_what_it_asks_the_host_needs_the_same_grant_as_of_a_module():
    asking = native_program("netrpc")
    refused = call(asking, "hello")
    assert refused.exit_code == 1
    assert "db_query: not granted; grant db:read to allow it" in refused.output
    assert "could not start" in refused.output
    done = call(asking, "hello", "--grant", "db:read")
    assert done.exit_code == 0, done.output
    assert '"rows": [{"1": 1}]' in done.output


def test_it_sees_the_tickets_of_the_person_that_it_is_called_for():
    program = native_program("desk")
    for user, fewer in (("admin", False), ("customer", True)):
        done = call(program, "count", "--user", user, "--grant", "db:read:ticket", "--json")
        assert done.exit_code == 0, done.output
        found = json.loads(done.stdout[done.stdout.index("{\n") :])
        assert (found["result"]["count"] < 10) is fewer


def test_a_package_is_called_and_inspected(tmp_path):
    package = tmp_path / "desk.zip"
    package.write_bytes(native_package())
    assert '"count"' in call(str(package), "count", "--grant", "db:read:ticket").output
    said = CliRunner().invoke(main, ["plugin", "inspect", str(package)])
    assert said.exit_code == 0, said.output
    assert "abi         goatkit-native" in said.output
    assert "native_program: Runs as a native program" in said.output


def test_a_file_that_is_no_plugin_is_refused_with_the_reason():
    done = call("/bin/true", "hello")
    assert done.exit_code != 0
    assert "ended at its start: exit status 0" in done.output


def test_a_set_user_id_program_is_refused(tmp_path):
    program = tmp_path / "plugin"
    program.write_bytes(Path(native_program("desk")).read_bytes())
    program.chmod(0o4755)
    for command in ("call", "inspect"):
        done = CliRunner().invoke(
            main, ["plugin", command, str(program), *(["hello"] if command == "call" else [])]
        )
        assert done.exit_code != 0
        assert "is set-user-id or set-group-id" in done.output
