"""Every state that the supervisor stores or shows, in one place. Imports nothing of the project.

``docs/states.md`` draws the transitions.
"""

import enum


class PluginState(enum.StrEnum):
    """State of one plugin. ``docs/states.md`` draws the transitions."""

    DISABLED = "disabled"
    STARTING = "starting"
    RUNNING = "running"
    BACKING_OFF = "backing_off"
    STOPPING = "stopping"
    FAILED = "failed"
    STOPPED = "stopped"
    """Enabled, and nothing runs plugins here: the command line looks at an idle data directory."""


class Outcome(enum.StrEnum):
    """Outcome of one delivery, one call or one panel."""

    OK = "ok"
    TRAP = "trap"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    EXIT = "exit"
    LOST = "lost"
    START_FAILED = "start_failed"
    PROTOCOL = "protocol"
    DROPPED = "dropped"


class DeliveryKind(enum.StrEnum):
    """What the plugin was called for."""

    EVENT = "event"
    ROUTE = "route"
    """A request to a path that it declares."""
    WIDGET = "widget"
    JOB = "job"
    PLUGIN = "plugin"
    """Another plugin."""
    CALL = "call"
    """A command, such as ``ohd plugin call``."""


class EgressOutcome(enum.StrEnum):
    """Outcome of a plugin's request."""

    ANSWERED = "answered"
    REFUSED = "refused"
    """By a rule of ours; nothing was sent."""
    FAILED = "failed"
    """By the network, the server, or the end of the event."""


class BoxStanding(enum.StrEnum):
    """How a plugin in the box stands on this help desk."""

    AVAILABLE = "available"
    """Not installed."""
    INSTALLED = "installed"
    UPDATE = "update_available"
    WAITING = "update_waiting"
    """It is uploaded, and waits for an admin to accept it."""


class VersionStatus(enum.StrEnum):
    """Status of one version of an installed plugin."""

    ACTIVE = "active"
    """The installed one: it runs where the plugin is enabled."""
    WAITING = "waiting"
    """Was uploaded, and waits until an admin has accepted its permissions."""
    KEPT = "kept"
    """Was active before, and can be again, with the configuration that it had."""


class InstallStep(enum.StrEnum):
    """Step of an installation, in this order; the last two are its ends."""

    FETCHING = "fetching"
    CHECKING = "checking"
    COMPILING = "compiling"
    STARTING = "starting"
    DONE = "done"
    REFUSED = "refused"
