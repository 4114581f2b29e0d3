"""Packages that are made here: the same bytes twice, and nothing that the reader refuses."""

import zipfile
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox_child.packages import Caps, PackageError, read_package, write_package

MODULE = b"\0asm\1\0\0\0"


def test_the_same_files_make_the_same_bytes() -> None:
    files = {"x.wasm": MODULE, "assets/ä.txt": b"a", "plugin.yaml": b"name: x"}
    first, package = write_package(files)
    second, _ = write_package(dict(reversed(files.items())))
    assert first == second
    assert package.manifest_json == b'{"name": "x"}'
    assert [file.path for file in package.files] == ["assets/ä.txt"]


def test_other_tools_read_what_is_written() -> None:
    packed, _ = write_package({"x.wasm": MODULE, "assets/ä.txt": b"a"})
    with zipfile.ZipFile(BytesIO(packed)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["assets/ä.txt", "x.wasm"]


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"a.txt": b""},
        {"x.wasm": b"MZ"},
        {"x.wasm": MODULE, "y.wasm": MODULE},
        {"x.wasm": MODULE, "../a": b""},
        {"x.wasm": MODULE, "a\\b": b""},
        {"x.wasm": MODULE, "a": b"", "A": b""},
        {"x.wasm": MODULE, "a.zip": b"PK\3\4"},
        {"x.wasm": MODULE, "\udcff": b""},
        {"x.wasm": MODULE, "plugin.yaml": b"[]"},
        {"x.wasm": MODULE, "plugin.yaml": b"a: &x 1\nb: *x"},
        {"x.wasm": MODULE, "big": bytes(16 << 20)},
    ],
)
def test_what_the_reader_refuses_is_not_written(files) -> None:
    with pytest.raises(PackageError):
        write_package(files)


def test_too_much_is_refused_before_it_is_packed() -> None:
    with pytest.raises(PackageError, match="at most 10 are allowed"):
        write_package({"x.wasm": MODULE, "a": bytes(10)}, Caps(total_bytes=10))


@given(st.dictionaries(st.text(min_size=1, max_size=12), st.binary(max_size=40), max_size=4))
def test_what_is_written_is_read(files) -> None:
    try:
        packed, _ = write_package({"x.wasm": MODULE, **files})
    except PackageError:
        return
    package = read_package(packed)
    for file in package.files:
        assert b"".join(package.chunks(file.path)) == files[file.path]
