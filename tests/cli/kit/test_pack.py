"""``ohd plugin pack``: what it writes, what it leaves out, and what it refuses."""

import os
import zipfile

import pytest

from sandbox_child.packages import read_package
from supervisor.plugins.signatures import check_signature, read_public_key

MODULE = b"\0asm\1\0\0\0"


@pytest.fixture
def folder(ohd):
    folder = ohd.folder / "stats"
    for path, content in {
        "plugin.yaml": b"name: stats\nversion: 1.10\n",
        "stats.wasm": MODULE,
        "stats.wasm.sig": b"ab" * 64,
        "assets/logo.svg": b"<svg/>",
        "i18n/de.json": b"{}",
        "templates/page.html": b"<p>",
        ".git/config": b"",
        "target/x.wasm": MODULE,
        "node_modules/a/a.js": b"",
        "old.zip": b"PK\3\4",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def test_a_folder_becomes_a_package_that_is_read(ohd, folder):
    said = ohd.good("plugin", "pack", folder)
    written = ohd.folder / "stats-1.10.zip"
    package = read_package(written.read_bytes())
    assert package.module == MODULE
    assert package.signature == b"ab" * 64
    assert [file.path for file in package.files] == [
        "assets/logo.svg",
        "i18n/de.json",
        "templates/page.html",
    ]
    assert said.startswith(f"wrote stats-1.10.zip: {written.stat().st_size:,} bytes, 6 files\n")
    assert "  assets/logo.svg\n" in said


def test_packing_twice_makes_the_same_bytes(ohd, folder):
    ohd.good("plugin", "pack", folder, "-o", "a.zip")
    for path in folder.rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o700)
    ohd.good("plugin", "pack", folder, "--output", "b.zip")
    assert (ohd.folder / "a.zip").read_bytes() == (ohd.folder / "b.zip").read_bytes()


def test_a_package_can_be_written_into_its_own_folder(ohd, folder):
    ohd.good("plugin", "pack", folder, "-o", folder / "new.zip")
    first = (folder / "new.zip").read_bytes()
    ohd.good("plugin", "pack", folder, "-o", folder / "new.zip")
    assert (folder / "new.zip").read_bytes() == first
    assert [p.name for p in folder.iterdir() if p.name.endswith(".part")] == []


def test_without_a_manifest_the_module_names_the_file(ohd, folder):
    (folder / "plugin.yaml").unlink()
    ohd.good("plugin", "pack", folder)
    assert zipfile.is_zipfile(ohd.folder / "stats.zip")


@pytest.mark.parametrize("name", ["../../x", "/etc/x", "a b", "\\x", "é"])
def test_a_strange_name_never_leads_the_file_elsewhere(ohd, folder, name):
    (folder / "plugin.yaml").write_text(f"name: '{name}'\n", "utf-8")
    ohd.good("plugin", "pack", folder)
    (written,) = ohd.folder.glob("*.zip")
    assert written.parent == ohd.folder


def test_what_an_installation_would_say_of_the_manifest_is_said(ohd, folder):
    (folder / "plugin.yaml").write_text(
        "name: stats\nroutes: [{path: /login, handler: h}]\nsidecars: [{name: db}]\n"
    )
    said = ohd("plugin", "pack", folder).stderr
    assert "warning: routes[0].path is" in said
    assert "warning: sidecars: not supported: " in said


@pytest.mark.parametrize("target", ["plugin.yaml", "assets", "/etc/passwd", "nowhere"])
def test_a_link_is_refused(ohd, folder, target):
    (folder / "assets" / "link").symlink_to(target)
    assert "is a link" in ohd.refused("plugin", "pack", folder)
    assert list(ohd.folder.glob("*.zip")) == []


def test_a_pipe_is_refused(ohd, folder):
    os.mkfifo(folder / "pipe")
    assert "is no plain file" in ohd.refused("plugin", "pack", folder)


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        ("assets/a.zip", b"PK\3\4", "must not contain archives"),
        ("assets/LOGO.SVG", b"", "is there twice"),
        ("other.wasm", MODULE, "has 2 .wasm files"),
        ("stats.wasm", b"MZ", "not a WebAssembly module"),
        ("plugin.yaml", b"[]", "is a list"),
        ("plugin.yaml", b"a: &x 1\nb: *x\n", "uses an alias"),
        ("plugin.yaml", b"runtime: grpc\n", 'is a native plugin; expected "binary"'),
        ("assets/a\\b", b"", "has a backslash"),
        ("assets/a\nb", b"", "invisible character"),
        ("assets/big", bytes(9 << 20), "more than 200 times"),
    ],
)
def test_what_an_installation_refuses_is_not_packed(ohd, folder, path, content, said):
    (folder / path).write_bytes(content)
    assert said in ohd.refused("plugin", "pack", folder)
    assert list(ohd.folder.glob("*.zip")) == []


def test_a_file_name_that_is_not_utf8_is_refused(ohd, folder):
    (folder / os.fsdecode(b"\xff")).write_bytes(b"")
    assert "not UTF-8" in ohd.refused("plugin", "pack", folder)


def test_too_many_files_are_refused(ohd, folder):
    for number in range(1_001):
        (folder / "assets" / str(number)).write_bytes(b"")
    assert "more than 1,000 files" in ohd.refused("plugin", "pack", folder)


def test_folders_in_folders_without_end_are_refused(ohd, folder):
    (folder / "/".join("a" * 100)).mkdir(parents=True)
    assert "folders deep" in ohd.refused("plugin", "pack", folder)


@pytest.mark.parametrize("path", ["nowhere", "stats/plugin.yaml"])
def test_what_is_no_folder_is_refused(ohd, folder, path):
    assert "there is no such folder" in ohd.refused("plugin", "pack", path)


def test_a_place_that_cannot_be_written_is_named(ohd, folder):
    assert "nowhere" in ohd.refused("plugin", "pack", folder, "-o", "nowhere/a.zip")


def test_a_module_is_signed_with_a_new_key_and_the_package_proves_it(ohd, folder):
    public = ohd.good("plugin", "keygen", "key.hex").strip()
    ohd.good("plugin", "pack", folder, "--sign", "key.hex", "-o", "signed.zip")
    package = read_package((ohd.folder / "signed.zip").read_bytes())
    trusted = {"me": read_public_key(public)}
    assert check_signature(package.module, package.signature, trusted).is_trusted
    assert (ohd.folder / "key.hex").stat().st_mode & 0o077 == 0
    assert "already exists" in ohd.refused("plugin", "keygen", "key.hex")
    (ohd.folder / "wrong.hex").write_text("5" * 63)
    assert "hexadecimal digits" in ohd.refused("plugin", "pack", folder, "--sign", "wrong.hex")
