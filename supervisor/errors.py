"""Every error of the supervisor that a caller may see.

::

    SupervisorError
    ├── PluginNotFound        no plugin with that id is installed
    ├── ModuleRefused         the file cannot be installed; says why and what to do
    ├── ConfigInvalid         saved or offered configuration does not fit the plugin's schema
    ├── NotRunning            the plugin has no process that could answer
    └── NotFinished           a change was begun, and the database did not answer in time
"""

from collections.abc import Mapping


class SupervisorError(Exception):
    """Base of everything that the supervisor raises on purpose."""


class PluginNotFound(SupervisorError):
    """No plugin with this id is installed."""

    def __init__(self, plugin_id: str) -> None:
        self.plugin_id = plugin_id
        super().__init__(f"no plugin with the id {plugin_id!r} is installed")


class ModuleRefused(SupervisorError):
    """A module cannot be installed or run here; the message is one sentence for its author."""


class ConfigInvalid(SupervisorError):
    """Configuration values that do not fit the plugin's ``config_schema``."""

    def __init__(self, plugin_id: str, problems: Mapping[str, str]) -> None:
        self.plugin_id = plugin_id
        self.problems = dict(problems)
        """Field name to one sentence: what was found, what is expected."""
        listed = "; ".join(f"{field}: {problem}" for field, problem in self.problems.items())
        super().__init__(f"the configuration of {plugin_id} cannot be used: {listed}")


class NotRunning(SupervisorError):
    """The plugin has no process just now, so that nothing can be asked of it."""

    def __init__(self, plugin_id: str, why: str) -> None:
        self.plugin_id = plugin_id
        super().__init__(f"plugin {plugin_id} is not running: {why}")


class NotFinished(SupervisorError):
    """A change of a plugin did not come to its end in time; how far it came is not known."""

    def __init__(self, plugin_id: str, waited_s: float) -> None:
        self.plugin_id = plugin_id
        super().__init__(
            f"the change of plugin {plugin_id} was not finished within {waited_s:g} s, as the "
            "database did not answer; look at the plugin, then try again"
        )
