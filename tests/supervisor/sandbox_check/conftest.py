"""What the tests of the check share."""

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parent


@pytest.fixture
def ordinary_user() -> list[str]:
    """Return the start of a command line that runs the rest as an ordinary user."""
    if os.geteuid() != 0:
        return []
    return [sys.executable, str(HERE / "as_nobody.py")]


@pytest.fixture(scope="session")
def solo() -> ModuleType:
    """Return the helper that switches controls on and off one by one."""
    spec = importlib.util.spec_from_file_location("ohd_test_solo", HERE / "solo.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
