"""config.toml: every value that cannot be used is refused by its key, before anything starts."""

from pathlib import Path

import pytest

from cli.config import load_config
from cli.errors import CannotGoOn
from supervisor.plugins.limits import TABLE

WRONG = [
    ("[server]\nport = -1", "[server] port is -1; expected a whole number from 0 to 65535"),
    ("[server]\nport = 70000", "[server] port is 70000; expected a whole number from 0 to 65535"),
    ("[server]\nport = 99999", "expected a whole number from 0 to 65535"),
    ('[server]\nport = "80"', '[server] port is "80"; expected a whole number'),
    ("[server]\nport = 80.5", "[server] port is 80.5; expected a whole number"),
    ("[server]\nproxy_hops = -1", "[server] proxy_hops is -1; expected a whole number from 0 to"),
    ("[server]\nprot = 80", "[server] has no 'prot' (did you mean port?)"),
    ("[sever]\nport = 80", "there is no section [sever] (did you mean server?)"),
    ("[server]\nhttp2 = 1", "[server] http2 is 1; expected true or false"),
    ('[server]\nallowed_hosts = "a"', 'allowed_hosts is "a"; expected a list, each of it a'),
    ("[server]\nallowed_hosts = [1]", "allowed_hosts is [1]; expected a list, each of it a text"),
    ('[server]\nallowed_hosts = ["https://a"]', "names such as help.example.com"),
    (
        '[server]\nbase_url = "help.example.com"',
        "such as https://help.example.com; did you mean https://help.example.com?",
    ),
    ('[server]\nbase_url = "help.example.com:8443"', "did you mean https://help.example.com:8"),
    ('[server]\nbase_url = "ftp://help.example.com"', "an address with its scheme"),
    ('[server]\nbase_url = "https://help.example.com/desk"', "and no path"),
    ('[server]\nbase_url = "https://u:p@help.example.com"', "an address with its scheme"),
    ('[server]\nbase_url = "https://"', "an address with its scheme"),
    ('[server]\nbase_url = "https://a:99999"', "an address with its scheme"),
    ("[limits]\ndeadline_s = 9999", "[limits] deadline_s is 9999"),
    ("[limits]\ndeadline_s = nan", "[limits] deadline_s is nan; expected a number from 0.1 to 60"),
    ("[limits]\ndeadline_s = inf", "[limits] deadline_s is inf; expected a number from 0.1 to 60"),
    ("[limits]\ndeadline_s = -inf", "expected a number from 0.1 to 60"),
    ("[limits]\ndeadline_s = 0", "expected a number from 0.1 to 60"),
    ('[limits]\ndeadline_s = "5"', '[limits] deadline_s is "5"; expected a number'),
    ("[limits]\nmemory_byte = 1", "[limits] has no 'memory_byte' (did you mean memory_bytes?)"),
    ("[limits]\nhost_calls = 1.5", "[limits] host_calls is 1.5; expected a whole number"),
    ("[limits]\nwasm_stack_bytes = 1", "[limits] wasm_stack_bytes is 1"),
    ("[limits]\nmodule_bytes = nan", "[limits] module_bytes is nan"),
    ("[sandbox]\nfirst_uid = 0", "[sandbox] first_uid is 0; expected a whole number from 1000"),
    ("[sandbox]\nfirst_uid = 4294967295", "[sandbox] first_uid is 4294967295"),
    ('[sandbox]\nrequire = ["secomp"]', '"secomp"; expected controls among'),
    ('[sandbox]\nrequire = ["secomp"]', "(did you mean seccomp?)"),
    ("[plugins]\nfetch_s = inf", "[plugins] fetch_s is inf"),
    ("[plugins]\nfetch_s = nan", "[plugins] fetch_s is nan"),
    ("[egress]\nports = [0]", "[egress] ports is [0]; expected a list, each of it a whole number"),
    ('[egress]\ndenied = ["10.1"]', '[egress] denied is "10.1"; expected networks such as'),
    ('[egress.private]\n"a.b" = ["10.1.0.1/16"]', '[egress.private] a.b is "10.1.0.1/16"'),
    ('[egress.private]\n"a b" = []', 'is "a b"; expected a host name'),
    ('[log]\nlevel = "loud"', '[log] level is "loud"; expected "debug" or "info"'),
    ("server = 5", "server"),
    ("[server\n", "this is not TOML"),
]


@pytest.mark.parametrize(
    ("text", "said"), WRONG, ids=[text.replace("\n", " ") for text, _ in WRONG]
)
def test_what_cannot_be_used_is_refused_by_its_key(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(CannotGoOn) as caught:
        load_config(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert said in message
    assert "`" not in message
    assert "$." not in message


@pytest.mark.parametrize("name", TABLE)
def test_the_file_and_the_pages_have_the_same_bounds(tmp_path: Path, name: str) -> None:
    one = TABLE[name]
    path = tmp_path / "config.toml"
    for value in (one.least * one.factor, one.most * one.factor):
        path.write_text(f"[limits]\n{one.field} = {value}")
        assert one.of(load_config(path).supervisor.limits) == value / one.factor
    path.write_text(f"[limits]\n{one.field} = {one.most * one.factor * 2}")
    with pytest.raises(CannotGoOn, match="expected"):
        load_config(path)


@pytest.mark.parametrize(
    "address", ["https://help.example.com", "http://[::1]:8000", "https://a.b/", "http://localhost"]
)
def test_a_public_address_with_its_scheme_is_taken(tmp_path: Path, address: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'[server]\nbase_url = "{address}"')
    assert load_config(path).web.public_url == address.rstrip("/")
