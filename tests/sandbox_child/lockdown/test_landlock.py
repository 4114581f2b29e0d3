"""Landlock by version, and for real."""

import struct

import pytest

from sandbox_child.lockdown.errors import Unavailable
from sandbox_child.lockdown.landlock import abi_version, handled_by

FIRST_FILE_RIGHTS, WITH_REFER, WITH_TRUNCATE, WITH_IOCTL = 13, 14, 15, 16


@pytest.mark.parametrize(
    ("version", "rights", "network", "scoped", "size"),
    [
        (1, FIRST_FILE_RIGHTS, 0, 0, 8),
        (2, WITH_REFER, 0, 0, 8),
        (3, WITH_TRUNCATE, 0, 0, 8),
        (4, WITH_TRUNCATE, 3, 0, 16),
        (5, WITH_IOCTL, 3, 0, 16),
        (6, WITH_IOCTL, 3, 3, 24),
        (7, WITH_IOCTL, 3, 3, 24),
        (30, WITH_IOCTL, 3, 3, 24),
    ],
)
def test_each_version_gives_up_all_that_it_knows(version, rights, network, scoped, size):
    handled = handled_by(version)
    whole = struct.pack("<QQQ", (1 << rights) - 1, network, scoped)
    assert handled.packed() == whole[:size]
    assert not any(whole[size:]), "a right that this version has no field for"


def test_what_is_given_up_is_said_in_words():
    assert str(handled_by(1)) == "files"
    assert str(handled_by(4)) == "files, TCP"
    assert str(handled_by(6)) == "files, TCP, signals and abstract sockets"


def test_a_restricted_process_opens_nothing(run_alone):
    try:
        abi_version()
    except Unavailable as exc:
        pytest.skip(str(exc))
    said = run_alone("""
import errno
from sandbox_child.lockdown import landlock, process
open("/etc/passwd").close()
process.no_new_privileges()
landlock.restrict_self()
try:
    open("/etc/passwd")
except OSError as exc:
    print(errno.errorcode[exc.errno])
""")
    assert said == "EACCES"
