"""Errors of the command line: one line on stderr, and an exit status of 2."""

import sqlite3
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import click
import trio

from helpdesk.errors import HelpDeskError
from sandbox_child.abi.errors import AbiRefused
from sandbox_child.packages import PackageError
from sandbox_child.wasm.errors import ModuleError
from supervisor.errors import SupervisorError
from supervisor.text import clean_text

_LONGEST = 4_000
T = TypeVar("T")

UNUSABLE = 2
"""Exit status for input or circumstances that make a command impossible."""
INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it: 128 and the number of SIGINT."""


class CannotGoOn(click.ClickException):
    """A sentence for the user; nothing has been changed."""

    exit_code = UNUSABLE

    def show(self, file: object = None) -> None:
        """Print one line on stderr."""
        del file
        # Sentences can quote a module, which may hold terminal escapes.
        click.echo(f"ohd: {clean_text(self.format_message(), _LONGEST, lines=False)}", err=True)


_ON_PURPOSE = (
    CannotGoOn,
    HelpDeskError,
    SupervisorError,
    ModuleError,
    PackageError,
    AbiRefused,
    OSError,
    sqlite3.Error,
)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what the parts raise on purpose into one line; anything else is a fault of ours."""
    try:
        yield
    except (*_ON_PURPOSE, ExceptionGroup) as exc:
        found = first_of(exc)
        if not isinstance(found, _ON_PURPOSE):
            raise
        raise CannotGoOn(_sentence(found)) from None


def first_of(exc: BaseException) -> BaseException:
    """Return the one error that a nursery's group is about."""
    while isinstance(exc, BaseExceptionGroup):
        exc = exc.exceptions[0]
    return exc


def _sentence(exc: BaseException) -> str:
    if isinstance(exc, click.ClickException):
        return exc.format_message()
    if isinstance(exc, OSError) and exc.strerror:
        return f"{exc.filename}: {exc.strerror}" if exc.filename else exc.strerror
    if isinstance(exc, sqlite3.Error):
        return f"the database: {exc}"
    return str(exc)


def run(main: Callable[..., Awaitable[T]], *arguments: object) -> T:
    """Run an async function under Trio, with plain errors; Ctrl-C ends it quietly."""
    try:
        with plain_errors():
            return trio.run(main, *arguments)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BaseExceptionGroup as group:
        if group.split(KeyboardInterrupt)[0] is None:
            raise
        sys.exit(INTERRUPTED)
