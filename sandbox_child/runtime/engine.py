"""Makes the engine: used alike to compile a module and to run it."""

import wasmtime

from sandbox_child.runtime.settings import SWITCHED_OFF, WASM_STACK_BYTES


def make_engine() -> wasmtime.Engine:
    """Return an engine that starts no thread."""
    config = wasmtime.Config()
    config.strategy = "cranelift"
    config.epoch_interruption = True
    config.max_wasm_stack = WASM_STACK_BYTES
    for name in SWITCHED_OFF:
        setattr(config, name, False)
    return wasmtime.Engine(config)
