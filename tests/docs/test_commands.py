"""Every command in the manual is run: top to bottom, page by page, each in a fresh folder.

What cannot be run here is listed with the reason and with what is checked in its place; an entry
that no page needs any longer is an error.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, SHELLS, TEXTS, Command, Page, pages
from tests.docs.shell import Shell, first_missing
from tests.server_process import ServerProcess, ohd

PAGES = [page for page in pages() if any(fence.language in SHELLS for fence in page.fences())]
SERVED = frozenset({"docs/api.md", "docs/operations.md"})
"""Pages that speak of a help desk that runs."""


def is_target(command: str) -> bool:
    """Tell whether ``make`` is asked for targets that the Makefile has."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = [word for word in command.split()[1:] if "=" not in word]
    return bool(targets) and all(
        re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE) for target in targets
    )


def is_about_the_unit(command: str) -> bool:
    """Tell whether a command names the unit that is shipped, or the user that the unit names."""
    unit = (ROOT / "packaging/open-help-desk.service").read_text("utf-8")
    named = re.findall(r"open-help-desk(?:\.service)?\b|/\S+/open-help-desk\S*", command)
    known = "User=open-help-desk" in unit
    return known and (bool(named) or command == "systemctl daemon-reload")


def names_our_image(command: str) -> bool:
    """Tell whether a command builds from the Dockerfile that is shipped, or uses what it built."""
    files = re.findall(r"-f (\S+)", command)
    return all((ROOT / name).is_file() for name in files) and "help-desk" in command


def is_locked(command: str) -> bool:
    """Tell whether every package that is to be installed is one that the tests install too."""
    locked = (ROOT / "requirements/dev.txt").read_text("utf-8")
    packages = [word for word in command.partition("install")[2].split() if word[0] != "-"]
    return all(re.search(rf"^{re.escape(name)}==", locked, re.MULTILINE) for name in packages)


def is_there(command: str) -> bool:
    """Tell whether what is to be tested is in the repository."""
    return all((ROOT / word).exists() for word in command.split() if word.startswith("tests/"))


def has_its_own_test(_command: str) -> bool:
    """Tell whether the tests of ``ohd sandbox check`` are where they are said to be."""
    return (ROOT / "tests/supervisor/sandbox_check").is_dir()


@dataclass(frozen=True)
class Exempt:
    """Commands that are not run, and what holds of them instead."""

    pattern: str
    why: str
    holds: Callable[[str], bool]


EXEMPT = (
    Exempt(r"make \w+$", "minutes, or what the tests do already", is_target),
    Exempt(r"(useradd|install|systemctl|sudo) ", "changes the machine", is_about_the_unit),
    Exempt(r"python3 -m pip install ", "fetches packages", is_locked),
    Exempt(r"\S+/python -m pytest ", "it runs within itself", is_there),
    Exempt(r"docker ", "needs a container runtime", names_our_image),
    Exempt(r"(\S+/)?ohd sandbox check", "most of a minute", has_its_own_test),
)


@dataclass
class Reader:
    """Somebody who types a page's commands."""

    shell: Shell

    def type(self, command: Command) -> None:
        """Run a command, or see that what is not run would be right."""
        if self._is_server_control(command.text):
            return
        exempt = exemption(command.text) if self.shell.where == self.shell.folder else None
        if exempt is None:
            self.shell.run(command)
        else:
            assert exempt.holds(command.text), f"$ {command.text}\n({exempt.why})"

    def _is_server_control(self, text: str) -> bool:
        server = self.shell.server
        if server is None:
            return False
        if text == "systemctl stop open-help-desk":
            assert server.stop() == 0
        elif text == "systemctl start open-help-desk":
            server.start()
        else:
            return False
        return True


def exemption(text: str) -> Exempt | None:
    return next((exempt for exempt in EXEMPT if re.match(exempt.pattern, text)), None)


def commands(page: Page) -> Iterator[Command]:
    for fence in page.fences():
        if fence.language in SHELLS:
            yield from fence.commands()


NEWER = "digest-1.1.0.wasm"
"""A file that an operator is said to have: a newer version of the bundled plugin."""


def write_newer(folder: Path) -> None:
    """Put NEWER into a folder; it asks for one event more."""
    manifest = json.loads((ROOT / "examples/digest/manifest.json").read_text("utf-8"))
    manifest["version"] = "1.1.0"
    manifest["events"].append("ticket.note_added")
    (folder / "newer.json").write_text(json.dumps(manifest), "utf-8")
    module = str(ROOT / "examples/digest/digest.wasm")
    done = ohd("plugin", "embed", module, "newer.json", "-o", NEWER, cwd=folder)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def reader(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[Page], Reader]]:
    servers = []

    def sit_down(page: Page) -> Reader:
        server = None
        if any(NEWER in command.text for command in commands(page)):
            write_newer(tmp_path)
        words = {
            "/srv/helpdesk": str(tmp_path / "srv"),
            "/var/backups/ohd": str(tmp_path / "backups"),
        }
        if page.name in SERVED:
            server = ServerProcess(tmp_path, options=("--demo",))
            server.start()
            servers.append(server)
            words |= {
                "/var/lib/open-help-desk": str(server.data),
                "http://127.0.0.1:8000": server.url,
            }
        return Reader(Shell(tmp_path, server, words))

    yield sit_down
    for server in servers:
        server.stop()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_on_the_page_works(page, reader):
    typist = reader(page)
    for fence in page.fences():
        if fence.file is not None:
            typist.shell.write(fence.file, fence.text)
        elif fence.language in SHELLS:
            for command in fence.commands():
                typist.type(command)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_no_fence_hides_commands(page):
    """A fence without a language, or of one that nobody knows, would not be run."""
    strange = {f.line: f.language for f in page.fences() if f.language not in SHELLS | TEXTS}
    assert not strange
    ticks = [line for line in page.path.read_text("utf-8").splitlines() if "```" in line]
    assert len(ticks) == 2 * len(page.fences())


def test_each_exemption_is_needed():
    typed = [command.text for page in PAGES for command in commands(page)]
    unused = [e.pattern for e in EXEMPT if not any(exemption(text) is e for text in typed)]
    assert unused == []


def test_what_is_not_run_is_looked_at():
    assert not is_target("make coffee")
    assert not is_about_the_unit("systemctl restart nginx")
    assert not names_our_image("docker build -f packaging/Missing -t help-desk .")


def test_output_that_is_shown_is_compared():
    assert first_missing(("2 passed",), "ok  first\n2   passed\n") is None
    assert first_missing(("2 passed",), "1 passed\n") == "2 passed"
    assert first_missing(("b", "a"), "a\nb\n") == "a"
    assert first_missing(("at http://… now", "…"), "at http://127.0.0.1:1 now") is None
