"""Host functions of GoatKit guests: one table of names, a permission each, checked here.

The guest is told whether a call went well and nothing of why it did not. The reason goes to the
plugin's log and the delivery record, with the grant that would have allowed it.
"""

import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from functools import partial
from types import MappingProxyType
from typing import Any, Final, Protocol

import msgspec
import structlog
import trio

from sandbox_child.wire.errors import MessageError
from sandbox_child.wire.messages import LogLevel, read_named_call
from supervisor.calls.behalf import EVERYTHING, Behalf
from supervisor.calls.caller import Caller
from supervisor.calls.desk_functions import NAMES as DESK
from supervisor.calls.kept_functions import NAMES as KEPT
from supervisor.calls.named_call import Handler, NamedCall, read_arguments
from supervisor.calls.plugin_cache import PluginCache
from supervisor.calls.published import NAMES as PUBLISHED
from supervisor.calls.queries import Queries
from supervisor.calls.record_functions import NAMES as RECORDS
from supervisor.calls.several_changes import change_together, refused
from supervisor.calls.shown_calls import shown_call
from supervisor.egress import EgressAnswer, EgressRequest
from supervisor.egress.url import read_host
from supervisor.limits import Limits
from supervisor.process.conversation import AnyWork, Called
from supervisor.query import TABLES, QueryRefused
from supervisor.registration import allows, holds
from supervisor.registration.grants import FunctionRefused, not_granted
from supervisor.views import HostCallRecord

log = structlog.get_logger("supervisor.hostcalls")

_DONE, _FAILED = 1, 0
_DETAIL_LIMIT = 500
_LEVELS: Final = {"debug": LogLevel.DEBUG, "warn": LogLevel.WARN, "error": LogLevel.ERROR}
_CALL_DEPTH = 10


class Neighbours(Protocol):
    """The other plugins."""

    async def call(
        self, name: str, function: str, arguments: bytes, behalf: Behalf, deadline: float
    ) -> bytes:
        """Call a function of another plugin; raises FunctionRefused."""
        ...


class Requests(Protocol):
    """Budgets and the way to the network, as ``HostCalls`` has them."""

    def draw(self, work: AnyWork, limits: Limits) -> str | None:
        """Count one host call; return why it must not be made, None where it may."""
        ...

    async def fetch(
        self, caller: Caller, work: AnyWork, request: EgressRequest, hosts: frozenset[str]
    ) -> EgressAnswer:
        """Make one request; raises nothing but Cancelled."""
        ...


@dataclass(frozen=True, slots=True)
class Site:
    """What plugins may know of the help desk."""

    name: Callable[[], str] = lambda: "Open Help Desk"
    zone: tzinfo | None = None
    zone_name: str = "UTC"


class HostFunctions:
    """Answers the named calls of every plugin."""

    def __init__(
        self,
        requests: Requests,
        queries: Queries,
        site: Site,
        more: Mapping[str, Handler] = MappingProxyType({}),
    ) -> None:
        """``more``: functions of other modules, by name."""
        own = {name: partial(handler, self) for name, handler in _TABLE.items()}
        self._table: Mapping[str, Handler] = {**more, **own}
        self._requests = requests
        self._queries = queries
        self._site = site
        self._caches: dict[str, PluginCache] = {}
        self.neighbours: Neighbours | None = None

    async def answer(self, caller: Caller, called: Called) -> tuple[int, bytes]:
        """Return whether a call went well, and its JSON; raises nothing but Cancelled."""
        started = time.monotonic()
        name, answer, detail = "host_call", None, "it was cut off with the call"
        arguments = b""
        status = _FAILED
        try:
            name, arguments = read_named_call(called.request)
            answer = await self._answer(caller, called.work, name, arguments)
            status, detail = _DONE, ""
        except (FunctionRefused, MessageError) as exc:
            detail = str(exc)
        except Exception as exc:
            error = caller.redact(f"{type(exc).__name__}: {exc}")
            log.error("host_call_failed", plugin=caller.plugin_id, call=name, error=error)
            detail = "the host failed"
        finally:
            spent = (time.monotonic() - started) * 1000
            shown = caller.redact(detail)[:_DETAIL_LIMIT] if detail else None
            asked = shown_call(name, arguments, caller.redact)
            called.work.host_calls.append(HostCallRecord(name, asked, status, spent, shown))
            if shown:
                caller.log(LogLevel.WARN, f"{name}: {shown}", called.work)
        if status == _FAILED:
            # Native plugins are told why, as that platform tells them; a module never hears it.
            return status, (shown or "").encode()
        return status, answer or b"null"

    async def job_ended(self, plugin_id: str) -> None:
        """End the query process of a plugin's jobs."""
        await self._queries.job_ended(plugin_id)

    async def release(self, plugin_id: str) -> None:
        """Forget a plugin that runs no longer, and end its query process."""
        self._caches.pop(plugin_id, None)
        await self._queries.release(plugin_id)

    async def _answer(self, caller: Caller, work: AnyWork, name: str, arguments: bytes) -> bytes:
        handler = self._table.get(name)
        if handler is None:
            raise FunctionRefused(NOT_SERVED.get(name, "there is no such function"))
        if caller.functions is None:
            raise FunctionRefused("this plugin has no such calls")
        counted = name == "http_request"  # with the request itself
        if not counted and (problem := self._requests.draw(work, caller.limits)):
            raise FunctionRefused(problem)
        behalf = getattr(work.key, "behalf", EVERYTHING)
        allowed = caller.limits.deadline_s if work.deadline_s is None else work.deadline_s
        deadline = work.started + allowed
        call = NamedCall(
            caller, caller.functions, work, behalf, deadline, read_arguments(arguments)
        )
        answer = await handler(call)
        return answer if isinstance(answer, bytes) else msgspec.json.encode(answer)

    async def db_query(self, call: NamedCall) -> bytes:
        """Run a SELECT over what was granted."""
        permissions = call.grants.permissions
        if not holds(permissions, "db", "read"):
            raise not_granted("db", "read", None)
        tables = frozenset(t for t in TABLES if allows(permissions, "db", "read", t))
        return await self._select(call, call.text("query"), call.list("args"), tables)

    async def db_exec(self, call: NamedCall) -> object:
        """Change the plugin's own database."""
        if not holds(call.grants.permissions, "db", "write"):
            raise not_granted("db", "write", None)
        if "statements" in call.arguments:
            return await change_together(self._queries, call)
        try:
            affected = await self._queries.execute(
                call.caller.plugin_id,
                call.text("query"),
                call.list("args"),
                behalf=call.behalf,
                deadline=call.deadline,
            )
        except QueryRefused as exc:
            raise refused(exc, "write") from None
        return {"affected": affected}

    async def cache_get(self, call: NamedCall) -> object:
        """Return what was kept under a key."""
        call.grants.require("cache", "read")
        value = self._cache(call).get(call.text("key"), trio.current_time())
        encoded = None if value is None else b64encode(value).decode()
        return {"value": encoded, "found": value is not None}

    async def cache_set(self, call: NamedCall) -> object:
        """Keep a value in memory for so many seconds; 0 for as long as there is room."""
        call.grants.require("cache", "write")
        ttl = call.arguments.get("ttl") or call.arguments.get("ttl_seconds") or 0
        if isinstance(ttl, bool) or not isinstance(ttl, int | float) or ttl < 0:
            raise FunctionRefused("ttl: expected seconds, 0 or more")
        until = trio.current_time() + ttl if ttl else None
        if not self._cache(call).set(call.text("key"), call.blob("value"), until):
            raise FunctionRefused("the value is too large to be kept")
        return {"ok": True}

    async def cache_delete(self, call: NamedCall) -> object:
        """Forget a key."""
        call.grants.require("cache", "write")
        self._cache(call).delete(call.text("key"))
        return {"ok": True}

    async def http_request(self, call: NamedCall) -> object:
        """Make a request to a host that was granted."""
        url = call.text("url")
        host = read_host(url)
        if host is None:
            raise FunctionRefused("url: expected an https address")
        call.grants.require("http", "use", host)
        headers = call.arguments.get("headers") or {}
        if not isinstance(headers, dict):
            raise FunctionRefused("headers: expected an object of texts")
        try:
            body = call.blob("body").decode() or None
        except UnicodeDecodeError:
            raise FunctionRefused("body: expected text in UTF-8") from None
        request = EgressRequest(
            url=url,
            method=str(call.arguments.get("method") or "GET"),
            headers={str(key): str(value) for key, value in headers.items()},
            body=body,
        )
        got = await self._requests.fetch(call.caller, call.work, request, frozenset({host}))
        if got.status == 0 or got.refused:
            raise FunctionRefused(got.detail or "there was no answer")
        return {"status": got.status, "body": b64encode(got.body).decode()}

    async def config_get(self, call: NamedCall) -> object:
        """Return one of three settings of the help desk."""
        call.grants.require("config", "use")
        key = call.text("key")
        values = {
            "app.name": self._site.name(),
            "app.timezone": self._site.zone_name,
            "app.env": "production",
        }
        if key not in values:
            raise FunctionRefused(f"key: expected one of {', '.join(values)}, found {key[:80]!r}")
        return {"value": values[key]}

    async def translate(self, call: NamedCall) -> object:
        """Return a text in the viewer's language, the key itself where there is none."""
        key = call.text("key")
        texts = call.grants.registration.translations
        return {"value": texts.translate(key, call.behalf.languages) or key}

    async def plugin_call(self, call: NamedCall) -> bytes:
        """Call a function of another plugin, for the same person, in the time that is left."""
        name, function = call.text("plugin"), call.text("function")
        call.grants.require("plugin_call", "use", name)
        chain = (*call.behalf.chain, call.caller.plugin_id)
        if len(chain) > _CALL_DEPTH:
            raise FunctionRefused(f"plugins called one another more than {_CALL_DEPTH} times")
        if self.neighbours is None:
            raise FunctionRefused("there are no other plugins here")
        arguments = call.arguments.get("args")
        encoded = b"" if arguments is None else msgspec.json.encode(arguments)
        # What the other one does follows from this call, and from what this one follows from.
        behalf = replace(call.behalf, chain=chain, depth=call.work.depth, cause=call.work.cause)
        return await self.neighbours.call(name, function, encoded, behalf, call.deadline)

    async def log(self, call: NamedCall) -> object:
        """Write a line into the plugin's log."""
        level = _LEVELS.get(str(call.arguments.get("level")).lower(), LogLevel.INFO)
        fields = call.arguments.get("fields")
        more = f" {msgspec.json.encode(fields).decode()}" if isinstance(fields, dict) else ""
        line = (call.text("message") + more)[: call.caller.limits.log_line_bytes]
        call.caller.log(level, line, call.work)
        return {"ok": True}

    async def time_now(self, _call: NamedCall) -> object:
        """Return the time in the server's time zone, as queries have it."""
        return {"now": datetime.now(self._site.zone).isoformat()}

    async def org_id(self, _call: NamedCall) -> object:
        """Return 0: this help desk has no organisations."""
        return 0

    async def list_ticket_states(self, call: NamedCall) -> object:
        """Return the statuses as that platform has them."""
        call.grants.require("ticket", "read")
        rows = await self._select(
            call,
            "SELECT s.id, s.name, s.type_id, t.name AS type_name FROM ticket_state s "
            "JOIN ticket_state_type t ON t.id = s.type_id ORDER BY s.id",
            [],
            frozenset({"ticket_state", "ticket_state_type"}),
        )
        states = msgspec.json.decode(rows) or []
        return {"states": [{**state, "color": ""} for state in states]}

    async def _select(
        self, call: NamedCall, query: str, arguments: list[Any], tables: frozenset[str]
    ) -> bytes:
        """Return the rows that the call's audience may see, as JSON; raises FunctionRefused."""
        try:
            return await self._queries.select(
                call.caller.plugin_id,
                query,
                arguments,
                behalf=call.behalf,
                tables=tables,
                deadline=call.deadline,
            )
        except QueryRefused as exc:
            raise refused(exc, "read") from None

    def _cache(self, call: NamedCall) -> PluginCache:
        return self._caches.setdefault(call.caller.plugin_id, PluginCache())


_TABLE: Final[Mapping[str, Callable[[HostFunctions, NamedCall], Awaitable[object]]]] = {
    "db_query": HostFunctions.db_query,
    "db_exec": HostFunctions.db_exec,
    "cache_get": HostFunctions.cache_get,
    "cache_set": HostFunctions.cache_set,
    "cache_delete": HostFunctions.cache_delete,
    "http_request": HostFunctions.http_request,
    "config_get": HostFunctions.config_get,
    "translate": HostFunctions.translate,
    "plugin_call": HostFunctions.plugin_call,
    "log": HostFunctions.log,
    "time_now": HostFunctions.time_now,
    "org_id": HostFunctions.org_id,
    "list_ticket_states": HostFunctions.list_ticket_states,
}
SERVED: Final = (*_TABLE, *KEPT, *DESK, *RECORDS, *PUBLISHED)
NOT_SERVED: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("entity_soft_delete", "entity_hard_delete", "entity_restore", "recycle_bin_list"),
        "refused: plugins delete nothing of the help desk",
    ),
    "delete_article_attachment": "refused: plugins delete nothing of the help desk",
    "generate_thumbnail": "not served: the server opens no pictures; scale them in the page",
    "render_markdown_to_pdf": "not served: the server has no browser to print with",
}
"""Functions of that platform that give nothing here, each with the reason."""
