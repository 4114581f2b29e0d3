"""What the command line does with plugins: the service's own methods, here or in a running server.

The socket's requests are checked against these signatures, and its answers read by them: a method
that stands here can be asked for over it, and nothing else can.
"""

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol, get_type_hints

from supervisor.views import (
    DeliveryFilter,
    DeliveryView,
    KeyRotation,
    LogLine,
    PluginView,
    ProcessView,
    VersionComparison,
    VersionView,
)
from supervisor.watching.delivery_document import DeliveryDocument


class PluginAdmin(Protocol):
    """A part of PluginService, where each method is described."""

    async def plugins(self) -> Sequence[PluginView]:
        """See PluginService."""
        ...

    async def processes(self) -> Sequence[ProcessView]:
        """See PluginService."""
        ...

    async def logs(
        self,
        plugin_id: str | None = None,
        *,
        level: str | None = None,
        after: int | None = None,
        limit: int = 200,
    ) -> Sequence[LogLine]:
        """See PluginService."""
        ...

    async def deliveries(
        self,
        plugin_id: str,
        *,
        wanted: DeliveryFilter,
        limit: int = 50,
        before: str | None = None,
    ) -> Sequence[DeliveryView]:
        """See PluginService."""
        ...

    async def delivery_document(self, plugin_id: str, delivery_id: str) -> DeliveryDocument:
        """See PluginService."""
        ...

    async def redeliver(self, plugin_id: str, delivery_ids: Sequence[str], *, actor: str) -> int:
        """See PluginService."""
        ...

    async def install(self, module: bytes, *, source: str, actor: str) -> PluginView:
        """See PluginService."""
        ...

    async def install_from_url(self, url: str, *, actor: str) -> PluginView:
        """See PluginService."""
        ...

    async def versions(self, plugin_id: str) -> Sequence[VersionView]:
        """See PluginService."""
        ...

    async def compare(self, plugin_id: str, sha256: str) -> VersionComparison:
        """See PluginService."""
        ...

    async def accept_version(
        self,
        plugin_id: str,
        sha256: str,
        *,
        accepted: Collection[str],
        withheld: Collection[str] = (),
        actor: str,
    ) -> PluginView:
        """See PluginService."""
        ...

    async def discard_version(self, plugin_id: str, sha256: str, *, actor: str) -> None:
        """See PluginService."""
        ...

    async def narrow(self, plugin_id: str, *, withheld: Collection[str], actor: str) -> PluginView:
        """See PluginService."""
        ...

    async def restart(self, plugin_id: str, *, actor: str) -> PluginView:
        """See PluginService."""
        ...

    async def set_enabled(self, plugin_id: str, enabled: bool, *, actor: str) -> PluginView:
        """See PluginService."""
        ...

    async def set_config(
        self, plugin_id: str, values: Mapping[str, object], *, actor: str
    ) -> PluginView:
        """See PluginService."""
        ...

    async def set_limits(
        self, plugin_id: str, overrides: Mapping[str, float | None], *, actor: str
    ) -> PluginView:
        """See PluginService."""
        ...

    async def uninstall(self, plugin_id: str, *, actor: str) -> None:
        """See PluginService."""
        ...

    async def rotate_key(self, *, actor: str) -> KeyRotation:
        """See PluginService."""
        ...


METHODS: Mapping[str, Callable[..., Any]] = {
    name: method
    for name, method in vars(PluginAdmin).items()
    if inspect.iscoroutinefunction(method) and not name.startswith("_")
}


def types_of(method: str) -> Mapping[str, Any]:
    """Return the types of a method's parameters, and of its ``return``."""
    return get_type_hints(METHODS[method])
