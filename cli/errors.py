"""What the command line says when it cannot go on: one line on stderr, and an exit status of 2."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
import trio

from helpdesk.errors import HelpDeskError
from sandbox_child.abi.errors import AbiRefused
from sandbox_child.wasm.errors import ModuleError
from supervisor.errors import SupervisorError
from supervisor.text import clean_text

_LONGEST = 4_000
UNUSABLE = 2
"""Exit status for input or circumstances that make a command impossible."""


class CannotGoOn(click.ClickException):
    """A sentence for the user; nothing has been changed."""

    exit_code = UNUSABLE

    def show(self, file: object = None) -> None:
        """Print one line on stderr."""
        del file
        # Sentences can quote a module, which may hold terminal escapes.
        click.echo(f"ohd: {clean_text(self.format_message(), _LONGEST, lines=False)}", err=True)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what the parts raise on purpose into one line; anything else is a fault of ours."""
    try:
        yield
    except* (HelpDeskError, SupervisorError, ModuleError, AbiRefused) as group:
        raise CannotGoOn(_first(group)) from None
    except* OSError as group:
        raise CannotGoOn(_first(group)) from None
    except* CannotGoOn as group:
        raise CannotGoOn(_first(group)) from None


def _first(group: BaseExceptionGroup[BaseException]) -> str:
    inner: BaseException = group
    while isinstance(inner, BaseExceptionGroup):
        inner = inner.exceptions[0]
    return inner.format_message() if isinstance(inner, click.ClickException) else str(inner)


def run(main: Callable[..., object], *arguments: object) -> object:
    """Run an async function under Trio, with plain errors; Ctrl-C ends it quietly."""
    try:
        with plain_errors():
            return trio.run(main, *arguments)  # type: ignore[arg-type]
    except KeyboardInterrupt:
        sys.exit(130)
