"""Every error of the supervisor that a caller may see.

::

    SupervisorError
    ├── PluginNotFound        no plugin with that id is installed
    ├── ModuleRefused         the file cannot be installed; says why and what to do
    │   ├── AlreadyInstalled  the very same file is there already
    │   └── FetchFailed       nothing that could be installed came from the URL
    ├── NotInstalled          the server could not install a module, which may be fine
    ├── TooManyInstalls       others are under way; this one was not begun
    ├── InstallNotFound       no installation of that id was begun, or it is long over
    ├── NotInTheBox           no such package comes with the help desk
    ├── VersionNotFound       the plugin has no such version beside the one that is installed
    ├── PermissionUnknown     a permission that the plugin does not ask for
    ├── PermissionsNotAccepted
    │                         a version asks for more, which was neither accepted nor denied
    ├── ConfigInvalid         saved or offered configuration does not fit the plugin's schema
    ├── LimitsInvalid         limits for one plugin that are none, or out of bounds
    ├── NotRunning            the plugin has no process that could answer
    ├── NotFinished           a change was begun, and the database did not answer in time
    ├── DeliveryNotFound      the delivery log has no such entry of this plugin
    ├── OutOfRoom             a plugin keeps as much as it may
    ├── RecordMoved           a plugin's record has another revision than the one that it saw
    ├── CannotRedeliver       the event of a delivery is gone, or not the plugin's to have
    └── UnknownLevel          no log line has such a level
"""

from collections.abc import Iterable, Mapping, Sequence


class SupervisorError(Exception):
    """Base of everything that the supervisor raises on purpose."""


class PluginNotFound(SupervisorError):
    """No plugin with this id is installed."""

    def __init__(self, plugin_id: str) -> None:
        self.plugin_id = plugin_id
        super().__init__(f"no plugin with the id {plugin_id!r} is installed")


class ModuleRefused(SupervisorError):
    """A module cannot be installed or run here; the message is one sentence for its author."""


class AlreadyInstalled(ModuleRefused):
    """The very same file is there already: installed, waiting or kept."""

    def __init__(self, plugin_id: str, version: str, status: str, at: str, by: str) -> None:
        self.plugin_id = plugin_id
        self.version = version
        self.status = status
        """``active``, ``waiting`` or ``kept``."""
        self.installed_at = at
        self.installed_by = by
        """Id of the user, or ``command line (name)``."""
        stands = {
            "active": "is already installed",
            "waiting": "was already uploaded and is waiting for review",
            "kept": "was installed before and is kept: roll back to it",
        }[status]
        super().__init__(
            f"the same file {stands}: version {version} of {plugin_id}, uploaded {at} by {by}"
        )


class FetchFailed(ModuleRefused):
    """Nothing that could be installed came from a URL; the message is one sentence."""


class NotInstalled(SupervisorError):
    """The server could not install a module, which may be fine; the message is one sentence."""


class TooManyInstalls(SupervisorError):
    """Others are under way; this one was not begun."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"{most} installations are running, which is the limit; wait until one ends"
        )


class JobNotFound(SupervisorError):
    """A plugin has no job of this id."""

    def __init__(self, plugin_id: str, job_id: str) -> None:
        super().__init__(f"{plugin_id} has no job {job_id!r}; see `ohd plugin jobs {plugin_id}`")


class InstallNotFound(SupervisorError):
    """No installation of this id was begun since the server started, or it is long over."""

    def __init__(self, install_id: str) -> None:
        self.install_id = install_id
        super().__init__(
            f"the installation {install_id!r} does not exist, or ended long ago; "
            "see the list of plugins"
        )


class NotInTheBox(SupervisorError):
    """No package of this name comes with the help desk."""

    def __init__(self, name: str, names: Iterable[str]) -> None:
        self.name = name
        there = ", ".join(names) or "nothing"
        super().__init__(f"{name!r} is not in the box; in it: {there}")


class VersionNotFound(SupervisorError):
    """The plugin has no such version beside the one that is installed."""

    def __init__(self, plugin_id: str, wanted: str) -> None:
        self.plugin_id = plugin_id
        self.wanted = wanted
        super().__init__(
            f"{plugin_id} has no version {wanted} that is waiting or kept; list its versions"
        )


class PermissionUnknown(SupervisorError):
    """A permission that the plugin does not request can be neither given nor kept from it."""

    def __init__(self, plugin_id: str, unknown: Iterable[str], known: Iterable[str]) -> None:
        self.plugin_id = plugin_id
        self.unknown = tuple(sorted(unknown))
        super().__init__(
            f"{plugin_id} does not request {', '.join(self.unknown)}; "
            f"it requests {', '.join(known) or 'nothing'}"
        )


class PermissionsNotAccepted(SupervisorError):
    """A version asks for more than the installed one, and nobody has said yes or no to it."""

    def __init__(self, plugin_id: str, version: str, missing: Iterable[str]) -> None:
        self.plugin_id = plugin_id
        self.missing = tuple(missing)
        """Tokens of the permissions, see ``permissions``."""
        super().__init__(
            f"version {version} of {plugin_id} also requests {', '.join(self.missing)}: "
            "allow or deny each of these"
        )


class ConfigInvalid(SupervisorError):
    """Configuration values that do not fit the plugin's ``config_schema``."""

    def __init__(self, plugin_id: str, problems: Mapping[str, str]) -> None:
        self.plugin_id = plugin_id
        self.problems = dict(problems)
        """Field name to one sentence: what was found, what is expected."""
        listed = "; ".join(f"{field}: {problem}" for field, problem in self.problems.items())
        super().__init__(f"the configuration of {plugin_id} cannot be used: {listed}")


class LimitsInvalid(SupervisorError):
    """Limits for one plugin that there are not, or that lie out of their bounds."""

    def __init__(self, plugin_id: str, problems: Mapping[str, str]) -> None:
        self.plugin_id = plugin_id
        self.problems = dict(problems)
        """Name of the limit to one sentence: what is expected, what was found."""
        listed = "; ".join(f"{name}: {problem}" for name, problem in self.problems.items())
        super().__init__(f"the limits of {plugin_id} cannot be set: {listed}")


class CannotStart(SupervisorError):
    """The plugin's module begins with more than its limits allow."""

    def __init__(self, plugin_id: str, why: str) -> None:
        self.plugin_id = plugin_id
        super().__init__(f"plugin {plugin_id} cannot start: {why}")


class NotRunning(SupervisorError):
    """The plugin has no process just now, so that nothing can be asked of it."""

    def __init__(self, plugin_id: str, why: str) -> None:
        self.plugin_id = plugin_id
        super().__init__(f"plugin {plugin_id} is not running: {why}")


class NotFinished(SupervisorError):
    """A change of a plugin did not come to its end; how far it came is not known.

    ``waited_s``: how long the database was waited for; None where it saved the change, and could
    not be read behind it.
    """

    def __init__(self, plugin_id: str, waited_s: float | None) -> None:
        self.plugin_id = plugin_id
        why = (
            "was saved, but the database could not be read afterwards"
            if waited_s is None
            else f"was not finished within {waited_s:g} s, because the database did not respond"
        )
        super().__init__(
            f"the change of plugin {plugin_id} {why}; look at the plugin, then try again"
        )


class DeliveryNotFound(SupervisorError):
    """The plugin's delivery log has no entry with this id."""

    def __init__(self, plugin_id: str, delivery_id: str) -> None:
        self.plugin_id = plugin_id
        self.delivery_id = delivery_id
        super().__init__(
            f"the delivery log of {plugin_id} has no delivery {delivery_id!r}: look for it with "
            f"ohd plugin deliveries {plugin_id}"
        )


class CannotRedeliver(SupervisorError):
    """Deliveries cannot be redelivered; nothing of what was asked for was queued."""

    def __init__(self, plugin_id: str, why: str) -> None:
        self.plugin_id = plugin_id
        super().__init__(f"{plugin_id} cannot receive this again: {why}; nothing was queued")


class UnknownLevel(SupervisorError):
    """A level that no log line has."""

    def __init__(self, level: str, known: Sequence[str]) -> None:
        self.level = level
        super().__init__(f"{level!r} is not a log level; expected one of {', '.join(known)}")


class OutOfRoom(SupervisorError):
    """A plugin keeps as much as it may; the message says how much that is."""


class RecordMoved(SupervisorError):
    """A record of a plugin has another revision than the one that it saw; 0 is none."""

    def __init__(self, collection: str, key: str, expected: int, found: int) -> None:
        self.collection, self.key = collection, key
        super().__init__(
            f"the record {key[:80]!r} of {collection[:80]!r} has revision {found}, not {expected}"
        )
