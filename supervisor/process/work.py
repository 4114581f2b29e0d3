"""Guest calls of the GoatKit contract, as messages."""

from sandbox_child.wire.messages import INVOKE, REGISTER
from supervisor.process.conversation import Key, Work


def register_work(key: Key) -> Work[Key]:
    """Return the call of ``gk_register``."""
    return Work(REGISTER, b"", key)


def call_work(function: str, arguments: bytes, deadline_s: float, key: Key) -> Work[Key]:
    """Return the call of one function by name, with JSON or nothing as its arguments."""
    name = function.encode()
    head = (int(deadline_s * 1000), len(name))
    return Work(INVOKE, name + arguments, key, head=head, deadline_s=deadline_s)
