"""Violations by a plugin on its connection.

::

    GoPluginError    ends the connection; the message says what was wrong, with no bytes of the peer
"""


class GoPluginError(Exception):
    """The plugin broke the protocol of go-plugin or of net/rpc."""
