"""This end of net/rpc: everything goes over one connection, in both directions."""

from sandbox_child.bridge.ends import Ends
from sandbox_child.gob.decoder import Caps
from sandbox_child.goplugin.host import Host


def netrpc_ends(largest: int) -> Ends:
    """``largest``: bytes that a message of the plugin may have."""
    return Ends(Host(Caps(message_bytes=largest)))
