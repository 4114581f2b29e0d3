"""Archives: what is read, and every way in which one can be wrong."""

import io
import os
import struct
import subprocess
import sys
import tarfile
import time
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox_child.packages import Caps, PackageError, read_package

MODULE = b"\0asm\1\0\0\0"
ROOT = Path(__file__).resolve().parents[3]


def test_a_bare_module_is_a_package() -> None:
    package = read_package(MODULE)
    assert (package.kind, package.module, package.module_name) == ("module", MODULE, "")
    assert package.manifest_json is None
    assert package.files == ()


@pytest.mark.parametrize("data", [b"", b"\0as", b"MZ", b"#!/bin/sh\n", b"\x7fELG", b"PK", b"{}"])
def test_anything_else_is_refused(data) -> None:
    with pytest.raises(PackageError, match="neither a WebAssembly module nor a ZIP file"):
        read_package(data)


def test_module_manifest_signature_and_files_are_told_apart(read, entry) -> None:
    package = read(
        entry("x.wasm.sig", "ab" * 64),
        entry("plugin.yaml", "name: x\n"),
        entry("assets/", attributes=0o40755 << 16 | 0x10),
        entry("assets/logo.svg", "<svg/>"),
        entry("i18n/de.json", "{}"),
        entry("templates/page.html", "<p>"),
        entry("__MACOSX/._x.wasm", b"\0\5\x16\7"),
        entry("assets/.DS_Store", "junk"),
    )
    assert package.kind == "zip"
    assert package.module == MODULE
    assert package.module_name == "x.wasm"
    assert package.signature == b"ab" * 64
    assert package.manifest_name == "plugin.yaml"
    assert package.manifest_json == b'{"name": "x"}'
    assert [file.path for file in package.files] == [
        "assets/logo.svg",
        "i18n/de.json",
        "templates/page.html",
    ]
    assert b"".join(package.chunks("assets/logo.svg")) == b"<svg/>"


def test_a_manifest_lies_at_any_depth(read, entry, changed) -> None:
    package = read(
        entry("a/b/manifest.json", '{"name": "x"}'),
        entry("a/b/assets/manifest.json", "not even JSON"),
        entry("README.md", "outside"),
        module=changed(name=b"a/b/x.wasm"),
    )
    assert package.manifest_name == "a/b/manifest.json"
    assert [file.path for file in package.files] == ["assets/manifest.json"]
    assert b"".join(package.chunks("assets/manifest.json")) == b"not even JSON"


def test_a_package_needs_no_manifest(read, changed, entry) -> None:
    package = read(entry("dist/a.txt", "a"), module=changed(name=b"dist/x.wasm"))
    assert package.manifest_json is None
    assert [file.path for file in package.files] == ["a.txt"]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_archives_of_pythons_library_are_read(method) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.writestr("x.wasm", MODULE + bytes(100_000))
        archive.writestr("assets/ä.txt", "ä")
        archive.mkdir("assets/empty")
        archive.comment = b"made by hand"
    package = read_package(target.getvalue())
    assert len(package.module) == 100_008
    assert [file.path for file in package.files] == ["assets/ä.txt"]


class _Stream(io.RawIOBase):
    """Takes bytes and cannot seek, so that sizes are written after each entry."""

    def __init__(self) -> None:
        self.data = b""

    def writable(self) -> bool:
        return True

    def write(self, piece) -> int:
        self.data += bytes(piece)
        return len(piece)


def test_archives_written_in_one_go_are_read() -> None:
    target = _Stream()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.wasm", MODULE)
        archive.writestr("plugin.yaml", "name: x")
    assert read_package(target.data).manifest_json == b'{"name": "x"}'


def test_a_descriptor_without_its_mark_is_read(read, entry) -> None:
    figures = entry("a.txt", "abc")
    tail = struct.pack("<3L", zlib.crc32(b"abc"), len(figures.body), 3)
    assert read(entry("a.txt", "abc", flags=8, descriptor=tail)).files[0].size == 3


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "a/../x",
        "a/..",
        "..",
        "./x",
        "a/./x",
        "a//x",
        "/etc/passwd",
        "//host/x",
        "C:/x",
        "c:x",
        "a/x:stream",
        "..\\x",
        "a\\..\\..\\x",
        "\\\\host\\x",
        "a\0.txt",
        "a.txt\0",
        "a\nb",
        "a\x1b[31m",
        "a\u202eb",
        "a\u200bb",
        "a\u2028b",
        "/",
        "a" * 241,
        "a/" * 17 + "x",
    ],
)
def test_a_name_that_leads_elsewhere_or_deceives_is_refused(refused, entry, name) -> None:
    sentence = refused(entry(name, "x"))
    assert sentence.startswith("the package's entry ")
    assert sentence.isprintable()
    assert len(sentence) < 300


@pytest.mark.parametrize("name", [b"\xff.txt", b"caf\x82.txt", b"a/\xc0\xaf/x", b"\xed\xa0\x80"])
def test_a_name_in_another_encoding_is_refused(refused, entry, name) -> None:
    assert "not UTF-8" in refused(entry(name, "x"))


def test_an_empty_name_is_refused(refused, entry) -> None:
    assert "without a name" in refused(entry(b"", "x"))


@pytest.mark.parametrize(
    "names",
    [
        ("a.txt", "a.txt"),
        ("a.txt", "A.TXT"),
        ("straße", "STRASSE"),
        ("é", "e\u0301"),
        ("ﬁle", "file"),
        ("K", "\u212a"),
        ("a/b", "A/B"),
        ("a/", "a/"),
        ("a/", "a"),
        ("a", "a/b"),
        ("a/b", "a"),
        ("a", "A/b"),
        ("a/b/c", "a/B"),
        ("X.wasm", "y"),
    ],
)
def test_doubled_names_are_refused(refused, entry, names) -> None:
    folder = {"attributes": 0o40755 << 16}
    sentence = refused(*(entry(name, **folder if name[-1] == "/" else {}) for name in names))
    assert "is there twice" in sentence or "is a folder" in sentence


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("a", 0o120777 << 16),
        ("a", 0o010644 << 16),
        ("a", 0o020644 << 16),
        ("a", 0o060644 << 16),
        ("a", 0o140644 << 16),
        ("a", 0o040755 << 16),
        ("a", 0x10),
        ("a", 0x400),
        ("a/", 0o100644 << 16),
        ("a/", 0o120777 << 16),
    ],
)
def test_links_and_devices_are_refused(refused, entry, name, attributes) -> None:
    sentence = refused(entry(name, attributes=attributes))
    assert "link" in sentence or "folder by its attributes" in sentence


def test_a_folder_has_no_content(refused, entry) -> None:
    assert "folder with content" in refused(entry("a/", "x", attributes=0))


@pytest.mark.parametrize("flags", [1, 1 << 6, 1 << 13, 1 | 8])
def test_encrypted_entries_are_refused(refused, entry, flags) -> None:
    assert "is encrypted" in refused(entry("a", "x", flags=flags))


@pytest.mark.parametrize(
    ("method", "called"), [(1, "method 1"), (9, "Deflate64"), (12, "bzip2"), (14, "LZMA")]
)
def test_other_methods_are_refused(refused, entry, method, called) -> None:
    assert called in refused(entry("a", "x", method=method))


@pytest.mark.parametrize(
    "wrong",
    [
        {"local_name": b"y.wasm"},
        {"local_name": b"x.wasm\0"},
        {"local_method": 0},
        {"local_flags": 2},
        {"local_flags": 1},
        {"local_size": 7},
    ],
)
def test_headers_that_disagree_are_refused(refused, changed, wrong) -> None:
    assert "differs from the directory" in refused(module=changed(**wrong))


def test_figures_behind_an_entry_that_disagree_are_refused(refused, entry) -> None:
    for tail in (b"", struct.pack("<4s3L", b"PK\7\x08", 1, 2, 3), bytes(12)):
        assert "figures that differ" in refused(entry("a", "x", flags=8, descriptor=tail))


def test_entries_that_share_bytes_are_refused(refused, entry, changed) -> None:
    twin = entry("y.txt", b"", offset=0, local_name=b"x.wasm")
    assert "shares bytes" in refused(twin)


def test_an_archive_of_overlapping_entries_is_refused() -> None:
    # Each entry's packed bytes hold the next one's header and content: a small file that
    # unpacks to a large one.
    inner = b"A" * 60_000
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.wasm", MODULE)
        archive.writestr("a", inner)
    data = bytearray(target.getvalue())
    second = data.rindex(b"PK\1\2")
    record = bytes(data[second : data.rindex(b"PK\5\6")])
    twin = record[:46] + b"b"
    end = bytearray(data[data.rindex(b"PK\5\6") :])
    end[8:12] = struct.pack("<2H", 3, 3)
    end[12:16] = struct.pack("<L", struct.unpack_from("<L", end, 12)[0] + len(twin))
    forged = bytes(data[: data.rindex(b"PK\5\6")]) + twin + bytes(end)
    with pytest.raises(PackageError, match="shares bytes"):
        read_package(forged)


@pytest.mark.parametrize(
    "archive",
    [
        {"prefix": b"#!/bin/sh\n"},
        {"suffix": b"\n"},
        {"suffix": b"PK\5\6" + bytes(18)},
        {"gap": b"hidden"},
        {"comment": b"PK\5\6" + bytes(18)},
        {"here": 0},
        {"count": 0, "here": 0},
        {"count": 2, "here": 2},
        {"count": 0xFFFF, "here": 0xFFFF},
        {"start": 0xFFFFFFFF},
        {"start": 0},
        {"size": 5},
        {"disk": 1},
        {"first": 1},
    ],
)
def test_an_archive_that_two_readers_would_read_differently_is_refused(refused, archive) -> None:
    assert refused(**archive).startswith("the package")


def test_an_archive_whose_count_is_too_small_is_refused(refused, entry) -> None:
    assert "more entries than it says" in refused(entry("a", "x"), count=1, here=1)


@pytest.mark.parametrize("length", range(0, 140, 3))
def test_an_archive_that_is_cut_off_is_refused(zipped, entry, length) -> None:
    data = zipped(entry("a.txt", "x" * 50))
    with pytest.raises(PackageError):
        read_package(data[: -length - 1])


def test_an_empty_archive_is_refused(refused) -> None:
    assert "is empty" in refused(module=None)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"crc": 7}, "checksum is wrong"),
        ({"size": 7}, "unpacks to more than the 7 bytes"),
        ({"size": 9}, "unpacks to 8 bytes and says 9"),
        ({"packed": b"\xff\xff"}, "cannot be unpacked"),
        ({"packed": b""}, "cut off"),
        ({"packed": zlib.compress(MODULE)}, "cannot be unpacked"),
        ({"method": 0, "size": 7}, "unpacks to more"),
        ({"method": 0, "size": 9}, "unpacks to 8 bytes"),
    ],
)
def test_content_that_differs_from_its_figures_is_refused(refused, changed, wrong, said) -> None:
    assert said in refused(module=changed(**wrong))


@pytest.mark.parametrize("size", [1, 100, 64 * 1024, 200_000])
def test_bytes_behind_packed_content_are_refused(refused, changed, size) -> None:
    body = changed().body
    assert "extra bytes after" in refused(module=changed(packed=body + bytes(size)))


def test_a_bomb_is_refused_before_it_is_unpacked(refused, entry) -> None:
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = b"".join(packed.compress(bytes(1 << 20)) for _ in range(512)) + packed.flush()
    tracemalloc.start()
    began = time.process_time()
    sentence = refused(entry("a", packed=body, size=512 << 20, crc=0))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "536,870,912 bytes unpacked" in sentence
    assert peak < 8 << 20
    assert time.process_time() - began < 2


def test_a_bomb_that_lies_about_its_size_stops_at_what_it_says(refused, entry) -> None:
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = b"".join(packed.compress(bytes(1 << 20)) for _ in range(256)) + packed.flush()
    tracemalloc.start()
    sentence = refused(entry("a", packed=body, size=1000, crc=0))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "more than the 1,000 bytes" in sentence
    assert peak < 8 << 20


def test_a_file_that_unpacks_to_far_more_than_it_is_refused(refused, entry) -> None:
    assert "more than 200 times" in refused(entry("a", bytes(8 << 20)))


def test_all_files_together_are_bounded(zipped, entry) -> None:
    data = zipped(*(entry(str(n), os.urandom(1000)) for n in range(11)))
    with pytest.raises(PackageError, match="has 11,008 bytes unpacked; at most 10,000 are allowed"):
        read_package(data, Caps(total_bytes=10_000))


def test_the_package_itself_is_bounded(zipped) -> None:
    with pytest.raises(PackageError, match="at most 100 are allowed"):
        read_package(zipped(), Caps(package_bytes=100))
    with pytest.raises(PackageError, match="a module may have 10"):
        read_package(MODULE + bytes(10), Caps(file_bytes=10))


def test_too_many_entries_are_refused_by_their_count(refused, entry) -> None:
    files = [entry(f"{n}.txt", method=0) for n in range(1_000)]
    assert "has 1,001 files and folders; at most 1,000 are allowed" in refused(*files)


def test_a_thousand_entries_are_read_quickly(read, entry) -> None:
    began = time.process_time()
    package = read(*(entry(f"assets/{n}/{n}.txt", str(n)) for n in range(999)))
    assert len(package.files) == 999
    assert time.process_time() - began < 5


def _tar() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("x"))
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PK\3\4rest", "a ZIP file"),
        (b"PK\5\6" + bytes(18), "a ZIP file"),
        (b"\x1f\x8b\x08", "a gzip file"),
        (b"BZh9", "a bzip2 file"),
        (b"\xfd7zXZ\0", "an XZ file"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z file"),
        (b"\x28\xb5\x2f\xfd", "a Zstandard file"),
        (_tar(), "a tar file"),
    ],
)
def test_archives_in_the_archive_are_refused(refused, entry, content, kind) -> None:
    assert f"is {kind}; a package must not contain archives" in refused(entry("a.txt", content))


PROGRAM = """
import sys
from sandbox_child.packages import PackageError, read_package

def refuse(event, arguments):
    if event.partition(".")[0] in {"open", "import", "os", "glob", "socket", "subprocess", "exec"}:
        sys.stderr.write(f"{event} {arguments}\\n")
        raise SystemExit(1)

whole = sys.stdin.buffer.read()
sys.addaudithook(refuse)
for package in (whole, whole[:-1]):
    try:
        read_package(package)
    except PackageError as error:
        str(error)
"""


@pytest.mark.parametrize("manifest", ["name: x\n", "a: *b\n", "a: [\n", '{"name": "x"}'])
def test_once_loaded_reading_opens_and_imports_nothing(zipped, entry, manifest) -> None:
    # The child that reads packages is locked down first: it can open nothing by then.
    name = "manifest.json" if manifest.startswith("{") else "plugin.yaml"
    package = zipped(entry(name, manifest), entry("assets/a.txt", "a"))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=package, cwd=ROOT, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_content_comes_in_small_pieces(read, entry) -> None:
    content = bytes(range(256)) * 4_000
    package = read(entry("a.bin", content))
    pieces = list(package.chunks("a.bin"))
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= 64 * 1024


def test_a_file_that_is_not_there_has_no_content(read) -> None:
    with pytest.raises(KeyError):
        next(read().chunks("../x.wasm"))


@given(st.binary(max_size=300))
def test_any_bytes_behind_a_zip_mark_are_refused(data) -> None:
    with pytest.raises(PackageError):
        read_package(b"PK\3\4" + data)


def test_sizes_may_be_known_before_the_checksum(read, entry, changed) -> None:
    # As libarchive writes an entry whose size it knows: only the checksum follows.
    tail = struct.pack("<4s3L", b"PK\7\x08", zlib.crc32(MODULE), len(changed().body), len(MODULE))
    forged = changed(flags=8, descriptor=tail, local_figures=(0, len(changed().body), len(MODULE)))
    assert read(module=forged).module == MODULE
    assert read(entry("a.txt", "a"), module=forged).files[0].size == 1


@given(st.data())
def test_another_reader_sees_the_same_files(zipped, entry, data) -> None:
    whole = zipped(entry("plugin.yaml", "name: x"), entry("a/b.txt", "hello"), comment=b"note")
    forged = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 2))):
        forged[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        package = read_package(bytes(forged))
    except PackageError:
        return
    with zipfile.ZipFile(io.BytesIO(forged)) as archive:
        assert archive.read(package.module_name) == package.module
        for file in package.files:
            assert archive.read(file.path) == b"".join(package.chunks(file.path))


@given(st.data())
def test_an_archive_with_changed_bytes_is_read_or_refused(zipped, entry, data) -> None:
    whole = zipped(entry("plugin.yaml", "name: x"), entry("a/b.txt", "hello"))
    forged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        forged[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        package = read_package(bytes(forged))
    except PackageError as error:
        said = str(error)
    else:
        said = package.module_name
        assert all(b"".join(package.chunks(file.path)) is not None for file in package.files)
    assert said.isprintable()
