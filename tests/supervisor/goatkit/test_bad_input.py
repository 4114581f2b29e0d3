"""Files and plugins that mean harm: each refused with a reason, and nothing is left behind."""

import io
import json
import stat
import warnings
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import wasmtime

from supervisor.calls.behalf import EVERYTHING
from supervisor.errors import ModuleRefused
from tests.goatkit_modules import goatkit_module

MODULE = goatkit_module({"name": "bad"}, {})


def packed(fill: Callable[[zipfile.ZipFile], None]) -> bytes:
    target = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of doubled names
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("plugin.wasm", MODULE)
            fill(archive)
    return target.getvalue()


def named(name: str, content: bytes = b"x") -> Callable[[zipfile.ZipFile], None]:
    return lambda archive: archive.writestr(name, content)


def link(archive: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("assets/link")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    archive.writestr(info, "/etc/passwd")


def many(archive: zipfile.ZipFile) -> None:
    for number in range(1_001):
        archive.writestr(f"f{number}", b"")


def nested(archive: zipfile.ZipFile) -> None:
    archive.writestr("inner.zip", packed(named("a")))


def doubled(archive: zipfile.ZipFile) -> None:
    for name in ("assets/a", "assets/a"):
        archive.writestr(name, b"x")


PACKAGES = {
    "slip": packed(named("../../etc/cron.d/x")),
    "slip inside": packed(named("assets/../../x")),
    "absolute": packed(named("/etc/passwd")),
    "drive": packed(named("C:/x")),
    "backslash": packed(named("assets\\x")),
    "link": packed(link),
    "ratio": packed(named("zeros", bytes(20 << 20))),
    "total": packed(named("zeros", bytes(40 << 20))),
    "count": packed(many),
    "nested": packed(nested),
    "doubled": packed(doubled),
    "doubled by case": packed(
        lambda archive: [archive.writestr(name, b"x") for name in ("A", "a")] and None
    ),
    "manifest is a list": packed(named("manifest.json", b"[1, 2]")),
    "manifest is large": packed(named("manifest.json", b'{"a":"' + b"x" * (10 << 20) + b'"}')),
    "manifest is deep": packed(named("manifest.json", b"[" * 100_000)),
    "cut": packed(named("a"))[:-30],
}


def registering(raw: bytes, length: int | None = None, pointer: int = 1024) -> bytes:
    """Return a module that registers bytes, or says that they are elsewhere."""
    text = "".join(f"\\{byte:02x}" for byte in raw)
    size = len(raw) if length is None else length
    return bytes(
        wasmtime.wat2wasm(f"""(module (memory (export "memory") 200)
          (data (i32.const 1024) "{text}")
          (func (export "gk_malloc") (param i32) (result i32) i32.const 60000)
          (func (export "gk_call") (param i32 i32 i32 i32) (result i64) i64.const 0)
          (func (export "gk_register") (result i64)
            (i64.or (i64.shl (i64.const {pointer}) (i64.const 32)) (i64.const {size}))))""")
    )


MODULES = {
    "a list": registering(b'[{"name": "bad"}]'),
    "a text": registering(b'"bad"'),
    "nothing": registering(b"", 0),
    "not json": registering(b'{"name": bad}'),
    "not text": registering(b'{"name": "\xff"}'),
    "10 MB": registering(b'{"name": "bad"}', 10 << 20),
    "beyond memory": registering(b'{"name": "bad"}', 15, 200 << 16),
    "across the end": registering(b'{"name": "bad"}', 1 << 20, (200 << 16) - 10),
    "all of it": registering(b'{"name": "bad"}', 0xFFFFFFFF, 0xFFFFFFFF),
    "a name with /": goatkit_module({"name": "a/b"}, {}),
    "a name with ..": goatkit_module({"name": ".."}, {}),
    "no name": goatkit_module({"version": "1"}, {}),
    "deep": registering(b'{"name":"bad","x":' + b"[" * 5_000 + b"]" * 5_000 + b"}"),
}


@pytest.mark.parametrize("name", [*PACKAGES, *MODULES])
async def test_it_is_refused_with_a_reason_and_leaves_nothing(desk, name):
    with pytest.raises(ModuleRefused) as refused:
        await desk.supervisor.installs.install(
            (PACKAGES | MODULES)[name], source="a test", actor="test"
        )
    assert len(str(refused.value)) > 10
    assert "Traceback" not in str(refused.value)
    assert await desk.supervisor.overview.plugins() == []
    assert list((desk.path / "modules").glob("*")) == []


async def install(desk: Any, registration: dict[str, Any], enabled: bool = True) -> Any:
    view = await desk.supervisor.installs.install(
        goatkit_module(registration, {}), source="a test", actor="test"
    )
    if enabled:
        await desk.supervisor.controls.set_enabled(view.id, True, actor="test")
    return view


def with_route(name: str, path: str, version: str = "1") -> dict[str, Any]:
    routes = [{"method": "GET", "path": path, "handler": "echo"}]
    return {"name": name, "version": version, "routes": routes}


async def test_a_route_that_another_plugin_has_is_refused(desk):
    await install(desk, with_route("one", "/kb/:id"))
    for path in ("/kb/:id", "/kb/new", "/kb/new/"):
        with pytest.raises(ModuleRefused, match=r"claimed by goatkit\.one already"):
            await install(desk, with_route("two", path))
    two = await install(desk, with_route("two", "/kb"))
    update = await install(desk, with_route("two", "/notes", "2"), enabled=False)
    assert update.waiting_version is not None
    # What came in between has it by the time the update is accepted.
    await install(desk, with_route("three", "/notes"))
    with pytest.raises(ModuleRefused, match=r"claimed by goatkit\.three already"):
        await desk.supervisor.versions.accept(
            two.id, update.waiting_version, accepted=[], withheld=["public_route:/notes"], actor="t"
        )
    assert (await desk.supervisor.overview.plugin(two.id)).version == "1"


@pytest.mark.parametrize(
    "path",
    [
        *("/login", "/LOGIN", "/tickets", "/api/tickets", "/api/plugins", "/static/x"),
        *("/..%2fadmin", "/kb/../login", "/%6cogin", "//evil", "/kb//x", "/a\\b", "login", ""),
    ],
)
async def test_a_path_of_the_help_desk_costs_the_route_and_nothing_else(desk, path):
    registration = with_route("paths", path)
    registration["routes"].append({"path": "/api/plugins/paths/fine", "handler": "echo"})
    view = await install(desk, registration)
    assert any("routes[0]" in warning for warning in view.warnings)
    functions = desk.supervisor.functions
    assert functions.find_route("GET", path or "/") is None
    assert functions.find_route("GET", "/api/plugins/paths/fine") is not None


ANSWERING = """(module (memory (export "memory") 2)
  (data (i32.const 8) "{\\"name\\":\\"answers\\"}")
  (data (i32.const 512) "no json")
  (func (export "gk_malloc") (param i32) (result i32) i32.const 4096)
  (func (export "gk_register") (result i64) (i64.const 0x0000000800000012))
  (func (export "gk_call") (param i32 i32 i32 i32) (result i64) (i64.const %s)))"""


@pytest.mark.parametrize(
    ("packed_result", "said"),
    [
        ("0x0000020000000007", "JSON"),
        ("0x0001fffe00000010", "memory"),
        ("0x7fffffff00000010", "memory"),
        ("0xffffffffffffffff", ""),
        ("0x00000200ffffffff", ""),
    ],
)
async def test_a_result_that_is_none_fails_the_call_alone(desk, packed_result, said):
    module = bytes(wasmtime.wat2wasm(ANSWERING % packed_result))
    view = await desk.supervisor.installs.install(module, source="a test", actor="test")
    await desk.supervisor.controls.set_enabled(view.id, True, actor="test")
    answer = await desk.supervisor.functions.call(view.id, "any", b"", EVERYTHING)
    assert (answer.outcome, answer.value) == ("trap", b"")
    assert said in str(answer.error)
    assert (await desk.supervisor.overview.plugin(view.id)).enabled


async def test_a_plugin_that_waits_for_a_call_is_not_called_by_it(desk):
    for guest in (
        desk.guest("wat/goatkit_desk"),
        desk.guest("wat/goatkit_desk").replace(b"desk", b"dosk"),
    ):
        view = await desk.supervisor.installs.install(guest, source="a test", actor="test")
        await desk.supervisor.controls.grant(view.id, "plugin_call", actor="test")
        await desk.supervisor.controls.set_enabled(view.id, True, actor="test")
    back = {"plugin": "desk", "function": "time_now"}
    there = {"plugin": "dosk", "function": "plugin_call", "args": back}
    answer = await desk.supervisor.functions.call(
        "goatkit.desk", "plugin_call", json.dumps(there).encode(), EVERYTHING
    )
    assert (answer.error, json.loads(answer.value or b"null")) == (None, None)
    assert any("waits for this call already" in line for line in await desk.log("goatkit.dosk"))
    itself = {"plugin": "desk", "function": "time_now"}
    await desk.supervisor.functions.call(
        "goatkit.desk", "plugin_call", json.dumps(itself).encode(), EVERYTHING
    )
    assert any("waits for this call already" in line for line in await desk.log("goatkit.desk"))
