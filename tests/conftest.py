"""Fixtures that every half's tests share."""

import os
import signal
from collections.abc import Callable, Iterator

import hypothesis
import pytest
import structlog
import trio

from tests.guests.build import ToolMissing, ToolUnobtainable, build_guest
from tests.stand_in import StandIn, open_stand_in

# A shell that starts the tests in the background lets them ignore Ctrl-C, and all that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# On a busy machine an example can be slow, and so can its making; neither is what a test is about.
# In CI Hypothesis has a profile of its own that says the same.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
if os.environ.get("CI") != "true":
    hypothesis.settings.load_profile("patient")

HEAVY = {"guest", "open_desk", "desk", "open_helpdesk", "chromium"}
"""Fixtures that need a compiler, children, a server or a browser."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what uses a heavy fixture; `make test-fast` leaves it out."""
    for item in items:
        if isinstance(item, pytest.Function) and HEAVY & set(item.fixturenames):
            item.add_marker(pytest.mark.slow)


class FailuresAtOnce:
    """Prints each failure when it happens.

    pytest keeps them for the end, and a run that is cut off never gets there.
    """

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Print what went wrong, below the line of progress."""
        if report.failed:
            self._terminal.write_line("")
            self._terminal.write_line(f"{report.nodeid} failed in {report.when}:", red=True)
            self._terminal.write_line(report.longreprtext)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Print failures at once where the results come together: not in a worker of xdist."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if isinstance(terminal, pytest.TerminalReporter) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(FailuresAtOnce(terminal))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Keep how the run ended, for `tests/setup/again.py`: only a whole run is tried again."""
    config = session.config
    if not hasattr(config, "workerinput") and config.pluginmanager.has_plugin("cacheprovider"):
        config.cache.set("open-help-desk/exit-status", int(exitstatus))


@pytest.fixture(scope="session")
def guest() -> Callable[[str], bytes]:
    """Return ``guest(name)``: the bytes of a compiled guest plugin, its manifest embedded.

    A guest whose compiler is absent skips the test with the reason; in CI it fails it, unless
    there is nowhere to get that compiler from.
    """

    def load(name: str) -> bytes:
        try:
            return build_guest(name).read_bytes()
        except ToolMissing as missing:
            obtainable = not isinstance(missing, ToolUnobtainable)
            if os.environ.get("CI") == "true" and obtainable:
                pytest.fail(f"{name}: {missing}")
            pytest.skip(f"{name}: {missing}")

    return load


@pytest.fixture(autouse=True)
def plain_logging() -> Iterator[None]:
    """Undo what a command under test has set up for the log, which is one for the process."""
    yield
    structlog.reset_defaults()


@pytest.fixture
async def stand_in(nursery: trio.Nursery) -> StandIn:
    """Return an HTTP server on loopback that stands in for somebody else's."""
    return await open_stand_in(nursery)
