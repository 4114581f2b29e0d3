"""A bounded reader of the WebAssembly binary format: bytes in, facts or an error out.

Pure: no I/O, no engine, nothing of the rest of the project. So the supervisor may use it on an
upload that nobody trusts, before any byte of it reaches a compiler.

::

    module      every fact about a module that the host decides by, within caps
    spaces      the five index spaces of a module
    toolchain   which compiler made it, by the traces that compilers leave
    entities    types, limits, imports and constant expressions, one at a time
    sections    header, section boundaries, custom sections; embedding a manifest
    cursor      numbers, names and counts out of bytes
    facts       what the reader reports
    caps        how much of each thing is allowed
    errors      what can be wrong
"""
