"""Routes that two plugins want: the one that is installed has them, the other is refused."""

from supervisor.contracts import Description, GoatkitDescription
from supervisor.errors import ModuleRefused
from supervisor.plugins.registry import PluginRegistry
from supervisor.registration import conflicts
from supervisor.text import counted

_NAMED = 3


def check_routes(installed: PluginRegistry, description: Description) -> None:
    """Raise ModuleRefused where another plugin has a route that this one declares."""
    if not isinstance(description, GoatkitDescription):
        return
    others = (
        row.description.registration
        for row in installed.rows()
        if isinstance(row.description, GoatkitDescription)
    )
    found = conflicts(description.registration, others)
    if not found:
        return
    more = len(found) - _NAMED
    named = "; ".join(map(str, found[:_NAMED]))
    rest = f"; and {counted(more, 'route')} more" if more > 0 else ""
    raise ModuleRefused(f"{named}{rest}. Uninstall one of the plugins")
