"""Compiling untrusted modules: right ones run, wrong ones are refused with one sentence."""

import io
import os
import signal
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import trio

from supervisor.errors import ModuleRefused
from supervisor.limits import MIB, Limits
from supervisor.plugins.artifacts import module_hash
from supervisor.plugins.compiler import CompileFailed, Compiler
from supervisor.process import forkserver
from supervisor.process.forkserver import open_fork_server
from tests.children import QUICK, Workshop, event, plain_manifest
from tests.guests.bombs import long_function, many_exports, many_functions

Guest = Callable[[str], bytes]
MANY_ADDITIONS = 2_500_000  # as long as the engine lets a function be: many seconds of compiling


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("plugin.wasm", b"\0asm\1\0\0\0")
    return file.getvalue()


@pytest.fixture
async def empty_workshop(tmp_path: Path) -> AsyncIterator[Workshop]:
    """Return a workshop that has compiled nothing yet; checks that no file is left half written."""
    before = set(psutil.Process().children())
    async with open_fork_server() as fork_server:
        yield Workshop(fork_server, tmp_path)
    assert set(psutil.Process().children()) <= before
    assert list((tmp_path / "compiled").glob("*.part")) == []


async def refusal(workshop: Workshop, module: bytes, guest: Guest, limits: Limits = QUICK) -> str:
    """Return why ``module`` is refused; its manifest is that of a plugin with events."""
    workshop.artifacts.save_module(module_hash(module), module)
    compiler = Compiler(workshop.fork_server, workshop.artifacts, workshop.cage, limits)
    with pytest.raises(ModuleRefused) as caught:
        await compiler.compile(module_hash(module), plain_manifest(guest("wat/noop")))
    return str(caught.value)


async def test_every_file_that_is_no_core_module_is_refused_by_what_it_is(
    empty_workshop: Workshop, guest: Guest
) -> None:
    good = guest("wat/noop")
    cases = {
        b"": "empty",
        b"\0as": "not a WebAssembly module",
        good[:-3]: "",
        good[:40]: "",
        good + b"\x63\x05": "",
        zipped(): "does not export 'memory'",
        b"<!DOCTYPE html><html></html>": "HTML",
        b"\0asm\x0d\0\1\0" + bytes(20): "core module",
        b"\0asm\2\0\0\0": "version",
        bytes(100): "not a WebAssembly module",
    }
    for module, said in cases.items():
        refused = await refusal(empty_workshop, module, guest)
        assert said.lower() in refused.lower()
        assert 10 < len(refused) < 400
        assert "Traceback" not in refused


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("wat/unknown_imports", "env.do_magic, ohd.ohd_delete_ticket, wasi_snapshot_preview1.sock"),
        ("go/no_allocator", "//go:wasmexport ohd_alloc"),
        ("wat/memory_missing", "does not export 'memory'"),
        ("wat/on_event_missing", "does not export 'on_event'"),
    ],
)
async def test_a_module_that_is_no_plugin_is_refused(
    empty_workshop: Workshop, guest: Guest, name: str, said: str
) -> None:
    assert said in await refusal(empty_workshop, guest(name), guest)


async def test_a_module_larger_than_allowed_is_refused(
    empty_workshop: Workshop, guest: Guest
) -> None:
    limits = replace(QUICK, module_bytes=2 * MIB)
    padding = b"\0" + b"\x80\x80\x80\x01" + b"\1x" + bytes(2 * MIB - 2)  # a custom section
    refused = await refusal(empty_workshop, guest("wat/noop") + padding, guest, limits)
    assert f"{2 * MIB}" in refused.replace(",", "")


async def test_what_the_engine_refuses_is_told_in_its_words(
    empty_workshop: Workshop, guest: Guest
) -> None:
    # The body of the last function leaves a number behind: valid in structure, not in type.
    module = guest("wat/noop").replace(b"\2\0\x0b", b"\2\0\x0b")
    broken = module.replace(b"\x41\x80\x20\x0b", b"\x42\x80\x20\x0b", 1)
    assert broken != module
    assert "the engine refuses the module" in await refusal(empty_workshop, broken, guest)


@pytest.mark.parametrize(
    "make",
    [
        lambda: many_functions(200_000),
        lambda: many_exports(12_000),
        lambda: long_function(MANY_ADDITIONS),
    ],
    ids=["functions", "exports", "one long function"],
)
async def test_a_bomb_is_refused_in_bounded_time_and_the_loop_stays_quick(
    empty_workshop: Workshop, guest: Guest, make: Callable[[], bytes]
) -> None:
    bomb = await trio.to_thread.run_sync(make)
    slowest = 0.0

    async def tick() -> None:
        nonlocal slowest
        while True:
            due = trio.current_time() + 0.005
            await trio.sleep_until(due)
            slowest = max(slowest, trio.current_time() - due)

    limits = replace(QUICK, compile_cpu_s=1, compile_wall_s=120)
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(tick)
        await refusal(empty_workshop, bomb, guest, limits)
        nursery.cancel_scope.cancel()
    assert trio.current_time() - began < 120
    assert slowest < 2


async def test_the_time_on_the_clock_is_limited_too(empty_workshop: Workshop, guest: Guest) -> None:
    limits = replace(QUICK, compile_wall_s=0.5)
    refused = await refusal(empty_workshop, long_function(MANY_ADDITIONS), guest, limits)
    assert refused == "the module did not compile within 0.5 s"


async def test_memory_for_compiling_is_limited(empty_workshop: Workshop, guest: Guest) -> None:
    limits = replace(QUICK, compile_memory_bytes=64 * MIB)
    refused = await refusal(empty_workshop, long_function(1_000_000), guest, limits)
    assert "memory" in refused


async def test_compiled_code_larger_than_allowed_is_refused(
    empty_workshop: Workshop, guest: Guest
) -> None:
    limits = replace(QUICK, artifact_bytes=1_000)
    refused = await refusal(empty_workshop, guest("wat/noop"), guest, limits)
    assert refused == "the compiled module could not be written: File too large"


async def a_compile_child() -> int:
    """Return the process id of a compile child, once there is one."""
    while True:
        for child in psutil.Process().children():
            with suppress(psutil.NoSuchProcess):
                if child.name() == "ohd-compile":
                    return child.pid
        await trio.sleep(0.005)


async def test_a_compile_child_that_is_killed_from_outside_is_told_of(
    empty_workshop: Workshop, guest: Guest
) -> None:
    async def kill_it() -> None:
        os.kill(await a_compile_child(), signal.SIGKILL)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(kill_it)
        refused = await refusal(empty_workshop, long_function(MANY_ADDITIONS), guest)
    assert "killed by SIGKILL" in refused
    assert (await empty_workshop.run(guest("wat/echo"), event(b"next"))).lines == ["next"]


async def test_a_compilation_that_is_cancelled_leaves_no_process(
    empty_workshop: Workshop, guest: Guest
) -> None:
    module = long_function(MANY_ADDITIONS)
    empty_workshop.artifacts.save_module(module_hash(module), module)
    before = len(psutil.Process().children())
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(
                empty_workshop.compiler.compile,
                module_hash(module),
                plain_manifest(guest("wat/noop")),
            )
            await a_compile_child()
            scope.cancel()
    assert len(psutil.Process().children()) == before


async def test_a_module_is_compiled_once_and_found_again(
    empty_workshop: Workshop, guest: Guest, tmp_path: Path
) -> None:
    assert (await empty_workshop.run(guest("wat/echo"), event(b"a"))).lines == ["a"]
    (code,) = (tmp_path / "compiled").glob("*.cwasm")
    written = code.stat().st_mtime_ns
    assert (await empty_workshop.run(guest("wat/echo"), event(b"b"))).lines == ["b"]
    assert code.stat().st_mtime_ns == written


@pytest.mark.parametrize("which", ["*.cwasm", "*.mac"])
async def test_code_that_somebody_patched_is_not_run_but_compiled_again(
    empty_workshop: Workshop, guest: Guest, tmp_path: Path, which: str
) -> None:
    await empty_workshop.run(guest("wat/echo"), event())
    (path,) = (tmp_path / "compiled").glob(which)
    whole = path.read_bytes()
    patched = bytearray(whole)
    patched[len(patched) // 2] ^= 0xFF
    path.write_bytes(patched)
    assert (await empty_workshop.run(guest("wat/echo"), event(b"mine"))).lines == ["mine"]
    (path,) = (tmp_path / "compiled").glob(which)
    assert path.read_bytes() != bytes(patched)


async def test_code_of_no_engine_is_a_failed_start_and_no_crash(
    empty_workshop: Workshop, guest: Guest
) -> None:
    # Authenticated, so given to a child: as if the engine had changed and its version had not.
    module = guest("wat/echo")
    sha256 = module_hash(module)
    part = empty_workshop.artifacts.new_artifact(sha256)
    part.write_bytes(b"\x7fELF" + bytes(5_000))
    empty_workshop.artifacts.adopt(sha256, part)
    run = await empty_workshop.run(module, event())
    assert run.outcome == "start_failed"
    assert "the sandbox failed" in run.error


async def test_a_data_directory_that_vanished_is_an_error_of_ours(
    empty_workshop: Workshop, guest: Guest, tmp_path: Path
) -> None:
    module = guest("wat/echo")
    empty_workshop.artifacts.save_module(module_hash(module), module)
    (tmp_path / "compiled").rmdir()
    with pytest.raises(CompileFailed, match="No such file or directory"):
        await empty_workshop.compiler.compile(module_hash(module), plain_manifest(module))
    (tmp_path / "compiled").mkdir()


async def test_a_module_file_that_vanished_is_an_error_of_ours(
    empty_workshop: Workshop, guest: Guest
) -> None:
    with pytest.raises(CompileFailed, match="No such file or directory"):
        await empty_workshop.compiler.compile("0" * 64, plain_manifest(guest("wat/noop")))


async def test_two_modules_compile_one_after_the_other(
    empty_workshop: Workshop, guest: Guest
) -> None:
    runs = {}

    async def one(name: str) -> None:
        runs[name] = await empty_workshop.run(guest(name), event(b"x"))

    names = ("wat/echo", "wat/arena", "wat/echo_malloc", "c/probe")
    async with trio.open_nursery() as nursery:
        for name in names:
            nursery.start_soon(one, name)
    assert {name: run.lines for name, run in runs.items()} == {name: ["x"] for name in names}


@pytest.mark.parametrize(
    ("says", "error"),
    [
        ("b''", "killed by SIGKILL"),
        (r"b'\x01\0\0\0'", "sent invalid data: ValueError"),
        (r"b'\xff' * 50", "sent invalid data: FrameError"),
        ("encode_frame((10, 5), b'[]')", "sent invalid data: ValidationError"),
        ("encode_frame((10, 5), b'{')", "sent invalid data: DecodeError"),
        ("encode_frame((13, 1), b'x')", "sent invalid data: MessageError"),
        ("encode_frame((10, 5), b'{}') * 2", "sent invalid data: ValueError"),
        ("bytes(6 << 20)", "sent too much data"),
        ("encode_frame((11, 0, 1, 0, 0), b'it is \\x1b[31mred')", "it is \\x1b[31mred"),
    ],
)
async def test_a_compile_child_that_was_taken_over_is_not_believed(
    guest: Guest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, error: str
) -> None:
    taken_over = (
        "import os; from sandbox_child import compiler; "
        "from sandbox_child.wire.frames import encode_frame; "
        f"compiler.run_compiler = lambda *a: (compiler._write_all(1, {says}), "
        "os.kill(os.getpid(), 9)); forkserver.main"
    )
    boot = forkserver._BOOT.replace(
        "forkserver.main", taken_over.replace("{", "{{").replace("}", "}}")
    )
    monkeypatch.setattr(forkserver, "_BOOT", boot)
    module = guest("wat/noop")
    async with open_fork_server() as fork_server:
        workshop = Workshop(fork_server, tmp_path)
        workshop.artifacts.save_module(module_hash(module), module)
        with pytest.raises((CompileFailed, ModuleRefused)) as caught:
            await workshop.compiler.compile(module_hash(module), plain_manifest(module))
    assert error in str(caught.value)
    assert list((tmp_path / "compiled").iterdir()) == []
