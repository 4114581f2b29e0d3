"""Description of an ``ohd`` plugin: its manifest, and what its module imports."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import ClassVar

from sandbox_child.wire.entry import ModuleReport
from supervisor.manifest import Manifest, parse_manifest
from supervisor.manifest.permissions import (
    EVENT_PREFIX,
    asked_for,
    asked_grants,
    permission_views,
)
from supervisor.registration.grants import Grants
from supervisor.views import PermissionView


@dataclass(frozen=True, slots=True)
class OhdDescription:
    """See the module."""

    manifest: Manifest
    asks_for: tuple[str, ...]
    """Its permissions, in the order in which they are shown."""
    host_calls: frozenset[str]
    """Kinds of host calls that the module imports."""

    @classmethod
    def read(cls, raw: bytes, report: ModuleReport) -> "OhdDescription":
        """Read a manifest; raises ModuleRefused."""
        manifest = parse_manifest(raw)
        return cls(manifest, asked_for(manifest, report), asked_grants(report))

    takes_events_as_calls: ClassVar[bool] = False
    takes_extras: ClassVar[bool] = False
    """Whether it can be granted what it does not ask for."""

    def token(self, text: str) -> str | None:
        """Return a permission as it is kept, None for what is none."""
        return text if text in self.asks_for else None

    def functions(self, withheld: Collection[str], extras: Collection[str]) -> Grants | None:
        """Return what it may ask of the host by name: nothing, its module imports functions."""
        del withheld, extras
        return None

    def granted_at_install(self) -> tuple[str, ...]:
        """Return what it gets where its admin says nothing: what its manifest declares."""
        return self.asks_for

    def obstacle(self, withheld: Collection[str]) -> str | None:
        """Return why it must not run with what its admin keeps from it: nothing keeps it."""
        del withheld
        return None

    def is_subscribed(self, event: str, withheld: Collection[str]) -> bool:
        """Tell whether it receives an event."""
        return EVENT_PREFIX + event not in withheld

    def views(self, tokens: Iterable[str], withheld: frozenset[str]) -> tuple[PermissionView, ...]:
        """Put permissions into words."""
        return permission_views(tokens, withheld)
