"""One named host call while it is answered: who asks, for whom, with which arguments."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from supervisor.calls.behalf import Behalf
from supervisor.calls.caller import Caller
from supervisor.ports import PluginActor
from supervisor.process.conversation import AnyWork
from supervisor.registration.grants import FunctionRefused, Grants

DONE = {"status": "ok"}
_LARGEST_NUMBER = 2**53


@dataclass(slots=True)
class NamedCall:
    """See the module."""

    caller: Caller
    grants: Grants
    work: AnyWork
    behalf: Behalf
    deadline: float
    """On Trio's clock."""
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def plugin_id(self) -> str:
        """The plugin that asks."""
        return self.caller.plugin_id

    @property
    def actor(self) -> PluginActor:
        """The plugin as the author of a change."""
        return PluginActor(
            self.caller.plugin_id, self.caller.name, self.work.depth, self.work.cause
        )

    @property
    def person(self) -> str | None:
        """Id of the person for whom the call is made; raises FunctionRefused for a visitor."""
        if self.behalf.is_visitor:
            raise FunctionRefused("it is called for a visitor without an account")
        return self.behalf.person

    def text(self, name: str, most: int | None = None) -> str:
        """Return an argument that has to be text; raises FunctionRefused."""
        value = self.arguments.get(name)
        if not isinstance(value, str):
            raise FunctionRefused(f"{name}: expected text")
        if most is not None and len(value) > most:
            raise FunctionRefused(f"{name}: {len(value):,} characters; at most {most:,} are taken")
        return value

    def number(self, name: str) -> int:
        """Return an argument that has to be a whole number from 1 on; raises FunctionRefused."""
        value = self.arguments.get(name)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < _LARGEST_NUMBER:
            raise FunctionRefused(f"{name}: expected a whole number from 1 on")
        return value

    def blob(self, name: str) -> bytes:
        """Return an argument that has to be base64, empty where it is not given."""
        value = self.arguments.get(name)
        if value is None:
            return b""
        try:
            return b64decode(value, validate=True)
        except (NotBase64, TypeError, ValueError):
            raise FunctionRefused(f"{name}: expected bytes as base64") from None

    def list(self, name: str) -> list[Any]:
        """Return an argument that has to be a list, empty where it is not given."""
        found = self.arguments.get(name)
        if found is None:
            return []
        if not isinstance(found, list):
            raise FunctionRefused(f"{name}: expected a list")
        return found

    def note_change(self, size: int) -> None:
        """Note a change of ``size`` bytes; raises FunctionRefused where none may be made.

        Somebody who only looks at a page changes nothing by it: the page of another site could
        make them look.
        """
        if self.behalf.is_look:
            raise FunctionRefused(
                "somebody only looks at this page (GET); change things in a route with POST, PUT, "
                "PATCH or DELETE, in a job or for an event"
            )
        if (problem := self.caller.change(size, self.work)) is not None:
            raise FunctionRefused(problem)


Handler: TypeAlias = Callable[[NamedCall], Awaitable[object]]
"""Answers a call with what becomes JSON, or with JSON; raises FunctionRefused."""


def read_arguments(arguments: bytes) -> Mapping[str, Any]:
    """Return a call's arguments; raises FunctionRefused."""
    if not arguments:
        return {}
    try:
        found = msgspec.json.decode(arguments)
    except (msgspec.DecodeError, RecursionError):
        raise FunctionRefused("its arguments are not JSON") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise FunctionRefused("its arguments: expected a JSON object")
    return found
