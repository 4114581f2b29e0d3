"""The host's side of HashiCorp's go-plugin, as GoatKit's native plugins speak it. Pure: no I/O.

::

    host    one plugin's connection: what we ask of it, what it asks of us
    netrpc  calls and answers of Go's net/rpc, in both directions
    shapes  the structures that GoatKit's SDKs exchange
    output  what a plugin prints, as log lines
    errors  what a plugin may not do
"""
