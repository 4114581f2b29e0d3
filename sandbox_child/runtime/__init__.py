"""wasmtime, as this project uses it: engine settings, one guest, its memory, direct calls."""
