"""Requests of the supervisor to the fork server, one msgpack map per request.

Sent over a socket that only these two hold, beside the descriptors that the child is to have. Both
are trusted; the shapes are still checked, so that a mistake shows where it was made.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import msgpack

from sandbox_child.wire.entry import Entry

MAX_REQUEST = 64 * 1024
"""Bytes of one request; also the size of the fork server's receive buffer."""


Inside = Literal["plugin", "compiler", "bridge", "native", "query"]
"""The lockdowns that an attack is tried in; ``native`` is that of a native plugin's program."""


@dataclass(frozen=True, slots=True)
class CageSpec:
    """The lockdown that a child is to have."""

    supervisor_pid: int
    uid: int | None
    """To become; the fork server's client puts a free one in the place of the first."""
    required: tuple[str, ...]
    data_bytes: int
    address_space_bytes: int
    groups: int = 0
    """How many of the descriptors, the last ones, are doors of control groups to join."""
    tasks: int = 8
    """Threads and processes that its control group may hold."""
    switched_off: tuple[str, ...] = ()
    """Controls left out: only ever set by ``ohd sandbox check``, to show what each one stops."""


@dataclass(frozen=True, slots=True)
class PluginSpec:
    """A child that runs one plugin. Descriptors: frames in, frames out, the compiled module."""

    kind: Literal["plugin"]
    plugin_id: str
    cage: CageSpec
    entry: Entry
    deadline_s: float
    memory_bytes: int
    table_elements: int
    max_request_bytes: int
    max_answer_bytes: int
    max_payload_bytes: int
    max_log_line_bytes: int
    max_log_lines: int
    max_host_calls: int


@dataclass(frozen=True, slots=True)
class CompileSpec:
    """A child that compiles one module. Descriptors: the module, the report, the artifact."""

    kind: Literal["compile"]
    cage: CageSpec
    needs_events: bool
    needs_panel: bool
    has_manifest: bool
    max_module_bytes: int
    max_artifact_bytes: int
    cpu_seconds: int


@dataclass(frozen=True, slots=True)
class ProbeSpec:
    """A child that locks down as a plugin's does, reports, and ends. Descriptors: as a plugin's."""

    kind: Literal["probe"]
    cage: CageSpec


@dataclass(frozen=True, slots=True)
class BridgeSpec:
    """A child that speaks to a native plugin's program.

    Descriptors: frames in, frames out, and the socket that is connected to the program, which does
    not block. Over gRPC besides: a listening socket, which does not block, for the connections that
    the program makes to the host's service.
    """

    kind: Literal["bridge"]
    cage: CageSpec
    max_request_bytes: int
    max_answer_bytes: int
    max_arguments_bytes: int
    max_log_line_bytes: int
    max_log_lines: int
    max_host_calls: int
    protocol: Literal["netrpc", "grpc"] = "netrpc"
    address: str = ""
    """Path of the listening socket, as the program sees it."""
    program: int = 0
    """Process id of the program: nobody else's connection is taken."""
    certificate: str = ""
    """The program's, base64, where it asks for mutual TLS."""
    identity: str = field(default="", repr=False)
    """Our certificate and its key, PEM, where the program has a certificate."""


@dataclass(frozen=True, slots=True)
class ProgramSpec:
    """A child that becomes a native plugin's program, in the wider cage.

    Descriptors: stdin, stdout, stderr, and the program. On stdout it first says READY, or RESULT
    where it cannot start, as any child does; what follows is the program's own.
    """

    kind: Literal["program"]
    cage: CageSpec
    folder: str
    """Absolute path of the private folder."""
    environment: dict[str, str]
    system_libraries: bool
    """Whether the program is linked with the system's libraries, and may read these."""
    file_bytes: int
    """What a file may have that it writes."""
    open_files: int
    threads: int


@dataclass(frozen=True, slots=True)
class QuerySpec:
    """A child that runs a plugin's SQL. Descriptors: frames in, frames out.

    It opens both databases by their paths before it locks itself down.
    """

    kind: Literal["query"]
    cage: CageSpec
    helpdesk: str
    """Path of the help desk's database, which somebody else has open for writing."""
    own: str
    """Path of the plugin's own database; empty where it has none."""
    zone_file: str
    """Path of the time zone in which times are told; empty for UTC."""
    max_sql_bytes: int
    max_arguments: int
    max_rows: int
    max_result_bytes: int
    max_value_bytes: int
    own_bytes: int
    """How large the plugin's own database may become."""
    working_bytes: int
    """Memory that SQLite may use for sorting, grouping and its pages."""


@dataclass(frozen=True, slots=True)
class MailSpec:
    """A child that reads mail of strangers. Descriptors: frames in, frames out."""

    kind: Literal["mail"]
    cage: CageSpec
    max_document_bytes: int


@dataclass(frozen=True, slots=True)
class PictureSpec:
    """A child that makes one small picture. Descriptors: frames in, frames out."""

    kind: Literal["picture"]
    cage: CageSpec
    cpu_seconds: int


@dataclass(frozen=True, slots=True)
class AttackSpec:
    """A child of ``ohd sandbox check`` that tries one attack from inside the lockdown.

    Descriptors: as a plugin's, then what ``targets`` speaks of. A fork server takes this only if it
    was started for it.
    """

    kind: Literal["attack"]
    cage: CageSpec
    name: str
    inside: Inside
    """What it is locked down as."""
    targets: dict[str, str | int]
    """What there is to attack: paths, ports, process ids, addresses."""


ChildSpec = (
    PluginSpec
    | BridgeSpec
    | ProgramSpec
    | CompileSpec
    | ProbeSpec
    | QuerySpec
    | MailSpec
    | PictureSpec
    | AttackSpec
)

_KINDS: dict[
    str,
    type[
        BridgeSpec
        | ProgramSpec
        | CompileSpec
        | ProbeSpec
        | QuerySpec
        | MailSpec
        | PictureSpec
        | AttackSpec
    ],
] = {
    "bridge": BridgeSpec,
    "program": ProgramSpec,
    "compile": CompileSpec,
    "probe": ProbeSpec,
    "query": QuerySpec,
    "mail": MailSpec,
    "picture": PictureSpec,
    "attack": AttackSpec,
}


def pack_spec(spec: ChildSpec) -> bytes:
    """Encode a request."""
    packed: bytes = msgpack.packb(asdict(spec))
    if len(packed) > MAX_REQUEST:
        raise ValueError(f"a request of {len(packed)} bytes; at most {MAX_REQUEST} fit")
    return packed


def unpack_spec(packed: bytes) -> ChildSpec:
    """Decode a request; raises ValueError, KeyError or TypeError for one that does not fit."""
    fields: dict[str, Any] = msgpack.unpackb(packed)
    cage = fields.pop("cage")
    fields["cage"] = CageSpec(
        **{
            **cage,
            "required": tuple(cage["required"]),
            "switched_off": tuple(cage["switched_off"]),
        }
    )
    if fields["kind"] == "plugin":
        return PluginSpec(**{**fields, "entry": Entry(**fields["entry"])})
    return _KINDS[fields["kind"]](**fields)
