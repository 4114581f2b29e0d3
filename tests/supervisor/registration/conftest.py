"""Registrations made from the one key that each needs."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from supervisor.registration import Registration, parse_registration


@pytest.fixture(scope="session")
def parse() -> Callable[..., Registration]:
    """Return ``parse(**keys)``: a registration named "example" with these keys, parsed."""

    def run(**keys: Any) -> Registration:
        content = {k: v for k, v in ({"name": "example"} | keys).items() if v is not ...}
        return parse_registration(json.dumps(content).encode())

    return run


@pytest.fixture(scope="session")
def one_warning(parse) -> Callable[..., str]:
    """Return ``one_warning(**keys)``: the only warning that these keys cause, as a sentence."""

    def run(**keys: Any) -> str:
        (warning,) = parse(**keys).warnings
        return str(warning)

    return run
