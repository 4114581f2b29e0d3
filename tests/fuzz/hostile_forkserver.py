"""A fork server whose children speak the wire as they like: run as a program, for tests alone.

It takes requests as the real one does, so that the real supervisor talks to it. Where a request has
the descriptor of the compiled module, a test puts a file with the child's lines: a msgpack list of
``[verb, argument]``.

::

    say BYTES      write them all                 drip BYTES   write them one by one
    hear           wait until something comes     gone         close the pipe and go on running
    exit CODE      end                            die SIGNAL   end by a signal
    stop           be stopped, as by SIGSTOP      babble BYTES write them forever
"""

import ctypes
import os
import signal
import socket
import sys
import time

import msgpack

from sandbox_child.lockdown.libc import call_kernel
from sandbox_child.lockdown.syscalls import this_architecture

_PIPE_IN, _PIPE_OUT = 0, 1
_CLONE_PARENT, _CLONE_PIDFD = 0x8000, 0x1000
_PR_SET_PDEATHSIG = 1


def play(script: int) -> None:
    """Do what the script says; a child that has nothing more to say stays silent."""
    with os.fdopen(os.dup(script), "rb") as file:
        file.seek(0)
        lines = msgpack.unpackb(file.read())
    for verb, argument in lines:
        _VERBS[verb](argument)
    while True:
        signal.pause()


def _say(data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(_PIPE_OUT, rest) :]


def _drip(data: bytes) -> None:
    for byte in data:
        os.write(_PIPE_OUT, bytes([byte]))


def _babble(data: bytes) -> None:
    while True:
        _say(data)


_VERBS = {
    "say": _say,
    "drip": _drip,
    "babble": _babble,
    "hear": lambda _: os.read(_PIPE_IN, 1 << 16),
    "gone": lambda _: os.close(_PIPE_OUT),
    "exit": os._exit,
    "die": lambda number: os.kill(os.getpid(), number),
    "stop": lambda _: os.kill(os.getpid(), signal.SIGSTOP),
    "wait": time.sleep,
}


def _become(descriptors: list[int]) -> None:
    try:
        # A test run that is killed takes these along too.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        for position, target in enumerate((_PIPE_IN, _PIPE_OUT)):
            os.dup2(descriptors[position], target)
            os.close(descriptors[position])
        play(descriptors[2])
    finally:
        os._exit(1)


def _receive(control: socket.socket) -> tuple[bytes, list[int]]:
    packed, descriptors, _, _ = socket.recv_fds(control, 1 << 16, 8)
    return packed, descriptors


def _fork() -> tuple[int, int]:
    """Make a child of our own parent, as the real fork server does."""
    pidfd = ctypes.c_int(-1)
    flags = _CLONE_PARENT | _CLONE_PIDFD | signal.SIGCHLD
    number = this_architecture().numbers["clone"]
    pid = call_kernel(number, flags, None, ctypes.addressof(pidfd), 0, 0)
    return pid, pidfd.value


def main(control_fd: int) -> None:
    control = socket.socket(fileno=control_fd)
    control.send(msgpack.packb([os.getpid(), 1]))
    while True:
        packed, descriptors = _receive(control)
        if not packed:
            os._exit(0)
        pid, pidfd = _fork()
        if pid == 0:
            control.close()
            _become(descriptors)
        socket.send_fds(control, [msgpack.packb([pid])], [pidfd])
        for descriptor in (*descriptors, pidfd):
            os.close(descriptor)


if __name__ == "__main__":
    main(int(sys.argv[1]))
