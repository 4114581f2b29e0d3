"""The host's side of HashiCorp's go-plugin, as native plugins speak it. Pure: no I/O.

::

    host, grpc_host  one plugin: what we ask of it, what it asks of us, over net/rpc and over gRPC
    host_methods     the methods of the host's service over gRPC, as host functions with JSON
    manifest         a registration over gRPC, as JSON
    netrpc           calls and answers of Go's net/rpc, in both directions
    shapes           the structures that GoatKit's SDKs exchange over net/rpc
    happenings       what a plugin's connection tells, whichever protocol it speaks
    tls              the mutual TLS of go-plugin, below either protocol
    output           what a plugin prints, as log lines
    errors           what a plugin may not do
"""
