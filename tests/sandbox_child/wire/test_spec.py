"""Requests to the fork server: what was asked arrives, and a misshapen request is an error."""

from dataclasses import replace

import msgpack
import pytest

from sandbox_child.wire.entry import Entry
from sandbox_child.wire.spec import (
    MAX_REQUEST,
    CageSpec,
    ChildSpec,
    CompileSpec,
    PluginSpec,
    pack_spec,
    unpack_spec,
)

CAGE = CageSpec(
    supervisor_pid=1,
    uid=64_000,
    required=("seccomp", "landlock"),
    data_bytes=1 << 28,
    address_space_bytes=6 << 30,
    switched_off=("landlock",),
)
COMPILE = CompileSpec(
    kind="compile",
    cage=CAGE,
    needs_events=True,
    needs_panel=False,
    has_manifest=True,
    max_module_bytes=1 << 25,
    max_artifact_bytes=1 << 28,
    cpu_seconds=60,
)
PLUGIN = PluginSpec(
    kind="plugin",
    plugin_id="org.example.test",
    cage=CAGE,
    entry=Entry("arena", has_free=False, start="_start", on_event=True, panel="packed_i64"),
    deadline_s=5.0,
    memory_bytes=1 << 26,
    table_elements=20_000,
    max_request_bytes=1 << 20,
    max_answer_bytes=10 << 20,
    max_payload_bytes=1 << 20,
    max_log_line_bytes=8192,
    max_log_lines=100,
    max_host_calls=200,
)


@pytest.mark.parametrize("spec", [COMPILE, PLUGIN, replace(PLUGIN, cage=replace(CAGE, uid=None))])
def test_a_request_arrives_as_it_was_made(spec: ChildSpec) -> None:
    assert unpack_spec(pack_spec(spec)) == spec


def test_a_request_that_would_be_cut_off_is_not_sent() -> None:
    with pytest.raises(ValueError, match=f"at most {MAX_REQUEST} fit"):
        pack_spec(replace(PLUGIN, plugin_id="x" * MAX_REQUEST))


def test_a_misshapen_request_is_an_error_that_the_fork_server_catches() -> None:
    fields = msgpack.unpackb(pack_spec(COMPILE))
    for wrong in (
        msgpack.packb({**fields, "surprise": 1}),
        msgpack.packb({k: v for k, v in fields.items() if k != "cage"}),
        msgpack.packb({**fields, "kind": "unheard of"}),
        msgpack.packb([1, 2]),
        b"\xc1",
    ):
        with pytest.raises((ValueError, KeyError, TypeError)):
            unpack_spec(wrong)
