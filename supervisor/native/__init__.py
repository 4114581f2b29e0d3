"""Native plugins: a stranger's program in a cage of its own, and the bridge that speaks to it.

::

    plugin     one plugin by itself: start it, call it, serve its host calls, end it
    child      program and bridge as one child, which a session owns
    program    the program's process: its folder, its start, its handshake
    printed    what a program prints beside go-plugin's streams
    door       the socket at which a program calls its host over gRPC
    identity   the host's certificate for go-plugin's mutual TLS
    sealed     the program's bytes: checked, pinned by their hash, out of everybody's reach
    elf        whether bytes are a program that this machine runs; pure
    handshake  the line by which a program says where it listens; pure
    limits     what a native plugin may use
    errors     why one cannot be started or called
"""
