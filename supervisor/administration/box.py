"""Plugins in the box: packages that come with the help desk, and how each stands here.

Each is a folder with the package (``NAME.zip``) and a copy of what the plugin registers
(``registration.json``), so that nothing is unpacked or run to list it. Installing one is an
installation like any other: the package is checked, compiled and run as a stranger's would be.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
import trio

from supervisor.administration.comparison import precedence
from supervisor.administration.install_jobs import InstallJobs
from supervisor.errors import NotInTheBox
from supervisor.plugins.registry import PluginRegistry
from supervisor.registration import MAX_BYTES, Registration, ask, asked, parse_registration
from supervisor.registration.errors import RegistrationRefused
from supervisor.states import BoxStanding
from supervisor.store.plugins import PluginRow
from supervisor.views import BoxedPlugin, InstallView, PermissionView, PluginView

SOURCE = "the box"
"""Shown as where such a plugin came from."""
_MOST = 100

log = structlog.get_logger("supervisor.box")


@dataclass(frozen=True, slots=True)
class _Package:
    name: str
    registration: Registration
    sha256: str
    size: int


class Box:
    """See the module."""

    def __init__(
        self,
        folder: Path | None,
        installed: PluginRegistry,
        installs: InstallJobs,
        view: Callable[[PluginRow], PluginView],
    ) -> None:
        """``folder`` has a folder for each plugin; None: nothing is in the box."""
        self._folder = folder
        self._installed = installed
        self._installs = installs
        self._view = view

    async def all(self) -> Sequence[BoxedPlugin]:
        """Return what is in the box, by name."""
        if self._folder is None:
            return []
        found = await trio.to_thread.run_sync(_read, self._folder)
        return [self._shown(package) for package in found]

    async def start(self, name: str, *, actor: str) -> InstallView:
        """Begin to install a package; raises NotInTheBox, TooManyInstalls."""
        package = await self._package(name)
        return await self._installs.start(module=package, source=SOURCE, actor=actor)

    async def install(self, name: str, *, actor: str) -> PluginView:
        """Install a package: a new plugin is disabled, a new version waits for review.

        Raises NotInTheBox, and what ``InstallJobs.install`` raises.
        """
        package = await self._package(name)
        return await self._installs.install(package, source=SOURCE, actor=actor)

    async def _package(self, name: str) -> bytes:
        names = [one.name for one in await self.all()]
        if self._folder is None or name not in names:
            raise NotInTheBox(name, names)
        return await trio.Path(self._folder / name / f"{name}.zip").read_bytes()

    def _shown(self, package: _Package) -> BoxedPlugin:
        registration = package.registration
        row = self._installed.find(registration.id)
        asks = [ask(found.permission) for found in asked(registration)]
        return BoxedPlugin(
            name=package.name,
            id=registration.id,
            title=_title(registration),
            version=registration.version or "0.0.0",
            description=registration.description,
            permissions=tuple(
                PermissionView(one.permission.text, one.sentence, one.warning, granted=False)
                for one in asks
            ),
            size=package.size,
            sha256=package.sha256,
            standing=self._standing(package, row),
            installed_version=row.manifest.version if row else None,
            state=self._view(row).state if row else None,
        )

    def _standing(self, package: _Package, row: PluginRow | None) -> BoxStanding:
        if row is None:
            return BoxStanding.AVAILABLE
        if self._installed.waiting(row.id) == package.sha256:
            return BoxStanding.WAITING
        # An admin who rolled back, or put in a later version, is not asked again.
        known = {row.sha256, *(version.sha256 for version in self._installed.others(row.id))}
        boxed = package.registration.version or "0.0.0"
        if package.sha256 in known or precedence(boxed) < precedence(row.manifest.version):
            return BoxStanding.INSTALLED
        return BoxStanding.UPDATE


def _title(registration: Registration) -> str:
    """Return what people will see in the navigation; else the name that the plugin declares."""
    for item in registration.menu_items:
        return registration.translations.translate(item.label) or item.label
    return registration.declared_name.replace("-", " ").capitalize()


def _read(folder: Path) -> list[_Package]:
    """Read the box; what is broken is left out, and the log says why."""
    return sorted(_packages(folder), key=lambda one: one.registration.declared_name.casefold())


def _packages(folder: Path) -> Iterator[_Package]:
    for path in sorted(folder.glob("*/*.zip"))[:_MOST]:
        name = path.parent.name
        if path.stem != name:
            continue
        try:
            with (path.parent / "registration.json").open("rb") as file:
                registration = parse_registration(file.read(MAX_BYTES + 1))
            packed = path.read_bytes()
        except (OSError, RegistrationRefused) as exc:
            log.error("boxed_plugin_unreadable", plugin=name, error=str(exc))
            continue
        sha256 = hashlib.sha256(packed).hexdigest()
        yield _Package(name, registration, sha256, len(packed))
