"""Programs in a package: which one is for this machine, read from the programs themselves."""

import io
import platform
import struct
import zipfile

import pytest

from sandbox_child.packages import PackageError, read_package, write_package

NUMBERS = {"x86_64": 62, "aarch64": 183}
HERE = platform.machine()
OTHER = next(name for name in NUMBERS if name != HERE)
YAML = b"name: kb\nruntime: grpc\nbinary: kb\n"


def elf(machine: str, content: bytes = b"") -> bytes:
    head = struct.pack("<4sBBBB8xHHI", b"\x7fELF", 2, 1, 1, 0, 2, NUMBERS[machine], 1)
    return head + content


def read(**files: bytes):
    named = {name.replace("__", "-"): content for name, content in files.items()}
    return write_package({"plugin.yaml": YAML, **named})[1]


def refused(manifest: bytes = YAML, **files: bytes) -> str:
    named = {name.replace("__", "-"): content for name, content in files.items()}
    with pytest.raises(PackageError) as caught:
        write_package({"plugin.yaml": manifest, **named})
    return str(caught.value)


def test_the_program_that_the_manifest_names_is_taken():
    found = read(kb=elf(HERE, b"it"), README=b"text")
    assert (found.is_native, found.module_name) == (True, "kb")
    assert found.module.endswith(b"it")
    assert [file.path for file in found.files] == ["README"]


def test_of_programs_for_several_machines_this_one_s_is_taken_whatever_its_name():
    wrong = {"x86_64": "amd64", "aarch64": "arm64"}[OTHER]
    found = read(kb__linux__arm64=elf("aarch64"), kb__linux__amd64=elf("x86_64"))
    assert found.module == elf(HERE)
    found = read(kb=elf(OTHER), **{f"kb__linux__{wrong}": elf(HERE, b"it")})
    assert found.module.endswith(b"it")


def test_a_bare_program_is_a_package():
    found = read_package(elf(HERE))
    assert (found.kind, found.is_native) == ("program", True)


def test_a_package_for_another_machine_alone_is_refused_by_name():
    said = refused(kb=elf(OTHER))
    assert f"has no program for {HERE}, which this machine is; it has {OTHER}" in said


def test_two_programs_for_one_machine_are_refused():
    assert f"has two programs for {HERE}" in refused(kb=elf(HERE), kb__linux__amd64=elf(HERE))


@pytest.mark.parametrize("content", [b"#!/bin/sh", b"", b"\x7fELF", b"\0asm\1\0\0\0", b"MZ"])
def test_what_is_no_program_is_refused(content):
    assert "is no ELF program" in refused(kb=content)


def test_a_package_that_names_no_program_or_lacks_it_is_refused():
    assert 'expected "binary" in plugin.yaml' in refused(b"runtime: grpc\n", kb=elf(HERE))
    assert 'has no program "kb", which its manifest names' in refused(other=elf(HERE))


@pytest.mark.parametrize("mode", [0o104755, 0o102755])
def test_a_set_user_id_program_is_refused(mode):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("plugin.yaml", YAML)
        info = zipfile.ZipInfo("kb")
        info.create_system, info.external_attr = 3, mode << 16
        archive.writestr(info, elf(HERE))
    with pytest.raises(PackageError, match="is set-user-id or set-group-id"):
        read_package(packed.getvalue())
