"""Caller of a host call: the plugin, as the supervisor knows it.

Must not know how a call is answered.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox_child.wire.messages import LogLevel
from supervisor.calls.bound_secrets import BoundSecrets
from supervisor.limits import Limits
from supervisor.process.conversation import AnyWork
from supervisor.registration.grants import Grants
from supervisor.secrets.redaction import Redactor


@dataclass(frozen=True, slots=True)
class Caller:
    """The plugin that asks, as the supervisor knows it."""

    plugin_id: str
    name: str
    allowed_hosts: frozenset[str]
    """That its manifest declares and its admin has left it."""
    grants: frozenset[str]
    """Permissions that its manifest asks for and its admin has left it."""
    limits: Limits
    """Of the process that it asks from."""
    redact: Redactor
    secrets: BoundSecrets
    log: Callable[[LogLevel, str, AnyWork | None], None]
    """Writes a line of the host's into the plugin's log."""
    change: Callable[[int, AnyWork], str | None]
    """Notes a change to a ticket of so many bytes; returns why it must not be made, None where it
    may."""
    hide: Callable[[str], None]
    """Redacts a text from now on: a secret that the plugin keeps."""
    never_asked: frozenset[str] = frozenset()
    """Permissions that its module does not request at all."""
    withheld_hosts: frozenset[str] = frozenset()
    """That its manifest declares and its admin keeps from it."""
    functions: Grants | None = None
    """For a plugin whose contract calls the host by name: what it may ask for."""
