"""The tables of system calls against the kernel's own headers."""

import importlib.util
import platform
import re
from pathlib import Path

import pytest

from sandbox_child.lockdown.errors import Unavailable
from sandbox_child.lockdown.numbers import AARCH64, X86_64
from sandbox_child.lockdown.policy import compiler_rules, plugin_rules
from sandbox_child.lockdown.syscalls import this_architecture

USED_BY_LOCKDOWN = {
    *("seccomp", "capset", "close_range", "clone"),
    *("landlock_create_ruleset", "landlock_restrict_self"),
}


def header(folder: str) -> dict[str, int]:
    spec = importlib.util.find_spec("ziglang")
    if spec is None or spec.origin is None:
        pytest.skip("ziglang, which brings the kernel's headers, is not installed")
    path = Path(spec.origin).parent / "lib/libc/include" / folder / "asm/unistd_64.h"
    return {
        name: int(number)
        for name, number in re.findall(r"#define __NR_(\w+) (\d+)$", path.read_text(), re.MULTILINE)
    }


@pytest.mark.parametrize(
    ("table", "folder"), [(X86_64, "x86-linux-any"), (AARCH64, "aarch64-linux-any")]
)
def test_every_number_is_the_kernels(table, folder):
    kernel = header(folder)
    assert len(kernel) > 300
    assert {name: kernel.get(name) for name in table} == table


@pytest.mark.parametrize("table", [X86_64, AARCH64])
def test_every_call_of_the_policies_has_a_number(table):
    rules = [*plugin_rules(1), *compiler_rules(1)]
    assert {rule.syscall for rule in rules} | USED_BY_LOCKDOWN <= table.keys()


def test_an_unknown_machine_is_refused_with_the_known_ones(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(Unavailable, match=r"riscv64.*x86_64, aarch64"):
        this_architecture()
