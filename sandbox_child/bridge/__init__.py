"""A native plugin's bridge: from our frames to go-plugin, in a process of its own.

Everything that a native plugin says is parsed here, in a process that has nothing but two pipes and
one connected socket; over gRPC also a few connections that the program makes to the host.

::

    process  what a new fork does to become a bridge: what it loads, its lockdown
    loop     waits for the pipe and the connections, reads them and writes them
    netrpc   this end of net/rpc: one connection
    grpc     this end of gRPC: the door for the program's own connections besides
    calls    guest calls and calls of the host: which one runs, and what answers which
    links    one connection to the program, perhaps under TLS
    ends     what one protocol brings: its state machine, and its door
"""
