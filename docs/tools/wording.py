"""Words beside what the code has, for the pages that ``docs.tools.abi`` writes.

Must not say what the code can say itself.
"""

from supervisor.ports import ActionResult
from supervisor.states import Outcome

FUNCTIONS = {
    "ohd_alloc": "(size) → pointer. Allocates plugin memory with the plugin's allocator.",
    "ohd_free": "(pointer, size). Frees it.",
    "ohd_log": "(text, length, level). One line of UTF-8 for the plugin's log.",
    "ohd_http_request": "(request, length, body pointer out, body length out) → status. "
    "The request is JSON; see below.",
    "ohd_add_reply": "(payload, length) → status. A reply or an internal note on a ticket.",
    "ohd_set_custom_field": "(payload, length) → status. A custom field of a ticket.",
}
STATUSES = {
    ActionResult.DONE: "done",
    ActionResult.MALFORMED: "the payload is not JSON of the expected shape, or a text in it is "
    "not allowed",
    ActionResult.NO_SUCH_TICKET: "the ticket does not exist",
    ActionResult.NOT_PERMITTED: "an admin denied this permission, or the ticket does not allow it",
    ActionResult.LIMIT: "a limit was reached: too many host calls in this event, a payload that is "
    "too large, or too many custom fields on the ticket",
    ActionResult.HOST_ERROR: "the host failed",
}
OUTCOMES = {
    Outcome.OK: "the function returned",
    Outcome.TRAP: "the plugin trapped, or passed a pointer outside its memory",
    Outcome.TIMEOUT: "the deadline passed; the process was killed",
    Outcome.OUT_OF_MEMORY: "the plugin failed with its memory at the limit",
    Outcome.EXIT: "the plugin called `proc_exit` with a code other than 0",
    Outcome.LOST: "the process ended without a report, twice",
    Outcome.START_FAILED: "the plugin never became ready (only for a start, not for an event)",
    Outcome.PROTOCOL: "the process broke the protocol with the supervisor",
    Outcome.DROPPED: "the plugin did not receive the event: it was disabled before, or the payload "
    "is over its limit",
}
EXPORTS = {
    "memory": "always",
    "on_event": "if the manifest lists an event",
    "render_panel": "if the manifest has a `ui_panel`; three signatures, see below",
    "_initialize": "if present, called once at the start",
    "_start": "the same, if there is no `_initialize`",
}
ALLOCATORS = {
    "ohd_alloc": "any language; write it yourself",
    "malloc": "C, and TinyGo, which exports it automatically",
    "cabi_realloc": "component tools; called as (0, 0, 8, size)",
    "__new": "AssemblyScript with `--exportRuntime`; its results are pinned with `__pin`",
}
PANELS = {
    "multi_value": "WAT, AssemblyScript: pointer and length",
    "struct_return": "TinyGo's two results, Rust and C returning a struct: both are written where "
    "the first argument points, 8 bytes",
    "packed_i64": "standard Go, Zig: the pointer in the high 32 bits, the length in the low 32",
}
FIELDS = {
    "event": "the event's name",
    "occurred_at": "when it happened",
    "ticket": "the ticket as it is after the change",
    "ticket.id": "a ULID",
    "ticket.subject": "at most 255 characters",
    "ticket.description": "Markdown, at most 64 KiB",
    "ticket.status": "`New`, `Resolved`, `Closed`, or one that an admin has added",
    "ticket.priority": "`Low`, `Medium`, `High` or `Critical`",
    "ticket.category": "a name",
    "ticket.type": "a name, within the category",
    "ticket.item": "a name, within the type",
    "ticket.submitter": "who asked",
    "ticket.submitter.id": "",
    "ticket.submitter.name": "",
    "ticket.submitter.email": "",
    "ticket.assignee": "who works on it",
    "ticket.assignee.id": "",
    "ticket.assignee.name": "",
    "ticket.assignee.kind": "`user` or `group`",
    "ticket.assignee.email": "a user's; a group has none",
    "ticket.created_at": "",
    "ticket.url": "the ticket's page",
    "ticket.custom_fields": "set by this plugin and by others",
    "ticket.attachments": "the public files on the ticket, oldest first, without their content",
    "ticket.attachments[].id": "a ULID",
    "ticket.attachments[].name": "at most 150 characters",
    "ticket.attachments[].size": "bytes",
    "ticket.attachments[].type": "a media type, by the file's content",
    "actor": "who made the change",
    "actor.id": "a ULID, or `plugin:` and the id of a plugin",
    "actor.name": "",
    "actor.role": "`user`, `staff`, `admin` or `plugin`",
    "data": "what the event adds; see below",
    "data.assignee": "the new assignee, in the shape of `ticket.assignee`",
    "data.assignee.id": "",
    "data.assignee.name": "",
    "data.assignee.kind": "`user` or `group`",
    "data.assignee.email": "a user's; a group has none",
    "data.from_status": "the status before",
    "data.to_status": "the status now",
    "data.reply_id": "a ULID",
    "data.body": "Markdown, at most 64 KiB",
    "data.is_internal": "true for a note",
    "data.author": "who wrote it",
    "data.author.id": "as `actor.id`",
    "data.author.name": "",
    "data.author.role": "as `actor.role`",
    "data.resolution_notes": "may be empty",
    "data.reason": "may be empty",
}
LIMITS = {
    "wasm_stack_bytes": "stack of the guest's own calls, from 64 KiB to 2 MiB; a change waits for "
    "the server's next start",
    "module_bytes": "the `.wasm` file",
    "compile_cpu_s": "processor seconds to compile a module, once",
    "compile_wall_s": "seconds to compile it by the clock",
    "compile_memory_bytes": "memory to compile it",
    "artifact_bytes": "the compiled code",
}
