"""What the wider cage of a native plugin's program allows on purpose, and why that does no harm.

Runtimes of Go, Rust and C need it. An attack that is not listed here must fail in that cage.
"""

_OWN = "its own descriptors, within their limit"
_LOOP = "a runtime waits for its sockets this way"
_NOBODY = "it waits for its own threads this way, and wakes nobody"
_SELF = "shows it only itself"

PROGRAMS_MAY = {
    "channels.copy_pipe": _OWN,
    "channels.copy_pipe_to": _OWN,
    "channels.make_event": _LOOP,
    "channels.make_pipe": _OWN,
    "channels.make_pipe_the_old_way": _OWN,
    "channels.make_poll": _LOOP,
    "channels.poll": _LOOP,
    "channels.unblock_pipe": "its own end of the pipe; the supervisor has the other",
    "channels.wait_for_some_on_shared_page": _NOBODY,
    "channels.wait_on_shared_page": _NOBODY,
    "channels.write_by_vector": "writes where it may write anyway",
    "foreign.number_with_upper_half": "the kernel and the filter cut the number alike, and what is "
    "left is an allowed call",
    "memory.map_executable": "pages that were never writable hold no code of its own",
    "processes.learn_machine": "the kernel's version and the machine's name, which C libraries ask",
    "processes.learn_parent": _SELF,
    "processes.learn_usage": _SELF,
    "processes.learn_user": _SELF,
    "processes.start_thread": "threads are counted: by a limit, and by the control group",
    "sockets.make_unix_stream": "the socket that it serves; in its folder alone",
}
