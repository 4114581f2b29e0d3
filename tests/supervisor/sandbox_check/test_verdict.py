"""What two endings of one attack mean."""

import errno
import signal

import pytest

from supervisor.process.handle import ExitStatus
from supervisor.sandbox_check.attempt import Ending
from supervisor.sandbox_check.catalogue import About
from supervisor.sandbox_check.report import Result
from supervisor.sandbox_check.verdict import judge, stopped_by
from supervisor.views import ControlView

SECCOMP = frozenset({"seccomp", "landlock", "rlimits"})
CONTROLS = tuple(
    ControlView(name, active=True, reason="") for name in ("landlock", "rlimits", "seccomp")
)
EXITED = ExitStatus(0, None)


def about(**given) -> About:
    fields = {
        "name": "files.read", "by": SECCOMP, "perhaps": frozenset(), "base": frozenset(),
        "reached": frozenset(), "harmless": "", "may": {}, "exits": None, "places": (),
        "talks": False,
    }  # fmt: skip
    return About(**{**fields, **given})


def ending(said=None, status=EXITED, *, patient=True, controls=CONTROLS) -> Ending:
    return Ending(controls, said, status, patient)


def killed(number: int) -> Ending:
    return ending(None, ExitStatus(None, number))


def refused(number: int, *, answered=False) -> Ending:
    return ending({"errno": number, "call": "openat", "answered": answered})


WORKED = ending({"got": "3"})
UNSUITED = ending({"unsuited": "no such call here"})


def verdict(attack: About, locked: Ending, control: Ending = WORKED, lockdown="plugin"):
    return judge(attack, locked, control, lockdown)


def test_an_attack_that_works_inside_is_open():
    result = verdict(about(), WORKED)
    assert (result.result, result.by, result.control) == (Result.OPEN, "", "succeeded")


def test_an_attack_that_works_inside_is_open_even_where_the_control_fails():
    assert verdict(about(), WORKED, refused(errno.EPERM)).result is Result.OPEN


def test_an_attack_that_fails_outside_too_proves_nothing():
    result = verdict(about(), killed(signal.SIGSYS), refused(errno.ENOSYS))
    assert (result.result, result.control) == (Result.SKIPPED, "failed")
    assert "ENOSYS" in result.detail


def test_an_attack_that_cannot_be_tried_says_why():
    result = verdict(about(), UNSUITED, UNSUITED)
    assert (result.result, result.detail) == (Result.SKIPPED, "no such call here")


@pytest.mark.parametrize(
    ("locked", "by"),
    [
        (killed(signal.SIGSYS), "seccomp"),
        (refused(errno.EACCES, answered=True), "seccomp"),
        (refused(errno.EACCES), "landlock"),
        (killed(signal.SIGSEGV), "landlock"),
    ],
)
def test_what_stopped_it_is_told_by_how_it_ended(locked, by):
    result = verdict(about(), locked)
    assert (result.result, result.by) == (Result.STOPPED, by)


def test_an_end_by_memory_shortage_is_the_control_groups():
    group = ControlView("cgroup", active=True, reason="")
    end = ending(None, ExitStatus(None, signal.SIGKILL), controls=(*CONTROLS, group))
    assert stopped_by({"rlimits", "cgroup"}, end) == "cgroup"


def test_what_the_lockdown_did_not_stop_is_the_kernels_doing():
    assert stopped_by(SECCOMP, ending({"errno": 1, "call": "x"}, controls=())) == "kernel"


def test_an_error_behind_the_permission_check_counts_as_success():
    attack = about(reached=frozenset({errno.EINVAL}))
    assert verdict(attack, refused(errno.EINVAL)).result is Result.OPEN
    assert verdict(attack, refused(errno.EPERM)).result is Result.STOPPED


def test_a_process_that_became_another_program_tells_by_its_exit_status():
    attack = about(exits=42)
    became = ending(None, ExitStatus(42, None))
    assert verdict(attack, became, became).result is Result.OPEN
    assert verdict(attack, ending(None, EXITED), became).result is Result.STOPPED
    assert verdict(about(), killed(signal.SIGSYS), became).result is Result.SKIPPED


def test_what_is_allowed_is_harmless_and_says_why():
    result = verdict(about(harmless="clocks are for everybody"), WORKED)
    assert (result.result, result.detail) == (Result.HARMLESS, "clocks are for everybody")


def test_what_compilers_may_is_open_in_a_plugin():
    attack = about(may={"compiler": "it publishes code"})
    assert verdict(attack, WORKED, lockdown="compiler").result is Result.HARMLESS
    assert verdict(attack, WORKED).result is Result.OPEN


def test_attacks_by_a_compiler_are_a_family_of_their_own():
    result = verdict(about(), killed(signal.SIGSYS), lockdown="compiler")
    assert (result.name, result.family) == ("compiler.files.read", "compiler")


def test_a_child_that_had_to_be_killed_says_so():
    result = verdict(about(), ending(None, ExitStatus(None, signal.SIGKILL), patient=False))
    assert "did not end" in result.detail
