"""Writes what in ``docs/security.md`` comes from the code, and the outputs of a check beside it.

    python docs/tools/security.py            the table of controls, and the check's results
    python docs/tools/security.py --table    the table alone

Run by root it checks as root and as an ordinary user, else as whoever runs it.
``tests/docs/test_security.py`` fails when the table is not that of the code.
"""

import json
import logging
import os
import platform
import subprocess
import sys
from collections import Counter
from pathlib import Path

import structlog
import trio

from docs.tools.parts import replace_part
from supervisor.limits import DEFAULT_LIMITS
from supervisor.process.cage import Cage, CageSettings
from supervisor.process.forkserver import open_fork_server
from supervisor.sandbox_check.catalogue import About, read_catalogue
from supervisor.sandbox_check.report import AttackResult, CheckReport, Result
from supervisor.views import ControlView

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/security.md"
_AS_NOBODY = ROOT / "tests/supervisor/sandbox_check/as_nobody.py"
_CONTROLS = {
    "user_namespace": "a user namespace, where the server is not root: no process outside may be "
    "traced or read; it brings the next two",
    "network_namespace": "a network without interfaces, and without the machine's abstract sockets",
    "ipc_namespace": "System V objects and message queues of its own",
    "cgroup": "memory, tasks and processor in a control group, version 2 or 1",
    "first_to_die": "the kernel ends it first when memory is short",
    "low_priority": "everybody else has the processor first",
    "sealed_pages": "no page stays writable and executable",
    "empty_surroundings": "working directory `/`, an empty environment",
    "descriptors": "nothing is open but two pipes",
    "bounding_set": "no program that it might run can gain a capability",
    "own_user": "a user of its own, where the server is root",
    "capabilities": "every capability is given up",
    "no_new_privs": "set-user-id programs give it nothing",
    "not_dumpable": "processes of the same user can neither read it nor attach",
    "parent_death": "it dies with its supervisor",
    "landlock": "no file system, no TCP, no signals or abstract sockets beyond itself",
    "no_writable_code": "what was ever writable cannot become executable (not for a compiler)",
    "rlimits": "no new descriptor, process, file or lock; memory and addresses are bounded",
    "seccomp": "about 25 system calls, most with fixed arguments; any other kills it",
}
_STANDING = {
    "first_to_die": "standing.survive_a_shortage_of_memory",
    "low_priority": "standing.compete_for_the_processor",
    "not_dumpable": "standing.be_read_by_another_process",
    "parent_death": "standing.outlive_the_supervisor",
}
_FEW = 12


def table(attacks: list[About]) -> str:
    """Return the table of controls, and what each stops with all the others switched off."""
    rows = ["| control | what it does | stops alone |", "|---|---|---|"]
    for control, what in _CONTROLS.items():
        names = [about.name for about in attacks if control in about.by]
        names += [_STANDING[control]] if control in _STANDING else []
        rows.append(f"| `{control}` | {what} | {_listed(names)} |")
    return "\n".join(rows)


def _listed(names: list[str]) -> str:
    if len(names) <= _FEW:
        return ", ".join(f"`{name}`" for name in names)
    families = Counter(name.partition(".")[0] for name in names)
    parts = [f"{count} of `{family}`" for family, count in families.items()]
    return f"{len(names)}: {', '.join(parts)}"


def summary(report: CheckReport) -> str:
    """Return a report's figures by family."""
    families = sorted({attack.family for attack in report.attacks})
    rows = ["| family | " + " | ".join(Result) + " |", "|---|" + "--:|" * len(Result)]
    for family in families:
        results = Counter(a.result for a in report.attacks if a.family == family)
        rows.append(f"| `{family}` | " + " | ".join(str(results[r]) for r in Result) + " |")
    totals = " | ".join(str(report.count(result)) for result in Result)
    rows.append(f"| all | {totals} |")
    missing = [f"`{c.name}` ({c.reason})" for c in report.controls if not c.active]
    rows += ["", f"Inactive controls: {'; '.join(missing) or 'nothing'}."]
    return "\n".join(rows)


def lines(report: CheckReport) -> str:
    """Return a report as ``ohd sandbox check`` prints its attacks."""
    from cli.checks.sandbox import line_of, summary_of  # noqa: PLC0415 - the table needs no command line

    width = max(len(attack.name) for attack in report.attacks)
    return "\n".join([*(line_of(a, width) for a in report.attacks), "", summary_of(report), ""])


async def read_attacks() -> list[About]:
    """Ask the attacking side what it can."""
    async with open_fork_server(attacks=True) as fork_server:
        return await read_catalogue(fork_server, Cage(CageSettings()).plugin(DEFAULT_LIMITS))


def check(before: list[str]) -> CheckReport:
    """Run the command in a process of its own; ``before`` may make it another user's."""
    command = [*before, sys.executable, "-m", "cli.main", "sandbox", "check", "--json"]
    said = subprocess.run(command, capture_output=True, check=True, cwd="/").stdout
    found = json.loads(said)
    return CheckReport(
        tuple(AttackResult(**{**a, "result": Result(a["result"])}) for a in found["attacks"]),
        tuple(ControlView(**control) for control in found["controls"]),
        found["seconds"],
    )


def write_check(text: str, who: str, before: list[str]) -> str:
    """Return the page with the results of a check, whose list is written beside it."""
    report = check(before)
    where = f"Linux {platform.release().split('-')[0]}, {platform.machine()}"
    PAGE.with_name(f"sandbox-check-{who}.txt").write_text(lines(report), encoding="utf-8")
    return replace_part(text, f"check as {who}", f"{where}:\n\n{summary(report)}")


def main() -> None:
    """Rewrite the page."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    text = replace_part(PAGE.read_text(encoding="utf-8"), "controls", table(trio.run(read_attacks)))
    if "--table" not in sys.argv:
        if os.geteuid() == 0:
            text = write_check(text, "root", [])
            text = write_check(text, "user", [sys.executable, str(_AS_NOBODY)])
        else:
            text = write_check(text, "user", [])
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
