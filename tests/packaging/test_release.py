"""``make release``: what it builds, and what it refuses."""

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VERSION = "9.8.7"
pytestmark = pytest.mark.slow


def run(*command: str, at: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=at, capture_output=True, text=True, check=False)


def release(tree: Path) -> subprocess.CompletedProcess[str]:
    # Without docker and podman: what is in PATH differs from machine to machine.
    environment = {"PATH": str(tree.parent / "bin"), "HOME": str(tree)}
    return subprocess.run(
        [sys.executable, "packaging/release.py"],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def commit(tree: Path) -> None:
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    done = run("git", *who, "commit", "-qam", "release: a test", at=tree)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with what is here, ready to be released as ``VERSION``."""
    tree = tmp_path / "tree"
    assert run("git", "init", "-q", str(tree), at=tmp_path).returncode == 0
    for name in run("git", "ls-files", "-co", "--exclude-standard", at=ROOT).stdout.split("\n"):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").symlink_to(str(shutil.which("git")))
    project = tree / "pyproject.toml"
    project.write_text(re.sub(r"(?m)^version = .*$", f'version = "{VERSION}"', project.read_text()))
    changelog = tree / "CHANGELOG.md"
    text = changelog.read_text("utf-8")
    changelog.write_text(
        text.replace("## [Unreleased]", f"## [Unreleased]\n\n## [{VERSION}] - 2026-12-01")
    )
    assert run(sys.executable, "-m", "docs.tools.surface", at=tree).returncode == 0
    assert run("git", "add", "-A", at=tree).returncode == 0
    commit(tree)
    return tree


def test_it_builds_both_packages_with_their_checksums_and_says_what_it_cannot(tree):
    done = release(tree)
    assert done.returncode == 0, done.stderr
    dist = tree / "dist"
    wheel, sdist = dist / f"open_help_desk-{VERSION}-py3-none-any.whl", next(dist.glob("*.tar.gz"))
    assert sdist.name == f"open_help_desk-{VERSION}.tar.gz"
    sums = dict(reversed(line.split()) for line in (dist / "SHA256SUMS").read_text().splitlines())
    assert sums == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (wheel, sdist)
    }
    packed = set(zipfile.ZipFile(wheel).namelist())
    assert {"webapp/py.typed", "webapp/static/app.css", "cli/bundled/digest.wasm"} <= packed
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"CHANGELOG.md", "Makefile", "tests/conftest.py"} <= names
    assert "no container: neither docker nor podman is installed" in done.stdout
    first = wheel.read_bytes()
    assert release(tree).returncode == 0
    assert wheel.read_bytes() == first


def test_it_refuses_what_is_not_ready_and_says_why(tree):
    changelog = tree / "CHANGELOG.md"
    text = changelog.read_text("utf-8")
    changelog.write_text(text + "\n")
    assert "not committed" in release(tree).stderr
    changelog.write_text(text.replace(f"[{VERSION}]", "[9.8.6]"))
    commit(tree)
    assert f"CHANGELOG.md has no '## [{VERSION}]" in release(tree).stderr
    changelog.write_text(text.replace("## [Unreleased]", "## [Unreleased]\n\n- More."))
    commit(tree)
    assert "under Unreleased" in release(tree).stderr
    changelog.write_text(text)
    released = tree / "docs" / "released" / "contracts.json"
    released.write_text("{}\n")
    commit(tree)
    done = release(tree)
    assert (done.returncode, (tree / "dist").exists()) == (1, False)
    assert "python -m docs.tools.surface" in done.stderr
