"""Code on the untrusted side: one process per plugin, and the fork server.

Rooms and modules, highest first; each imports only from its own row and the rows below::

    attacks      what an escaped guest would try, for ``ohd sandbox check``
    forkserver   a clean process that forks one child per plugin, or per module to compile
    mail         mail of strangers: read, as one document and its files
    pictures     small pictures of large ones, made of strangers' files
    query        a plugin's SQL: translated, bounded, run behind views
    bridge       a native plugin's bridge: frames in, go-plugin out, and back
    program      what a new fork does to become a native plugin's program
    child        what a new fork does: load, warm up, lock down, start, serve
    compiler     what a compile child does: check the structure, compile, write the artifact
    serve        the loop of a plugin child: frames in, guest calls, frames out
    plans        the lockdown of each kind of child
    abi          what a guest imports and exports: the contracts
    packages     reader of plugin packages: ZIP files and their manifests; pure
    runtime      wasmtime: engine settings, instance, memory, direct calls
    goplugin     the host's side of HashiCorp's go-plugin; pure
    gob, yamux   how Go writes values, and many streams over one connection; pure
    grpc         calls over HTTP/2; pure
    protos       messages that protoc has generated; pure
    lockdown     seccomp, Landlock, capabilities, limits, in the order that works
    wire         frames and messages; pure
    wasm         reader of the binary format; pure

``wire`` and ``wasm`` do no I/O and are all that the supervisor may import from here.
Nothing here imports any other package of the project.
"""
