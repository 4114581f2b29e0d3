"""``ohd serve``: what it refuses, and how it says so."""

import socket

import pytest

from tests.server_process import ServerProcess, ohd


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "helpdesk.example.com"])
def test_the_demo_refuses_to_listen_beyond_this_machine(tmp_path, host):
    done = ohd("serve", "--demo", "--host", host, "--data", "data", cwd=tmp_path)
    assert done.returncode == 2
    assert f"refuses to listen on {host}" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "data").exists()


def test_what_began_as_a_demo_is_not_served_to_strangers(tmp_path):
    server = ServerProcess(tmp_path, options=["--demo"])
    server.start()
    assert server.stop() == 0
    data = str(server.data)
    done = ohd("serve", "--host", "0.0.0.0", "--port", "0", "--data", data, cwd=tmp_path)
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ohd: refusing to listen on 0.0.0.0: ")
    assert "admin@example.com" in last


def test_a_port_that_is_taken_is_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = ohd("serve", "--port", port, "--data", "data", cwd=tmp_path)
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last == (f"ohd: 127.0.0.1, port {port}: the port is in use; choose another with --port")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[limits]\nmemory = 5\n", "memory"),
        ("[limits]\ndeadline_s = 0\n", "deadline_s"),
        ("[limits]\nwasm_stack_bytes = 4194304\n", "expected a whole number from 65536 to 2097152"),
        ("[server]\nprot = 5\n", "prot"),
        ("[server]\nport = 'x'\n", "port"),
        ("nonsense", "config.toml"),
        ("[sandbox]\nrequire = ['magic']\n", "magic"),
        ("[egress.private]\nlocalhost = ['127.0.0.1/8']\n", "127.0.0.1/8"),
    ],
)
def test_a_setting_that_is_wrong_is_named(tmp_path, text, words):
    (tmp_path / "config.toml").write_text(text, "utf-8")
    done = ohd("serve", "--data", "data", cwd=tmp_path)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("ohd: config.toml: ")
    assert words in line


def test_the_demo_says_where_it_is_and_how_to_log_in_and_runs_its_plugin(tmp_path):
    server = ServerProcess(tmp_path, options=["--demo"])
    server.start()
    try:
        server._wait_for(r"(password is: demo)")
        assert "admin@example.com, staff@example.com, user@example.com" in server.log
        second = ohd("serve", "--port", "0", "--data", str(server.data), cwd=tmp_path)
        assert second.returncode == 2
        assert second.stderr.splitlines()[-1] == (
            f"ohd: another ohd process is using the data directory {server.data}"
        )
        mode = server.data.stat().st_mode & 0o777
        assert mode == 0o700
        assert (server.data / "secret.key").stat().st_mode & 0o777 == 0o600
    finally:
        assert server.stop() == 0
    # A second demo on the same data keeps what is there.
    server.start()
    assert server.stop() == 0
