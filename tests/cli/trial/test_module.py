"""``ohd plugin inspect`` and ``ohd plugin embed``."""

import json

import pytest

from sandbox_child.wasm.sections import manifest_section


def test_inspect_tells_what_a_module_is_wants_and_offers(ohd):
    found = ohd.json("plugin", "inspect", ohd.module("examples/digest"))
    assert found["manifest"]["id"] == "org.openhelpdesk.digest"
    assert {(i["module"], i["name"]) for i in found["imports"]} >= {
        ("ohd", "ohd_add_reply"),
        ("ohd", "ohd_set_custom_field"),
    }
    assert {"memory", "on_event", "ohd_alloc"} <= {export["name"] for export in found["exports"]}
    assert (found["allocator"], found["start"], found["panel"]) == ("ohd_alloc", "none", "none")
    assert found["warnings"] == []


@pytest.mark.parametrize(
    ("guest_name", "facts"),
    [
        ("wat/panel_sret", {"panel": "struct_return"}),
        ("wat/panel_packed", {"panel": "packed_i64"}),
        ("wat/panel_multi", {"panel": "multi_value"}),
        ("wat/command", {"start": "_start"}),
        ("wat/echo_malloc", {"allocator": "malloc"}),
        ("wat/echo_realloc", {"allocator": "cabi_realloc"}),
        ("wat/arena", {"allocator": "arena"}),
        ("wat/start_log", {"start_section": True}),
    ],
)
def test_inspect_tells_the_shape_of_a_module(ohd, guest_name, facts):
    found = ohd.json("plugin", "inspect", ohd.module(guest_name))
    assert {name: found[name] for name in facts} == facts


def test_inspect_reads_as_text_too(ohd):
    text = ohd.good("plugin", "inspect", ohd.module("zig/probe", homepage="https://example.com"))
    assert text.startswith("Probe 1.0.0 (org.example.guest.probe)\n")
    assert "hosts       api.example.com, localhost\n" in text
    assert "config      steps, token, loud, count, colour\n" in text


def test_inspect_shows_unknown_keys_as_warnings(ohd):
    module = ohd.module("wat/noop", sparkle=True)
    assert "unknown key 'sparkle'" in ohd.json("plugin", "inspect", module)["warnings"][0]
    assert "warning     the manifest has the unknown key 'sparkle'" in ohd.good(
        "plugin", "inspect", module
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"MZ\x90\x00\x03\x00\x00\x00", "not a WebAssembly module"),
        (b"\0asm\x0d\0\x01\0", "component"),
        (b"\0asm\x01\0\0\0", "ohd_manifest"),
        (b"\0asm\x01\0\0\0\x01", "the bytes end too early"),
    ],
)
def test_inspect_refuses_in_one_line(ohd, content, words):
    line = ohd.refused("plugin", "inspect", ohd.write("bad.wasm", content))
    assert words in line


@pytest.mark.parametrize(
    ("guest_name", "words"),
    [
        ("wat/unknown_imports", "import"),
        ("wat/memory_missing", "memory"),
        ("wat/on_event_missing", "on_event"),
        ("wat/panel_missing", "render_panel"),
        ("go/no_allocator", "//go:wasmexport ohd_alloc"),
    ],
)
def test_inspect_refuses_what_an_installation_would(ohd, guest_name, words):
    assert words in ohd.refused("plugin", "inspect", ohd.module(guest_name))


def test_a_file_that_is_not_there_is_named(ohd):
    assert ohd.refused("plugin", "inspect", "nothing.wasm") == (
        "nothing.wasm: No such file or directory"
    )
    assert "Is a directory" in ohd.refused("plugin", "inspect", ".")


def test_a_module_cannot_write_on_the_terminal(ohd):
    module = ohd.module("wat/noop", description="A plugin.", sp="x")
    text = ohd.module("wat/unknown_imports")
    assert "\x1b" not in ohd.good("plugin", "inspect", module)
    assert "\x1b" not in ohd.refused("plugin", "inspect", text)


def test_embed_writes_a_manifest_and_replaces_one_that_is_there(ohd):
    module = ohd.module("wat/noop")
    manifest = json.loads(manifest_section(module.read_bytes())) | {"version": "7.0.0"}
    source = ohd.write("manifest.json", json.dumps(manifest))
    ohd.good("plugin", "embed", module, source, "-o", "out.wasm")
    found = ohd.json("plugin", "inspect", "out.wasm")
    assert found["manifest"]["version"] == "7.0.0"
    # In place too, and a second time it is still one section.
    ohd.good("plugin", "embed", "out.wasm", source, "-o", "out.wasm")
    assert ohd.json("plugin", "inspect", "out.wasm") == found
    assert sorted(path.name for path in ohd.folder.iterdir()) == [
        *("manifest.json", "out.wasm", "wat-noop.wasm")
    ]


def test_embed_refuses_a_manifest_that_is_wrong_and_writes_nothing(ohd):
    module = ohd.module("wat/noop")
    source = ohd.write("manifest.json", '{"id": "com.example.x", "name": 5}')
    assert "name" in ohd.refused("plugin", "embed", module, source, "-o", "out.wasm")
    assert not (ohd.folder / "out.wasm").exists()


def test_embed_says_where_it_cannot_write(ohd):
    module = ohd.module("wat/noop")
    source = ohd.write("manifest.json", manifest_section(module.read_bytes()))
    line = ohd.refused("plugin", "embed", module, source, "-o", "no/such/folder/out.wasm")
    assert line == "no/such/folder/out.wasm: No such file or directory"
