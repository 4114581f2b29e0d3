"""Turns a new fork into a native plugin's program: the wider cage, then the program.

Until then it is ours, and says on its stdout whether it is locked down. From then on it is a
stranger's, whose only doors are that stdout, stderr, and a socket that it serves in its folder.
"""

import ctypes
import os
import select
from dataclasses import replace
from typing import NoReturn

from sandbox_child.child import lock_down_or_refuse, refuse
from sandbox_child.lockdown import process
from sandbox_child.lockdown.errors import Unavailable
from sandbox_child.lockdown.libc import check, libc
from sandbox_child.lockdown.namespaces import keep_user
from sandbox_child.lockdown.order import LockdownPlan
from sandbox_child.lockdown.policy import PIPE_OUT
from sandbox_child.lockdown.program_policy import PROGRAM, SUPERVISOR
from sandbox_child.lockdown.status import ControlStatus
from sandbox_child.lockdown.syscalls import this_architecture
from sandbox_child.lockdown.view import SYSTEM_LIBRARIES, see_only
from sandbox_child.plans import Isolation, Surroundings, program_plan
from sandbox_child.wire.frames import encode_frame
from sandbox_child.wire.messages import READY
from sandbox_child.wire.spec import ProgramSpec

_AT_EMPTY_PATH = 0x1000


def run_program(spec: ProgramSpec, around: Surroundings) -> NoReturn:
    """Never returns. Descriptors 0 to 4 stand where they belong."""
    process.set_name("ohd-program")
    for descriptor in (PROGRAM, SUPERVISOR):
        os.set_inheritable(descriptor, False)
    controls = lock_down_or_refuse(prepare(spec, around), lambda: None)
    os.write(PIPE_OUT, encode_frame((READY, 0), controls))
    _become(spec.environment)


def prepare(spec: ProgramSpec, around: Surroundings) -> LockdownPlan:
    """Return the plan of the lockdown; the folder is its user's from here on."""
    isolation = around.isolation
    if isolation.user is not None:
        keep_user(*isolation.user)
    if spec.cage.uid is not None:
        # Nobody else can have put another in its place: it lies where only its owner may.
        os.chown(spec.folder, spec.cage.uid, spec.cage.uid, follow_symlinks=False)
    own = ControlStatus("pid_namespace", not isolation.refused, isolation.refused)
    around = replace(around, outside=(*around.outside, own))
    plan = program_plan(spec, around, supervisor_lives)
    return replace(plan, view=lambda: _see_only(spec, isolation))


def supervisor_lives() -> bool:
    """Tell by its pidfd: in a process namespace its number tells nothing."""
    ended, _, _ = select.select([SUPERVISOR], [], [], 0)
    return not ended


def _see_only(spec: ProgramSpec, isolation: Isolation) -> None:
    if isolation.refused:
        raise Unavailable(isolation.refused)
    see_only(spec.folder, SYSTEM_LIBRARIES if spec.system_libraries else ())


def _become(environment: dict[str, str]) -> NoReturn:
    words = (ctypes.c_char_p * 2)(b"plugin", None)
    pairs = [f"{name}={value}".encode() for name, value in environment.items()]
    surroundings = (ctypes.c_char_p * (len(pairs) + 1))(*pairs, None)
    number = this_architecture().numbers["execveat"]
    try:
        check(
            libc.syscall(
                ctypes.c_long(number),
                ctypes.c_long(PROGRAM),
                ctypes.c_char_p(b""),
                words,
                surroundings,
                ctypes.c_long(_AT_EMPTY_PATH),
            ),
            "execveat",
        )
    except OSError as exc:
        refuse(f"the program could not be started: {exc.strerror}")
    os._exit(1)
