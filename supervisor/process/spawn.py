"""Making a plugin's child and the session that owns it."""

from dataclasses import dataclass

from sandbox_child.wire.entry import Entry
from sandbox_child.wire.messages import MAX_RESULT, MAX_TEXT
from sandbox_child.wire.spec import PluginSpec
from supervisor.limits import Limits
from supervisor.process.cage import Cage
from supervisor.process.conversation import Key
from supervisor.process.deadline import GRACE_S
from supervisor.process.forkserver import ForkServer
from supervisor.process.pipes import spawn_piped
from supervisor.process.session import Session, SessionHooks


@dataclass(frozen=True, slots=True)
class Spawner:
    """Everything that children of one supervisor have in common."""

    fork_server: ForkServer
    cage: Cage
    grace_s: float = GRACE_S
    """See ``Session``; for authors, who want to know where a plugin looped."""

    async def spawn(
        self, plugin_id: str, entry: Entry, limits: Limits, code: int, hooks: SessionHooks[Key]
    ) -> Session[Key]:
        """Make a child of the compiled module ``code``, a descriptor that stays the caller's.

        The caller must run the session, which owns the child from here. Raises ProcessError.
        """
        spec = PluginSpec(
            kind="plugin",
            plugin_id=plugin_id,
            cage=self.cage.plugin(limits),
            entry=entry,
            deadline_s=limits.deadline_s,
            memory_bytes=limits.memory_bytes,
            table_elements=limits.table_elements,
            max_request_bytes=limits.http_request_bytes,
            max_answer_bytes=limits.http_response_bytes,
            max_payload_bytes=limits.payload_bytes,
            max_log_line_bytes=limits.log_line_bytes,
            max_log_lines=limits.log_lines,
            max_host_calls=limits.host_calls,
        )
        child = await spawn_piped(self.fork_server, spec, [code])
        result_bytes = MAX_RESULT if spec.entry.contract == "goatkit" else MAX_TEXT
        return Session(
            child.handle,
            child.to_child,
            child.from_child,
            limits,
            hooks,
            self.grace_s,
            result_bytes=result_bytes,
        )
