"""Descriptions of plugins of each contract, in terms that the supervisor shares.

An ``ohd`` module carries its manifest; a GoatKit module says what it is when it is called. Both
become a manifest, permissions in words, and subscriptions. What differs beyond that stands with
the work: how a plugin is installed, started, called and given its jobs.

::

    ohd       a manifest section, and what the module imports
    goatkit   a registration, of a module or of a native program
    native    what admins consent to where it is a native program
"""

from sandbox_child.wire.entry import ModuleReport
from supervisor.contracts.goatkit import GoatkitDescription
from supervisor.contracts.ohd import OhdDescription

__all__ = ["Description", "GoatkitDescription", "OhdDescription", "describe"]

Description = OhdDescription | GoatkitDescription
"""What a plugin says about itself."""


def describe(text: str, report: ModuleReport) -> Description:
    """Read what is kept of a plugin; raises ModuleRefused."""
    if report.entry.contract in {"goatkit", "goatkit-native"}:
        return GoatkitDescription.read(text.encode(), report)
    return OhdDescription.read(text.encode(), report)
