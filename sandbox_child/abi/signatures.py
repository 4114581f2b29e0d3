"""Functions that compilers' runtimes import, whatever the contract, with their types.

Sources: ``wasi_snapshot_preview1.witx`` for WASI; TinyGo's ``wasm_exec.js`` and AssemblyScript's
runtime for the others.
"""

from collections.abc import Mapping
from typing import Final

from sandbox_child.wasm.facts import FuncType

WASI: Final = "wasi_snapshot_preview1"
GOJS: Final = "gojs"
ENV: Final = "env"

ImportTable = Mapping[tuple[str, str], FuncType]
"""Module and name of an import to its type."""

_SHORT: Final = {"i": "i32", "I": "i64", "f": "f32", "F": "f64"}


def _type(text: str) -> FuncType:
    parameters, _, results = text.partition(">")
    return FuncType(tuple(_SHORT[c] for c in parameters), tuple(_SHORT[c] for c in results))


def import_table(module: str, functions: Mapping[str, str]) -> dict[tuple[str, str], FuncType]:
    """Return the types of a module's functions, each written as ``parameters>results``.

    ``i`` and ``I`` are integers of 32 and 64 bits, ``f`` and ``F`` such floating-point numbers.
    """
    return {(module, name): _type(text) for name, text in functions.items()}


RUNTIME_IMPORTS: Final[ImportTable] = {
    **import_table(
        WASI,
        {
            "args_get": "ii>i",
            "args_sizes_get": "ii>i",
            "environ_get": "ii>i",
            "environ_sizes_get": "ii>i",
            "clock_res_get": "ii>i",
            "clock_time_get": "iIi>i",
            "fd_advise": "iIIi>i",
            "fd_allocate": "iII>i",
            "fd_close": "i>i",
            "fd_datasync": "i>i",
            "fd_fdstat_get": "ii>i",
            "fd_fdstat_set_flags": "ii>i",
            "fd_fdstat_set_rights": "iII>i",
            "fd_filestat_get": "ii>i",
            "fd_filestat_set_size": "iI>i",
            "fd_filestat_set_times": "iIIi>i",
            "fd_pread": "iiiIi>i",
            "fd_prestat_get": "ii>i",
            "fd_prestat_dir_name": "iii>i",
            "fd_pwrite": "iiiIi>i",
            "fd_read": "iiii>i",
            "fd_readdir": "iiiIi>i",
            "fd_renumber": "ii>i",
            "fd_seek": "iIii>i",
            "fd_sync": "i>i",
            "fd_tell": "ii>i",
            "fd_write": "iiii>i",
            "path_create_directory": "iii>i",
            "path_filestat_get": "iiiii>i",
            "path_filestat_set_times": "iiiiIIi>i",
            "path_link": "iiiiiii>i",
            "path_open": "iiiiiIIii>i",
            "path_readlink": "iiiiii>i",
            "path_remove_directory": "iii>i",
            "path_rename": "iiiiii>i",
            "path_symlink": "iiiii>i",
            "path_unlink_file": "iii>i",
            "poll_oneoff": "iiii>i",
            "proc_exit": "i>",
            "proc_raise": "i>i",
            "random_get": "ii>i",
            "sched_yield": ">i",
            "sock_accept": "iii>i",
            "sock_recv": "iiiiii>i",
            "sock_send": "iiiii>i",
            "sock_shutdown": "ii>i",
        },
    ),
    **import_table(GOJS, {"runtime.ticks": ">F", "runtime.sleepTicks": "F>"}),
    **import_table(GOJS, {"runtime.getRandomData": "iii>"}),
    **import_table(ENV, {"abort": "iiii>", "seed": ">F", "trace": "iiFFFFF>"}),
    **import_table(ENV, {"emscripten_notify_memory_growth": "i>"}),
}

_IN_NANOSECONDS: Final = import_table(GOJS, {"runtime.ticks": ">I", "runtime.sleepTicks": "I>"})
"""TinyGo's newer clock: whole nanoseconds in place of milliseconds."""


def fits(module: str, name: str, found: object, known: FuncType) -> bool:
    """Tell whether a type is one that the import ``module.name`` may have."""
    return found == known or found == _IN_NANOSECONDS.get((module, name), known)


def is_javascript_bridge(module: str, name: str) -> bool:
    """Tell whether an import is one of TinyGo's ``syscall/js`` functions (see ``javascript``)."""
    return module == GOJS and name.startswith("syscall/js.")
