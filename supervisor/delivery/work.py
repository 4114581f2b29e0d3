"""Units of work for a child, and what the runner remembers of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import trio

from sandbox_child.wire.messages import EVENT, INVOKE, NATIVE_EVENT, PANEL
from supervisor.delivery.function_calls import CallRequest
from supervisor.ports import OutboxEvent
from supervisor.process.conversation import Work
from supervisor.process.work import call_work
from supervisor.views import PanelResult

ON_EVENT = NATIVE_EVENT.decode()
"""The function that receives events, where a contract has functions only."""
MAX_DEPTH = 4
"""A chain of plugin causes ends here: events this deep are delivered to nobody."""


@dataclass(slots=True)
class Delivery:
    """One event on its way to one plugin."""

    event: OutboxEvent
    redelivered: bool = False
    was_lost: bool = False
    """Whether a process has ended during it, killed from outside or by a fault of its own."""
    entry: int | None = None
    """Of the redeliveries that admins asked for; None for one from the plugin's place in line."""
    is_kept: bool = True
    """Whether the outbox still has the event."""


@dataclass(slots=True, eq=False)
class PanelRequest:
    """People wait for a panel."""

    ticket_id: str
    waiting: int = 0
    """How many do."""
    sent: bool = False
    """Whether a child has been asked for it."""
    done: trio.Event = field(default_factory=trio.Event)
    result: PanelResult | None = None

    def finish(self, result: PanelResult) -> None:
        """Give all who wait the result."""
        self.result = result
        self.done.set()


WorkKey: TypeAlias = Delivery | PanelRequest | CallRequest
PluginWork: TypeAlias = Work[WorkKey]
"""A guest call that a runner makes, by what it is made for."""


def is_for(event: OutboxEvent, plugin_id: str, subscribed: Mapping[str, int]) -> bool:
    """Tell whether a plugin gets an event: subscribed, not its own doing, not too deep a chain.

    ``subscribed``: each event with the position after which the plugin receives it.
    """
    since = subscribed.get(event.type)
    if since is None or event.seq <= since:
        return False
    return event.origin != plugin_id and event.depth < MAX_DEPTH


def may_have(event: OutboxEvent, plugin_id: str, subscribed: Mapping[str, int]) -> bool:
    """Tell whether a plugin may get an event again that it got once: granted as it is now."""
    return event.type in subscribed and event.origin != plugin_id and event.depth < MAX_DEPTH


def event_work(delivery: Delivery, config_member: bytes, number: int = 0) -> PluginWork:
    """Return the guest call of a delivery, whose id in the delivery log will be ``number``.

    ``config_member`` is spliced in after the body, as are the ids by which a plugin can tell a
    repetition: what was running at a crash runs again.
    """
    event = delivery.event
    ids = ids_member(event.id, number, repeated=delivery.redelivered)
    blob = b"".join((event.body[:-1], ids, config_member, b"}"))
    # What an admin asks for once more starts again: the admin is its cause.
    cause = event.cause if event.cause and delivery.entry is None else ""
    return Work(EVENT, blob, delivery, number, event_id=event.id, depth=event.depth, cause=cause)


def ids_member(event_id: str, number: int, *, repeated: bool) -> bytes:
    """Return the members that name an event and its delivery, ready to be spliced in."""
    return b',"event_id":"%b","delivery_id":"%d","redelivered":%b' % (
        event_id.encode(),
        number,
        b"true" if repeated else b"false",
    )


def function_work(request: CallRequest, number: int = 0) -> PluginWork:
    """Return the guest call of a function, whose id in the delivery log will be ``number``."""
    work: PluginWork = call_work(request.function, request.arguments, request.deadline_s, request)
    work.number, work.event_id = number, f"call-{number}"
    # What follows from it follows from whatever it was called for.
    work.depth, work.cause = request.behalf.depth, request.behalf.cause
    return work


def as_call(work: PluginWork, deadline_s: float) -> PluginWork:
    """Return an event's guest call for a plugin that takes events as calls of a function."""
    name = ON_EVENT.encode()
    work.kind, work.blob = INVOKE, name + work.blob
    work.head, work.deadline_s = (int(deadline_s * 1000), len(name)), deadline_s
    return work


def panel_work(request: PanelRequest) -> PluginWork:
    """Return the guest call of a panel."""
    return Work(PANEL, request.ticket_id.encode(), request)
