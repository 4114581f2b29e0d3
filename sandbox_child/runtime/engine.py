"""Makes the engine: used alike to compile a module and to run it."""

import wasmtime

from sandbox_child.runtime.settings import SWITCHED_OFF


def make_engine(stack_bytes: int) -> wasmtime.Engine:
    """Return an engine that starts no thread.

    ``stack_bytes``: of the guest's own calls, at most 2 MiB; beyond it the guest traps.
    """
    config = wasmtime.Config()
    config.strategy = "cranelift"
    config.epoch_interruption = True
    config.max_wasm_stack = stack_bytes
    for name in SWITCHED_OFF:
        setattr(config, name, False)
    return wasmtime.Engine(config)
