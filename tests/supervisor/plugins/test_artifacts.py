"""The store of modules and compiled code: whole files or none, and none that anybody touched."""

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from supervisor.plugins.artifacts import ArtifactStore, module_hash

KEY = b"k" * 32
MODULE = b"\0asm\1\0\0\0"
SHA256 = module_hash(MODULE)
CODE = bytes(range(256)) * 100


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    """Return an empty store."""
    return ArtifactStore(tmp_path, KEY, "settings")


def adopt(store: ArtifactStore, code: bytes = CODE, sha256: str = SHA256) -> None:
    part = store.new_artifact(sha256)
    part.write_bytes(code)
    store.adopt(sha256, part)


def read(store: ArtifactStore, sha256: str = SHA256) -> bytes | None:
    descriptor = store.open_artifact(sha256)
    if descriptor is None:
        return None
    with os.fdopen(descriptor, "rb") as file:
        file.seek(0)
        return file.read()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def files(folder: Path) -> list[str]:
    return sorted(path.suffix for path in (folder / "compiled").iterdir())


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Let this process write no further into any file, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_was_adopted_is_given_back(store: ArtifactStore, tmp_path: Path) -> None:
    assert read(store) is None
    adopt(store)
    assert read(store) == CODE
    assert files(tmp_path) == [".cwasm", ".mac"]


def test_a_second_store_of_the_same_key_and_settings_finds_it(
    store: ArtifactStore, tmp_path: Path
) -> None:
    adopt(store)
    assert read(ArtifactStore(tmp_path, KEY, "settings")) == CODE


@pytest.mark.parametrize(("key", "settings"), [(b"x" * 32, "settings"), (KEY, "other settings")])
def test_another_key_or_other_settings_do_not(
    store: ArtifactStore, tmp_path: Path, key: bytes, settings: str
) -> None:
    adopt(store)
    assert read(ArtifactStore(tmp_path, key, settings)) is None


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def shorten(path: Path, _at: int) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def lengthen(path: Path, _at: int) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def empty(path: Path, _at: int) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("which", ["*.cwasm", "*.mac"])
@pytest.mark.parametrize("change", [flip, shorten, lengthen, empty])
@pytest.mark.parametrize("at", [0, -1])
def test_a_file_that_was_changed_is_deleted_and_not_given(
    store: ArtifactStore, tmp_path: Path, which: str, change: Callable[[Path, int], None], at: int
) -> None:
    adopt(store)
    (path,) = (tmp_path / "compiled").glob(which)
    change(path, at)
    assert read(store) is None
    assert files(tmp_path) == []
    adopt(store)
    assert read(store) == CODE


@pytest.fixture
def keeping(tmp_path: Path) -> Iterator[ArtifactStore]:
    with closing(ArtifactStore(tmp_path, KEY, "settings", keep_open=2)) as store:
        yield store


@pytest.mark.parametrize("change", [flip, shorten, lengthen, empty])
def test_a_file_that_was_changed_behind_its_check_is_not_given(
    keeping: ArtifactStore, tmp_path: Path, change: Callable[[Path, int], None]
) -> None:
    adopt(keeping)
    assert read(keeping) == read(keeping) == CODE
    (path,) = (tmp_path / "compiled").glob("*.cwasm")
    change(path, 0)
    assert read(keeping) is None


def test_a_deleted_module_is_not_given_from_what_is_kept_open(keeping: ArtifactStore) -> None:
    adopt(keeping)
    assert read(keeping) == CODE
    keeping.delete(SHA256)
    assert read(keeping) is None


def test_only_so_many_files_are_kept_open_and_none_after_the_end(keeping: ArtifactStore) -> None:
    before = open_files()
    for number in range(5):
        sha256 = module_hash(bytes([number]))
        adopt(keeping, CODE, sha256)
        os.close(keeping.open_artifact(sha256))
    assert open_files() == before + 2
    keeping.close()
    assert open_files() == before


def test_the_code_of_another_module_is_not_given_in_its_place(
    store: ArtifactStore, tmp_path: Path
) -> None:
    other = module_hash(b"another")
    adopt(store)
    adopt(store, b"other code", other)
    for path in (tmp_path / "compiled").glob(f"{other}*"):
        path.replace(path.with_name(path.name.replace(other, SHA256)))
    assert read(store) is None


def test_a_file_that_has_no_code_beside_its_mac_or_the_reverse_is_not_given(
    store: ArtifactStore, tmp_path: Path
) -> None:
    for which in ("*.cwasm", "*.mac"):
        adopt(store)
        for path in (tmp_path / "compiled").glob(which):
            path.unlink()
        assert read(store) is None


def test_a_disk_that_is_full_leaves_the_old_code_or_none(
    store: ArtifactStore, tmp_path: Path
) -> None:
    part = store.new_artifact(SHA256)
    part.write_bytes(CODE)
    with no_file_larger_than(8), pytest.raises(OSError, match="File too large"):
        store.adopt(SHA256, part)
    assert read(store) is None
    assert files(tmp_path) == [".part"]
    ArtifactStore(tmp_path, KEY, "settings").keep_only({SHA256})
    assert files(tmp_path) == []


def test_a_module_is_saved_whole_or_not_at_all(store: ArtifactStore, tmp_path: Path) -> None:
    with no_file_larger_than(4), pytest.raises(OSError, match="File too large"):
        store.save_module(SHA256, MODULE)
    assert list((tmp_path / "modules").iterdir()) == []
    store.save_module(SHA256, MODULE)
    store.save_module(SHA256, MODULE)
    assert store.module_path(SHA256).read_bytes() == MODULE


def test_nobody_else_may_look_into_it(store: ArtifactStore, tmp_path: Path) -> None:
    adopt(store)
    store.save_module(SHA256, MODULE)
    for folder in (tmp_path / "modules", tmp_path / "compiled"):
        assert folder.stat().st_mode & 0o077 == 0
    (code,) = (tmp_path / "compiled").glob("*.cwasm")
    assert code.stat().st_mode & 0o077 == 0
    assert store.module_path(SHA256).stat().st_mode & 0o077 == 0


def test_a_deleted_module_takes_its_code_along(store: ArtifactStore, tmp_path: Path) -> None:
    adopt(store)
    adopt(store, sha256="f" * 64)
    store.save_module(SHA256, MODULE)
    store.delete(SHA256)
    assert read(store) is None
    assert not store.module_path(SHA256).exists()
    assert read(store, "f" * 64) == CODE
