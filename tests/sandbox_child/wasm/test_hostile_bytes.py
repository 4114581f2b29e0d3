"""Whatever the bytes are, the reader returns facts or raises ModuleError, soon."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox_child.wasm.errors import ModuleError
from sandbox_child.wasm.module import read_module
from sandbox_child.wasm.sections import (
    iter_custom_sections,
    manifest_section,
    replace_custom_section,
)

HEADER = b"\0asm\1\0\0\0"
NAMES = ("wat/echo", "wat/gojs", "wat/table_hog", "c/probe", "examples/digest")


@pytest.fixture(scope="module")
def real(guest: Callable[[str], bytes]) -> list[bytes]:
    return [guest(name) for name in NAMES]


def read_all(data: bytes) -> None:
    """Use every reader; anything but ModuleError is a failure of the test."""
    for reader in (read_module, manifest_section, lambda d: list(iter_custom_sections(d))):
        with contextlib.suppress(ModuleError):
            reader(data)


@given(st.binary(max_size=300))
def test_random_bytes(data: bytes) -> None:
    read_all(data)
    read_all(HEADER + data)


@given(st.lists(st.tuples(st.integers(0, 14), st.binary(max_size=40)), max_size=8))
def test_random_sections(sections: list[tuple[int, bytes]]) -> None:
    read_all(HEADER + b"".join(bytes([i, len(body)]) + body for i, body in sections))


@settings(deadline=None)
@given(st.data())
def test_truncated_modules_are_refused_or_whole(real: list[bytes], data: st.DataObject) -> None:
    module = data.draw(st.sampled_from(real))
    read_all(module[: data.draw(st.integers(0, len(module)))])


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_mutated_modules(real: list[bytes], data: st.DataObject) -> None:
    module = bytearray(data.draw(st.sampled_from(real)))
    for _ in range(data.draw(st.integers(1, 8))):
        module[data.draw(st.integers(0, min(len(module) - 1, 600)))] = data.draw(
            st.integers(0, 255)
        )
    read_all(bytes(module))


@settings(deadline=None)
@given(payload=st.binary(max_size=400), name=st.text(max_size=40), place=st.integers(0, 4))
def test_embedding_round_trip(real: list[bytes], payload: bytes, name: str, place: int) -> None:
    name = name.encode("utf-8", "replace").decode()
    once = replace_custom_section(real[place], name, payload)
    assert [bytes(p) for n, p in iter_custom_sections(once) if n == name] == [payload]
    others = [(n, bytes(p)) for n, p in iter_custom_sections(real[place]) if n != name]
    assert [(n, bytes(p)) for n, p in iter_custom_sections(once) if n != name] == others
    assert replace_custom_section(once, name, payload) == once
    assert read_module(once).exports == read_module(real[place]).exports
