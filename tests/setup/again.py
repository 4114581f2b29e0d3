"""Runs the few tests that failed once more, alone, and says which of them were unsteady.

Two workers on two processors start browsers, compilers and a few thousand processes; a test that
meets the machine at a bad moment says nothing about the change at hand. So `.ci/run` tries a test
that failed a second time. What fails again fails the run, and so do more failures than a bad moment
explains, or a run that did not reach its end. What passes is printed as unsteady, with its first
failure above: it is a fault to mend, in the product or in the test. `make test` stays strict.
"""

import json
import sys
from pathlib import Path

import pytest

MOST = 3
"""So many tests may be tried again. A change that breaks something mostly breaks more."""

CACHE = Path(".pytest_cache/v")


def unsteady_candidates(cache: Path = CACHE) -> list[str]:
    """Return the node IDs of the tests that failed in the last run.

    Raises:
        SystemExit: the last run did not reach its end, nothing failed in it, or too much.
    """
    try:
        status = json.loads((cache / "open-help-desk/exit-status").read_text())
        failed = sorted(json.loads((cache / "cache/lastfailed").read_text()))
    except (OSError, ValueError) as error:
        raise SystemExit(f"The tests did not reach their end: {error}") from None
    if status != pytest.ExitCode.TESTS_FAILED or not failed:
        raise SystemExit(f"The tests did not reach their end: pytest's exit status is {status}.")
    if len(failed) > MOST:
        raise SystemExit(f"{len(failed)} tests failed; up to {MOST} are tried again.")
    return failed


def main() -> int:
    """Run them; return pytest's exit status."""
    failed = unsteady_candidates()
    print(f"Trying {len(failed)} once more, alone:", *failed, sep="\n  ", flush=True)
    status = pytest.main(["--tb=short", *failed])
    if status == pytest.ExitCode.OK:
        print("UNSTEADY, failed once and passed alone. Mend what made them fail:", flush=True)
        print(*failed, sep="\n  ", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
