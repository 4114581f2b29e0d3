"""The whole lockdown, taken by real processes."""

import json
from typing import get_args

from sandbox_child.lockdown.status import Control

_LOCKED = """
import json, os
from dataclasses import asdict
from sandbox_child.lockdown.limits import ResourceLimits
from sandbox_child.lockdown.order import LockdownPlan, lock_down
from sandbox_child.lockdown.errors import LockdownError
from sandbox_child.lockdown.policy import plugin_rules
plan = LockdownPlan(
    keep=(0, 1), rules=plugin_rules, limits=ResourceLimits(300 << 20, 6 << 30),
    supervisor_pid=os.getppid(), uid=None, required=frozenset({required!r}),
    switched_off=frozenset({off!r}),
)
threads = []
try:
    report = lock_down(plan, lambda: threads.append(1))
except LockdownError as exc:
    os.write(1, json.dumps([exc.control, str(exc)]).encode())
    os._exit(0)
os.write(1, json.dumps([[asdict(status) for status in report], len(threads)]).encode())
os._exit(0)
"""


def lock(run_alone, required=(), off=()):
    return json.loads(run_alone(_LOCKED.format(required=required, off=off)))


def test_the_report_names_every_control_in_the_order_of_the_steps(run_alone):
    report, threads = lock(run_alone)
    outside = {"user_namespace", "network_namespace", "ipc_namespace"}
    of_programs = {"pid_namespace", "mount_namespace"}
    taken = [status["name"] for status in report]
    assert taken == [name for name in get_args(Control) if name not in outside | of_programs]
    assert threads == 1


def test_seccomp_is_the_last_step_and_the_group_the_first(run_alone):
    report, _ = lock(run_alone)
    assert report[0]["name"] == "cgroup"
    assert report[-1]["name"] == "seccomp"


def test_a_control_that_cannot_be_had_says_why(run_alone):
    report, _ = lock(run_alone)
    missing = {status["name"]: status["reason"] for status in report if not status["active"]}
    assert "control group" in missing["cgroup"]
    assert "own_user" in missing


def test_a_required_control_that_cannot_be_had_ends_the_lockdown(run_alone):
    control, sentence = lock(run_alone, required=("cgroup",))
    assert control == "cgroup"
    assert "required and not active" in sentence


def test_a_switched_off_control_is_reported_as_such(run_alone):
    report, _ = lock(run_alone, off=("landlock", "rlimits"))
    off = [status["name"] for status in report if status["reason"] == "switched off"]
    assert off == ["landlock", "rlimits"]


def test_a_child_whose_supervisor_has_ended_goes_no_further(run_alone):
    code = _LOCKED.format(required=("parent_death",), off=()).replace("os.getppid()", "1 << 22")
    control, _ = json.loads(run_alone(code))
    assert control == "parent_death"


def test_an_open_descriptor_is_closed(run_alone):
    said = run_alone("""
import os
from sandbox_child.lockdown import process
kept = os.open("/dev/null", os.O_RDONLY)
lost = [os.dup2(kept, number) for number in (5, 9, 700)]
process.close_descriptors((0, 1, kept))
def is_open(number):
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
print([is_open(number) for number in (0, 1, kept, 2, *lost)])
""")
    assert said == "[True, True, True, False, False, False, False]"


def test_no_page_stays_writable_and_executable(run_alone):
    said = run_alone("""
import ctypes, os
from pathlib import Path
from sandbox_child.lockdown import process
callback = ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 7)
process.seal_executable_pages()
open_pages = [line for line in Path("/proc/self/maps").read_text().splitlines()
              if "w" in line.split()[1] and "x" in line.split()[1]]
print(len(open_pages), callback(), flush=True)
os._exit(0)  # cleaning up would write to the page
""")
    assert said == "0 7"
