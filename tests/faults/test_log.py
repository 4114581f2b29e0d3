"""A log that cannot be written ends nothing."""

import os
import subprocess
import sys

from tests.faults.desk import ROOT


def test_a_log_whose_reader_is_gone_ends_nothing():
    program = (
        "from cli.logs import set_up_logging; set_up_logging(); "
        "import logging, structlog, sys; sys.stdin.read(); "
        "structlog.get_logger('one').error('first'); logging.getLogger('two').error('second'); "
        "print('alive')"
    )
    reader, writer = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=writer,
        cwd=ROOT,
    ) as process:
        os.close(writer)
        os.close(reader)
        told, _ = process.communicate(b"")
    assert told == b"alive\n"
    assert process.returncode == 0


def test_a_log_on_a_full_disk_ends_nothing():
    program = (
        "from cli.logs import set_up_logging; set_up_logging(); "
        "import structlog; structlog.get_logger('one').error('x' * 20_000); print('alive')"
    )
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device, and no file
        done = subprocess.run(
            [sys.executable, "-c", program],
            stdout=subprocess.PIPE,
            stderr=full,
            cwd=ROOT,
            check=False,
        )
    assert (done.returncode, done.stdout) == (0, b"alive\n")
