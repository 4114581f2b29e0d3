"""The compile child: checks the structure, compiles, writes the artifact, reports.

A native plugin's program is not compiled: its artifact is the program itself, out of its package.

It runs once per module and then ends. The bytes, of a module or of the package that it came
in, are read only behind the lockdown.
The report goes out as one frame: READY with the JSON of a ModuleReport, or RESULT with the reason
why the module is refused.
"""

import hashlib
import json
import os
import platform
from dataclasses import asdict, replace
from typing import NoReturn

import wasmtime

from sandbox_child.abi.contracts import examine
from sandbox_child.abi.errors import AbiRefused
from sandbox_child.abi.structure import Needs
from sandbox_child.lockdown import process
from sandbox_child.lockdown.errors import LockdownError
from sandbox_child.lockdown.order import lock_down
from sandbox_child.lockdown.policy import ARTIFACT_OUT, MODULE_IN, REPORT_OUT
from sandbox_child.packages import Package, PackageError, read_package
from sandbox_child.packages.programs import MAGIC
from sandbox_child.plans import Surroundings, compiler_plan
from sandbox_child.wasm.caps import Caps
from sandbox_child.wasm.errors import ModuleError
from sandbox_child.wasm.module import read_module
from sandbox_child.wire.entry import NATIVE_ENTRY, ModuleReport, ProgramFacts
from sandbox_child.wire.frames import encode_frame
from sandbox_child.wire.messages import MAX_TEXT, READY, RESULT, START_SEQ, OutcomeCode
from sandbox_child.wire.spec import CompileSpec

_READ_BYTES = 1 << 20
_ZIP = b"PK\3\4"


def run_compiler(spec: CompileSpec, engine: wasmtime.Engine, around: Surroundings) -> NoReturn:
    """Never returns. Descriptors 0, 1 and 3 are the module, the report and the artifact already."""
    process.set_name("ohd-compile")
    plan = compiler_plan(
        spec.cage,
        around,
        max_artifact_bytes=spec.max_artifact_bytes,
        cpu_seconds=spec.cpu_seconds,
    )
    try:
        lock_down(plan, lambda: None)
        data = _read_all(spec.max_module_bytes)
        package = _unpacked(data)
        compiled: bytes | bytearray = package.module
        if package.is_native:
            report = _native_report(package.module)
        else:
            facts = read_module(package.module, Caps(module_bytes=spec.max_module_bytes))
            report = examine(facts, Needs(spec.needs_events, spec.needs_panel, spec.has_manifest))
            compiled = wasmtime.Module(engine, package.module).serialize()
        report = replace(
            report,
            package_manifest=(package.manifest_json or b"").decode(),
            package_signature=(package.signature or b"").decode("ascii", "replace"),
            module_sha256=(
                "" if package.module is data else hashlib.sha256(package.module).hexdigest()
            ),
        )
    except (LockdownError, PackageError, ModuleError, AbiRefused) as exc:
        _report(RESULT, str(exc))
    except wasmtime.WasmtimeError as exc:
        _report(RESULT, f"the engine refuses the module: {exc}")
    except MemoryError:
        _report(RESULT, "the module needs more memory to compile than is allowed")
    try:
        _write_all(ARTIFACT_OUT, compiled)
    except OSError as exc:
        _report(RESULT, f"the compiled module could not be written: {exc.strerror}")
    _report(READY, json.dumps(asdict(report)), size=len(compiled))


def _unpacked(data: bytes) -> Package:
    """Return a package; what is none is taken for a module, whose reader says what it is."""
    if data.startswith((_ZIP, MAGIC)):
        return read_package(data)
    return Package("module", data, "", None, "", None, ())


def _native_report(program: bytes) -> ModuleReport:
    """Return the report on a program, which is kept as it is."""
    return ModuleReport(
        entry=NATIVE_ENTRY,
        imports=(),
        exports=(),
        toolchain=f"native program for Linux on {platform.machine()}",
        start_section=False,
        functions=0,
        memory_min_pages=0,
        memory_max_pages=None,
        custom_sections=(),
        warnings=(),
        program=ProgramFacts(hashlib.sha256(program).hexdigest(), len(program)),
    )


def _read_all(limit: int) -> bytes:
    chunks, total = [], 0
    while chunk := os.read(MODULE_IN, _READ_BYTES):
        chunks.append(chunk)
        total += len(chunk)
        if total > limit:
            break  # the reader says it in its own words
    return b"".join(chunks)


def _write_all(descriptor: int, data: bytes | bytearray) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _report(kind: int, text: str, size: int = 0) -> NoReturn:
    blob = text.encode("utf-8", "replace")
    if kind == READY:
        frame = encode_frame((READY, size), blob)
    else:
        frame = encode_frame((RESULT, START_SEQ, OutcomeCode.TRAP, 0, 0), blob[:MAX_TEXT])
    _write_all(REPORT_OUT, frame)
    os._exit(0)
