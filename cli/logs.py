"""The server's own log: structured lines on stderr, the libraries' among them."""

import io
import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog

from supervisor.text import clean_text

LEVELS = ("debug", "info", "warning", "error")
_LONGEST_VALUE = 100_000

_level = logging.INFO


class UnfailingLog(io.TextIOBase):
    """A stream for log lines: one that cannot be written is dropped.

    The log may lie on the disk that is full, or be a pipe whose reader has gone. That is when the
    server is needed most, and a print that fails would end it.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write ``text``, or drop it."""
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Pass on what is buffered, if that is possible."""
        with suppress(OSError):
            self._stream.flush()


def be_quiet() -> None:
    """Write no log as long as nobody sets one up: what a command prints is its answer alone."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        cache_logger_on_first_use=False,
    )
    logging.getLogger().addHandler(logging.NullHandler())


def set_up_logging(level: str = "info", *, json_lines: bool | None = None) -> None:
    """Log readable lines on a terminal, JSON elsewhere; ``json_lines`` decides where given."""
    as_json = not sys.stderr.isatty() if json_lines is None else json_lines
    # JSON escapes everything beyond ASCII by itself.
    renderers: list[structlog.typing.Processor] = (
        [structlog.processors.JSONRenderer()]
        if as_json
        else [_fit_for_a_terminal, structlog.dev.ConsoleRenderer()]
    )
    stamp: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    stream = cast(TextIO, UnfailingLog(sys.stderr))
    structlog.configure(
        processors=[_by_level, structlog.contextvars.merge_contextvars, *stamp, *renderers],
        wrapper_class=structlog.make_filtering_bound_logger(logging.NOTSET),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                *renderers,
            ],
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], force=True)
    set_log_level(level)


def set_log_level(level: str) -> None:
    """Log what is of this level or above from now on; libraries from ``warning`` on at least."""
    global _level  # noqa: PLW0603 - one process has one log
    _level = logging.getLevelNamesMapping()[level.upper()]
    logging.getLogger().setLevel(max(_level, logging.WARNING))


def _by_level(
    _logger: Any, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Drop what is below the level of this moment."""
    if logging.getLevelNamesMapping().get(method.upper(), logging.ERROR) < _level:
        raise structlog.DropEvent
    return event


def _fit_for_a_terminal(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Escape what would control the terminal, or begin a line of its own: strangers chose it."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = clean_text(value, _LONGEST_VALUE, lines=name == "exception")
    return event
