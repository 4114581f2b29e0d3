"""A registration that was read, as plain frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass

from supervisor.manifest import ConfigField
from supervisor.registration.extras import ErrorCode, FieldWish, GroupWish
from supervisor.registration.jobs import Job
from supervisor.registration.notes import Note, Unsupported
from supervisor.registration.resources import Resources
from supervisor.registration.routes import Route, RouteAccess, strictest
from supervisor.registration.translations import Translations
from supervisor.registration.widgets import MenuItem, Widget


@dataclass(frozen=True, slots=True)
class Registration:
    """What a GoatKit plugin says about itself; texts are empty where it says nothing."""

    id: str
    """``goatkit.NAME``."""
    name: str
    """The name in the id; ``declared_name`` is the plugin's spelling of it."""
    declared_name: str
    version: str
    description: str
    author: str
    license: str
    homepage: str
    min_host_version: str
    routes: tuple[Route, ...]
    menu_items: tuple[MenuItem, ...]
    widgets: tuple[Widget, ...]
    jobs: tuple[Job, ...]
    translations: Translations
    error_codes: tuple[ErrorCode, ...]
    resources: Resources
    hide_menu_items: tuple[str, ...]
    landing_page: str
    groups: tuple[GroupWish, ...]
    custom_fields: tuple[FieldWish, ...]
    events: tuple[str, ...]
    config_schema: Mapping[str, ConfigField]
    dependencies: tuple[str, ...]
    warnings: tuple[Note, ...]
    unsupported: tuple[Unsupported, ...]

    @property
    def functions(self) -> Mapping[str, RouteAccess]:
        """The functions that a client may name, each with the strictest access it is served by."""
        accesses: dict[str, list[RouteAccess]] = {}
        for route in self.routes:
            accesses.setdefault(route.handler, []).append(route.access)
        for widget in self.widgets:
            accesses.setdefault(widget.handler, []).append(RouteAccess(login=True))
        return {handler: strictest(found) for handler, found in accesses.items()}
