"""Commands of the manual that are not run: why, and what holds of them instead."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.docs.pages import ROOT


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


def is_tried_with_a_module_of_the_tests(_command: str) -> bool:
    """Tell whether the commands for GoatKit plugins have tests of their own."""
    return (ROOT / "tests/cli/trial/test_goatkit.py").is_file() and (
        ROOT / "tests/cli/plugins/test_goatkit.py"
    ).is_file()


@dataclass(frozen=True)
class Exempt:
    """Commands that are not run, and what holds of them instead."""

    pattern: str
    why: str
    holds: Callable[[str], bool]


EXEMPT = (
    Exempt(
        r"ohd plugin [a-z]+ (stats\.zip|goatkit\.stats)\b.*",
        "a package that somebody else has made",
        is_tried_with_a_module_of_the_tests,
    ),
    Exempt(r"make [a-z-]+( [A-Z]+=\S+)?$", "minutes, or what the tests do already", is_target),
    Exempt(r"(useradd|install|systemctl|sudo) ", "changes the machine", is_about_the_unit),
    Exempt(r"python3 -m pip install ", "fetches packages", is_locked),
    Exempt(r"\S+/python -m pytest ", "it runs within itself", is_there),
    Exempt(r"docker ", "needs a container runtime", names_our_image),
    Exempt(r"(\S+/)?ohd sandbox check", "most of a minute", has_its_own_test),
)


def exemption(text: str) -> Exempt | None:
    """Return why a command is not run, None for one that is."""
    return next((exempt for exempt in EXEMPT if re.match(exempt.pattern, text)), None)
