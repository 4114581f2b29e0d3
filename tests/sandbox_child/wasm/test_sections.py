"""Headers, section boundaries and custom sections."""

import time
from collections.abc import Callable

import pytest
import wasmtime

from sandbox_child.wasm.errors import (
    ComponentGiven,
    Malformed,
    ModuleError,
    NotWebAssembly,
    OverLimit,
    SectionDoubled,
    SectionMissing,
    UnknownVersion,
)
from sandbox_child.wasm.sections import (
    check_header,
    iter_custom_sections,
    iter_sections,
    manifest_section,
    replace_custom_section,
)

Module = Callable[..., bytes]
HEADER = b"\0asm\1\0\0\0"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty"),
        (b"\0", "ends after 1 bytes"),
        (b"\0asm\1\0", "ends after 6 bytes"),
        (b"PK\x03\x04rest", "a ZIP archive"),
        (b"\x1f\x8b\x08", "a gzip archive"),
        (b"  \n<!DOCTYPE html>", "an HTML or XML page"),
        (b"\xef\xbb\xbf{}", "a JSON document"),
        (b"(module)", "its text form"),
        (b"\x7fELF\2\1", "a native ELF program"),
        (b"!<arch>\n", "a static library"),
        (b"nonsense", "begins with the bytes 6e 6f 6e 73"),
    ],
)
def test_a_file_of_another_kind_is_named(data: bytes, words: str) -> None:
    with pytest.raises(NotWebAssembly, match=words):
        check_header(data)


def test_a_component_is_refused_with_the_way_out() -> None:
    with pytest.raises(ComponentGiven, match="build a core module"):
        check_header(b"\0asm\x0d\0\1\0")


@pytest.mark.parametrize("version", [b"\2\0\0\0", b"\0\0\0\0", b"\1\0\2\0", b"\x0d\0\0\0"])
def test_a_version_that_nobody_defined_is_refused(version: bytes) -> None:
    with pytest.raises(UnknownVersion, match="only version 1"):
        check_header(b"\0asm" + version)


def test_sections_are_told_with_their_places(module: Module) -> None:
    data = module((1, b"\0"), (0, b"\1nxy"), (10, b"\0"))
    found = [(s.id, s.start, s.body, s.end) for s in iter_sections(data)]
    assert found == [(1, 8, 10, 11), (0, 11, 13, 17), (10, 17, 19, 20)]


@pytest.mark.parametrize(
    ("tail", "words"),
    [
        (b"\1", "end too early"),
        (b"\1\x80", "end too early"),
        (b"\1\x05\0", "announces 5 bytes and 1 are left"),
        (b"\1\xff\xff\xff\xff\xff\0", "more than 32 bits"),
        (b"\1\xff\xff\xff\xff\x1f", "more than 32 bits"),
        (b"\x0e\0", "no section with the id 14"),
        (b"\1\1\0\1\1\0", "type section is doubled or out of order"),
        (b"\2\1\0\1\1\0", "type section is doubled or out of order"),
        (b"\x0a\1\0\x0c\1\0", "data count section is doubled or out of order"),
        (b"\0\0", "end too early"),
        (b"\0\2\5a", "5 bytes runs past the end"),
        (b"\0\2\1\xff", "not UTF-8"),
    ],
)
def test_a_broken_boundary_is_refused_with_its_place(tail: bytes, words: str) -> None:
    with pytest.raises(Malformed, match=words) as caught:
        list(iter_custom_sections(HEADER + tail))
    assert 8 <= caught.value.offset <= 8 + len(tail)


def test_padded_numbers_of_linkers_are_read(module: Module) -> None:
    data = HEADER + b"\1\x81\x80\x80\x80\0\0"
    assert [s.size for s in iter_sections(data)] == [1]


def test_too_many_custom_sections_are_refused(module: Module) -> None:
    data = module(*[(0, b"\1a")] * 1_001)
    with pytest.raises(OverLimit, match=r"1,001 custom sections .*1,000"):
        list(iter_sections(data))


def test_a_long_section_name_is_refused(module: Module) -> None:
    with pytest.raises(OverLimit, match=r"5,000 bytes in the name of a custom section.*1,024"):
        list(iter_custom_sections(module((0, b"\x88\x27" + b"n" * 5_000))))


def test_the_manifest_is_found_once(module: Module) -> None:
    one = (0, b"\x0cohd_manifest{}")
    assert manifest_section(module((0, b"\1n"), one)) == b"{}"
    assert manifest_section(memoryview(module(one))) == b"{}"
    with pytest.raises(SectionMissing, match="ohd plugin embed"):
        manifest_section(module((0, b"\1n")))
    with pytest.raises(SectionDoubled, match="2 custom sections"):
        manifest_section(module(one, one))


def test_embedding_adds_at_the_end_and_replaces_in_place(module: Module) -> None:
    data = module((1, b"\0"), (0, b"\1aold"), (10, b"\0"))
    added = replace_custom_section(data, "ohd_manifest", b"{1}")
    assert added == data + b"\0\x10\x0cohd_manifest{1}"
    changed = replace_custom_section(data, "a", b"longer")
    assert changed == module((1, b"\0"), (0, b"\1alonger"), (10, b"\0"))


def test_embedding_leaves_one_of_several(module: Module) -> None:
    data = module((0, b"\1a1"), (1, b"\0"), (0, b"\1a2"), (0, b"\1b3"))
    assert replace_custom_section(data, "a", b"x") == module((0, b"\1ax"), (1, b"\0"), (0, b"\1b3"))


def test_embedding_checks_what_it_is_given(module: Module) -> None:
    with pytest.raises(ModuleError):
        replace_custom_section(b"PK\3\4", "a", b"")
    with pytest.raises(Malformed):
        replace_custom_section(HEADER + b"\1\x09", "a", b"")


def test_an_embedded_module_still_compiles(guest: Callable[[str], bytes]) -> None:
    data = replace_custom_section(guest("wat/echo"), "ohd_manifest", b"x" * 100_000)
    assert wasmtime.Module(wasmtime.Engine(), data).exports
    assert manifest_section(data) == b"x" * 100_000


def test_a_large_module_takes_no_time(module: Module) -> None:
    data = module((1, b"\0"), (10, b"\0" + bytes(31 * 1024 * 1024)), (0, b"\x0cohd_manifest{}"))
    began = time.process_time()
    assert manifest_section(memoryview(data)) == b"{}"
    # Half a second is a hundred times what it takes, and far less than a walk over the code.
    assert time.process_time() - began < 0.5
