"""The engine's settings, pure: what ``engine`` applies and what names compiled code.

wasmtime refuses precompiled code whose settings differ, so these, with the engine's version, are
part of the key of the cache of compiled code. Importing this does not load the engine.
"""

import importlib.metadata

SWITCHED_OFF = (
    # Each of these has had escapes, leaks or miscompiles of its own, and no compiler that plugins
    # are written with needs it.
    "wasm_threads",
    "wasm_memory64",
    "wasm_gc",
    "wasm_function_references",
    "wasm_exceptions",
    "wasm_multi_memory",
    "wasm_component_model",
    "wasm_custom_page_sizes",
    "wasm_stack_switching",
    "wasm_wide_arithmetic",
    "wasm_tail_call",
    # Its results depend on the processor.
    "wasm_relaxed_simd",
    "gc_support",
    "shared_memory",
    # Copy-on-write images need a file mapping at instantiation, which a locked child may not make.
    "memory_init_cow",
    # A thread pool would outlive, and escape, what the lockdown does to the thread that calls it.
    "parallel_compilation",
    # With the whole 4 GiB reserved a memory never has to move, so its address can be kept.
    "memory_may_move",
)


def engine_version() -> str:
    """Return the version of the engine that compiles and runs modules."""
    return importlib.metadata.version("wasmtime")


def settings_fingerprint() -> str:
    """Name everything that changes what the compiler writes; the guest's stack does not."""
    return f"wasmtime-{engine_version()};epoch;off={','.join(SWITCHED_OFF)}"
