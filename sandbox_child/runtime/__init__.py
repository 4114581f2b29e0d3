"""wasmtime, as this project uses it: engine settings, one guest, its memory, direct calls.

::

    pool      blocks of guest memory, taken once and used again
    guest     one guest: store, limits, imports, instance, memory
    direct    direct calls between host and guest, by wasmtime-py's private bindings
    engine    makes the engine
    watchdog  a thread that looks after a guest call
    settings  the engine's settings; pure
    errors    how a guest, or a host call that it made, can fail
"""
