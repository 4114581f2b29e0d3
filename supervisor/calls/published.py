"""Events that plugins publish: passed on at once to open pages that show the plugin, kept nowhere.

A page gets what was published for its reader, and staff everything (``PublishedEvent.person``).
"""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec
import trio

from supervisor.calls.named_call import DONE, Handler, NamedCall
from supervisor.registration.grants import FunctionRefused
from supervisor.views import PublishedEvent

MOST_DATA = 16 * 1024
"""Bytes of one event's data as JSON."""
MOST_A_SECOND = 20
"""Events of one plugin; pages would have no time for more."""
_LONGEST_NAME = 200
NAMES: Final = ("publish_event",)

Listener = Callable[[PublishedEvent], None]


class PublishedEvents:
    """See the module."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._counts: dict[str, tuple[int, int]] = {}
        """By plugin: a second of Trio's clock, and how many events it had in it."""

    @property
    def table(self) -> Mapping[str, Handler]:
        """The functions by name."""
        return {name: getattr(self, name) for name in NAMES}

    def listen(self, listener: Listener) -> None:
        """Call ``listener``, which must not raise, with every event from now on."""
        self._listeners.append(listener)

    async def publish_event(self, call: NamedCall) -> object:
        """Pass an event on to the pages that show the plugin."""
        name = call.text("event_type", _LONGEST_NAME)
        call.grants.require("publish_event", "use", name)
        channel = call.text("channel", _LONGEST_NAME) if call.arguments.get("channel") else ""
        data = call.arguments.get("data")
        if len(msgspec.json.encode(data)) > MOST_DATA:
            raise FunctionRefused(f"data: at most {MOST_DATA:,} bytes of JSON are taken")
        self._count(call.plugin_id)
        event = PublishedEvent(call.plugin_id, call.behalf.person, name, channel, data)
        for listener in self._listeners:
            listener(event)
        return DONE

    def _count(self, plugin_id: str) -> None:
        second = int(trio.current_time())
        since, count = self._counts.get(plugin_id, (second, 0))
        count = count + 1 if since == second else 1
        if count > MOST_A_SECOND:
            raise FunctionRefused(f"more than {MOST_A_SECOND} events were published in a second")
        self._counts[plugin_id] = (second, count)
