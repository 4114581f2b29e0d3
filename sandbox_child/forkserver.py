"""A clean process that forks one child per request.

It has imported the runtime and nothing of the supervisor, holds no secret and no socket but its
control socket, and never runs a guest's code. A fork takes milliseconds where a fresh interpreter
takes a tenth of a second, and shares its memory.

Protocol, on a SOCK_SEQPACKET socket: a request is one ``spec`` with its descriptors (SCM_RIGHTS);
the answer is ``[pid]`` with the child's pidfd, or ``[0, reason]``. CLONE_PARENT makes the child the
supervisor's own, which can then wait for it and is what its parent-death signal listens to.

Children forked from one server share its address layout and hash seed.
"""

import array
import contextlib
import ctypes
import fcntl
import gc
import os
import signal
import socket
import traceback
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import NoReturn

import msgpack
import wasmtime

from sandbox_child import child, compiler, program
from sandbox_child.bridge.process import load_protocol, run_bridge
from sandbox_child.lockdown import cgroup, process
from sandbox_child.lockdown.libc import call_kernel
from sandbox_child.lockdown.namespaces import enter_namespaces
from sandbox_child.lockdown.policy import LISTENER, PLUGIN_SOCKET
from sandbox_child.lockdown.program_policy import PROGRAM, SUPERVISOR
from sandbox_child.lockdown.status import ControlStatus
from sandbox_child.lockdown.syscalls import this_architecture
from sandbox_child.plans import Isolation, Surroundings
from sandbox_child.runtime.engine import make_engine
from sandbox_child.runtime.guest import Guest, GuestLimits, HostImport
from sandbox_child.wasm.facts import FuncType
from sandbox_child.wire.spec import (
    MAX_REQUEST,
    AttackSpec,
    BridgeSpec,
    ChildSpec,
    CompileSpec,
    MailSpec,
    PictureSpec,
    PluginSpec,
    ProbeSpec,
    ProgramSpec,
    QuerySpec,
    unpack_spec,
)

_CLONE_PARENT = 0x00008000
_CLONE_PIDFD = 0x00001000
_CLONE_NEWUSER = 0x10000000
_NEW_VIEW = 0x20000000 | 0x00020000  # NEWPID, NEWNS
_SUPERVISOR_PLACE = 4
_MAX_DESCRIPTORS = 12
_FIRST_SPARE = 16

_WARM_UP = """
(module
  (import "warm" "up" (func $up (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "call") (param i32) (result i32) (call $up (local.get 0)))
  (func (export "trap") unreachable))
"""


Attack = Callable[[AttackSpec, Surroundings, Sequence[int]], NoReturn]


def main(
    control_fd: int,
    *,
    stack_bytes: int,
    switched_off: Collection[str] = (),
    folders: Sequence[str] = (),
    attack: Attack | None = None,
) -> NoReturn:
    """Serve requests on the socket ``control_fd`` until its other end closes.

    ``stack_bytes``: see ``make_engine``; children share one engine, so it is the same for all.
    ``folders``: control groups to remove then, as nobody else is left to do it. ``switched_off``
    (see ``CageSpec``) and ``attack`` are for ``ohd sandbox check`` alone.
    """
    process.set_name("ohd-forkserver")
    supervisor_pid = os.getppid()
    supervisor = os.pidfd_open(supervisor_pid)
    user = os.geteuid(), os.getegid()
    outside = enter_namespaces(switched_off)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor decides when to stop
    control = socket.socket(fileno=control_fd)
    engine = make_engine(stack_bytes)
    _warm_up(engine)
    threads = len(list(Path("/proc/self/task").iterdir()))
    gc.collect()
    gc.freeze()
    control.send(msgpack.packb([os.getpid(), threads]))
    while True:
        packed, descriptors = _receive(control)
        if not packed:
            cgroup.clear(folders, supervisor_pid)
            os._exit(0)
        try:
            spec = unpack_spec(packed)
            if isinstance(spec, BridgeSpec):
                load_protocol(spec)
            pid, pidfd, isolation = _fork_for(spec, user)
        except (OSError, ValueError, KeyError, TypeError) as exc:
            control.send(msgpack.packb([0, f"{type(exc).__name__}: {exc}"]))
        else:
            if pid == 0:
                control.close()
                if isinstance(spec, ProgramSpec):
                    descriptors.insert(_SUPERVISOR_PLACE, supervisor)
                _become(spec, engine, outside, descriptors, attack, isolation=isolation)
            _send_child(control, pid, pidfd)
        for descriptor in descriptors:
            os.close(descriptor)


def _warm_up(engine: wasmtime.Engine) -> None:
    """Run a tiny module of our own once, so that what is made at first use exists before a fork.

    Its store is closed again: a live one would leave its reservation in every child.
    """
    module = wasmtime.Module(engine, _WARM_UP)
    guest = Guest(engine, module, GuestLimits(1 << 20, 10))
    guest.define({("warm", "up"): HostImport(FuncType(("i32",), ("i32",)), lambda value: value)})
    guest.instantiate()
    guest.function("call", ("i32",), ("i32",))(1)
    with contextlib.suppress(Exception):
        guest.function("trap", (), ())()
    guest.close()
    traceback.format_exc()


def _receive(control: socket.socket) -> tuple[bytes, list[int]]:
    """Return one request and its descriptors, moved out of the way of 0 to 3."""
    packed, ancillary, _, _ = control.recvmsg(
        MAX_REQUEST, socket.CMSG_SPACE(_MAX_DESCRIPTORS * array.array("i").itemsize)
    )
    received = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            received.frombytes(data[: len(data) - len(data) % received.itemsize])
    return packed, list(received)


def _fork_for(spec: ChildSpec, user: tuple[int, int]) -> tuple[int, int, Isolation]:
    """Fork; a native plugin's program gets mounts and process numbers of its own where it can.

    ``user``: which user and group the fork server was before it entered a user namespace.
    """
    as_program = isinstance(spec, AttackSpec) and spec.inside == "native"
    if not isinstance(spec, ProgramSpec) and not as_program:
        return *_fork(), Isolation("not asked for")
    if "mount_namespace" in spec.cage.switched_off:
        return *_fork(), Isolation("switched off")
    in_root = user[0] == 0
    try:
        pid, pidfd = _fork(_NEW_VIEW if in_root else _NEW_VIEW | _CLONE_NEWUSER)
    except OSError as exc:
        return *_fork(), Isolation(f"this machine allows it to nobody here: {exc.strerror}")
    return pid, pidfd, Isolation(user=None if in_root else user)


def _fork(more: int = 0) -> tuple[int, int]:
    """Fork a child of our own parent; return (0, -1) in it, its pid and pidfd here."""
    pidfd = ctypes.c_int(-1)
    flags = _CLONE_PARENT | _CLONE_PIDFD | more | signal.SIGCHLD
    before = ctypes.pythonapi.PyOS_BeforeFork
    in_parent = ctypes.pythonapi.PyOS_AfterFork_Parent
    in_child = ctypes.pythonapi.PyOS_AfterFork_Child
    before()
    try:
        pid = _clone(flags, pidfd)
    except OSError:
        in_parent()
        raise
    if pid == 0:
        in_child()
        return 0, -1
    in_parent()
    return pid, pidfd.value


def _clone(flags: int, pidfd: ctypes.c_int) -> int:
    # The raw call: clone(2)'s wrapper wants a stack. On both architectures the pidfd is stored at
    # the third argument, parent_tid.
    number = this_architecture().numbers["clone"]
    return call_kernel(number, flags, None, ctypes.addressof(pidfd), 0, 0)


def _send_child(control: socket.socket, pid: int, pidfd: int) -> None:
    try:
        control.sendmsg(
            [msgpack.packb([pid])],
            [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [pidfd]))],
        )
    finally:
        os.close(pidfd)


def _become(
    spec: ChildSpec,
    engine: wasmtime.Engine,
    outside: tuple[ControlStatus, ...],
    descriptors: Sequence[int],
    attack: Attack | None,
    *,
    isolation: Isolation,
) -> NoReturn:
    """In the child: put the descriptors where they belong and run; never returns."""
    try:
        own = len(descriptors) - spec.cage.groups
        targets = _targets(spec)
        moved = _place(descriptors, targets)
        around = Surroundings(outside, tuple(moved[own:]), isolation)
        if isinstance(spec, PluginSpec):
            child.run_plugin(spec, engine, moved[2], around)
        elif isinstance(spec, BridgeSpec):
            run_bridge(spec, around)
        elif isinstance(spec, ProgramSpec):
            program.run_program(spec, around)
        elif isinstance(spec, CompileSpec):
            compiler.run_compiler(spec, engine, around)
        elif isinstance(spec, QuerySpec | MailSpec | PictureSpec):
            _become_reader(spec, around)
        elif isinstance(spec, ProbeSpec):
            child.run_probe(spec, around)
        elif attack is not None:
            attack(spec, around, moved[2:own])
        child.refuse("this fork server is not for attacks")
    except BaseException:
        with contextlib.suppress(Exception):
            child.refuse(f"the sandbox failed: {traceback.format_exc()}")
    os._exit(1)


def _become_reader(spec: QuerySpec | MailSpec | PictureSpec, around: Surroundings) -> NoReturn:
    """Load what reads and run it; here alone: no plugin's child is to carry any of it."""
    if isinstance(spec, QuerySpec):
        from sandbox_child.query.process import run_query  # noqa: PLC0415

        run_query(spec, around)
    if isinstance(spec, MailSpec):
        from sandbox_child.mail.process import run_mail  # noqa: PLC0415

        run_mail(spec, around)
    from sandbox_child.pictures.process import run_pictures  # noqa: PLC0415

    run_pictures(spec, around)


def _targets(spec: ChildSpec) -> tuple[int, ...]:
    """Return where the first descriptors belong."""
    if isinstance(spec, ProgramSpec):
        return (0, 1, 2, PROGRAM, SUPERVISOR)
    if isinstance(spec, BridgeSpec) and spec.protocol == "grpc":
        return (0, 1, PLUGIN_SOCKET, LISTENER)
    return (0, 1, 3) if isinstance(spec, CompileSpec | BridgeSpec) else (0, 1)


def _place(descriptors: Sequence[int], targets: Sequence[int]) -> list[int]:
    """Duplicate the first descriptors to ``targets``; return all of them where they are now."""
    # First out of the way of every target.
    moved = [fcntl.fcntl(d, fcntl.F_DUPFD_CLOEXEC, _FIRST_SPARE) for d in descriptors]
    for position, target in enumerate(targets):
        os.dup2(moved[position], target)
    return moved
