"""Makes a release of what is committed: ``make release``.

Checks first, so that nothing half-made is left: a clean tree, a version that the changelog has with
its date, and ``docs/released`` as the code is. Then the sdist, the wheel out of that sdist (so that
the sdist is known to be whole), the checksums, and the container where docker or podman is there.
Nothing is uploaded.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
DOCKERFILE = ROOT / "packaging" / "Dockerfile"


class CannotRelease(Exception):
    """Why there is no release, and what to do."""


def main() -> int:
    """Make the release; return the exit status."""
    try:
        version = _version()
        _check(version)
        built = [*_packages(), *_container(version)]
    except CannotRelease as exc:
        print(f"no release: {exc}", file=sys.stderr)
        return 1
    print(f"Open Help Desk {version}:", *built, sep="\n  ")
    print(f"Next: git tag -s v{version} && git push origin v{version}, then publish these.")
    return 0


def _version() -> str:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def _check(version: str) -> None:
    changed = _run("git", "status", "--porcelain")
    if changed:
        raise CannotRelease(f"the tree has changes that are not committed:\n{changed}")
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    heading = rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$"
    if not re.search(heading, changelog, re.MULTILINE):
        raise CannotRelease(
            f"CHANGELOG.md has no '## [{version}] - YYYY-MM-DD'; name what is new there, "
            "or set another version in pyproject.toml"
        )
    unreleased = changelog.partition("## [Unreleased]")[2].partition("\n## ")[0].strip()
    if unreleased:
        raise CannotRelease(
            f"CHANGELOG.md has entries under Unreleased; move them under [{version}]"
        )
    _run(sys.executable, "-m", "docs.tools.surface", "--check")


def _packages() -> list[str]:
    shutil.rmtree(DIST, ignore_errors=True)
    # The time of the commit, so that the same commit gives the same bytes.
    os.environ["SOURCE_DATE_EPOCH"] = _run("git", "log", "-1", "--format=%ct")
    build = [sys.executable, "-m", "hatchling", "build", "-d", str(DIST), "-t"]
    _run(*build, "sdist")
    (sdist,) = DIST.glob("*.tar.gz")
    with tempfile.TemporaryDirectory() as folder, tarfile.open(sdist) as unpacked:
        unpacked.extractall(folder, filter="data")
        (source,) = Path(folder).iterdir()
        _run(*build, "wheel", at=source)
    packages = sorted(DIST.iterdir())
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in packages]
    (DIST / "SHA256SUMS").write_text("\n".join(sums) + "\n", "ascii")
    return [str(path.relative_to(ROOT)) for path in sorted(DIST.iterdir())]


def _container(version: str) -> list[str]:
    if not DOCKERFILE.exists():
        return []
    program = shutil.which("docker") or shutil.which("podman")
    if program is None:
        return ["no container: neither docker nor podman is installed"]
    name = f"open-help-desk:{version}"
    _run(program, "build", "-f", str(DOCKERFILE), "-t", name, ".")
    return [name]


def _run(*command: str, at: Path = ROOT) -> str:
    done = subprocess.run(command, cwd=at, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotRelease(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
