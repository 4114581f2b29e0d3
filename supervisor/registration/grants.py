"""Grants of a GoatKit plugin, and how a call without one is refused."""

from dataclasses import dataclass

from supervisor.registration import Permission, Registration, allows, needed


class FunctionRefused(Exception):
    """Why a host function gave nothing; fit for the plugin's log."""


def not_granted(kind: str, access: str, subject: str | None) -> FunctionRefused:
    """Return the refusal of what was not granted, with the grant that would allow it."""
    return FunctionRefused(f"not granted; grant {needed(kind, access, subject).text} to allow it")


@dataclass(frozen=True, slots=True)
class Grants:
    """What a GoatKit plugin registered, and what its admin granted."""

    registration: Registration
    permissions: tuple[Permission, ...] = ()

    def require(self, kind: str, access: str, subject: str | None = None) -> None:
        """Raise FunctionRefused unless this is granted."""
        if not allows(self.permissions, kind, access, subject):
            raise not_granted(kind, access, subject)
