"""Description of a GoatKit plugin: its registration. Nothing is granted by asking."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import ClassVar

from sandbox_child.wire.entry import ModuleReport
from supervisor.contracts.native import NOT_GRANTED, PERMISSION, native_view
from supervisor.manifest import Manifest
from supervisor.registration import (
    Permission,
    Registration,
    allows,
    ask,
    asked,
    choices,
    declares_nothing,
    document,
    parse_grant,
    parse_registration,
)
from supervisor.registration.grants import Grants
from supervisor.views import PermissionView


@dataclass(frozen=True, slots=True)
class GoatkitDescription:
    """See the module."""

    manifest: Manifest
    asks_for: tuple[str, ...]
    """Its permissions; the full list for one that declares none, of which its admin chooses."""
    registration: Registration
    host_calls: frozenset[str] = frozenset()
    """None of the ``ohd`` contract."""
    is_native: bool = False
    """Whether it is a program and no module."""

    @classmethod
    def read(cls, raw: bytes, report: ModuleReport) -> "GoatkitDescription":
        """Read a registration; raises ModuleRefused."""
        package = report.package_manifest.encode() or None
        registration = parse_registration(raw, package)
        is_native = report.entry.contract == "goatkit-native"
        asks_for = (*((PERMISSION,) if is_native else ()), *_asked(registration))
        return cls(_manifest(registration), asks_for, registration, is_native=is_native)

    takes_events_as_calls: ClassVar[bool] = True
    takes_extras: ClassVar[bool] = True

    def token(self, text: str) -> str | None:
        """Return a permission as it is kept; raises GrantError for what is none."""
        if self.is_native and text.strip() == PERMISSION:
            return PERMISSION
        return parse_grant(text).text

    def obstacle(self, withheld: Collection[str]) -> str | None:
        """Return why it must not run with what its admin keeps from it."""
        return NOT_GRANTED if self.is_native and PERMISSION in withheld else None

    def functions(self, withheld: Collection[str], extras: Collection[str]) -> Grants:
        """Return what it may ask of the host by name."""
        return Grants(self.registration, tuple(self.granted(withheld, extras)))

    def granted_at_install(self) -> tuple[str, ...]:
        """Return what it gets where its admin says nothing: nothing."""
        return ()

    def is_subscribed(self, event: str, withheld: Collection[str]) -> bool:
        """Tell whether it receives an event."""
        return allows(self.granted(withheld), "ticket_event", "use", event)

    def granted(self, withheld: Collection[str], extras: Iterable[str] = ()) -> list[Permission]:
        """Return what its admin has granted: of its requests, and more."""
        tokens = {*self.asks_for, *extras} - set(withheld) - {PERMISSION}
        return [parse_grant(token) for token in sorted(tokens)]

    def views(self, tokens: Iterable[str], withheld: frozenset[str]) -> tuple[PermissionView, ...]:
        """Put permissions into words."""
        return tuple(self._view(token, granted=token not in withheld) for token in tokens)

    def _view(self, token: str, *, granted: bool) -> PermissionView:
        if token == PERMISSION:
            return native_view(granted=granted)
        found = ask(parse_grant(token))
        return PermissionView(token, found.sentence, found.warning, granted)


def _asked(registration: Registration) -> tuple[str, ...]:
    tokens = [found.permission.text for found in asked(registration)]
    if declares_nothing(registration):
        tokens += [found.permission.text for found in choices()]
    return tuple(dict.fromkeys(tokens))


def _manifest(registration: Registration) -> Manifest:
    """Return what both contracts know of a plugin."""
    return Manifest(
        id=registration.id,
        name=registration.declared_name,
        version=registration.version or "0.0.0",
        description=registration.description,
        author=registration.author or None,
        license=registration.license or None,
        homepage=registration.homepage or None,
        events=registration.events,
        allowed_hosts=(),
        config_schema=registration.config_schema,
        ui_panel=None,
        unknown={},
        raw=document(registration),
    )
