"""Guests in this process, straight on the engine: no child, no contract."""

from collections.abc import Callable, Iterator, Mapping

import pytest
import wasmtime

from sandbox_child.runtime.direct import HostFunction
from sandbox_child.runtime.engine import make_engine
from sandbox_child.runtime.guest import Guest, GuestLimits, HostImport
from sandbox_child.wasm.facts import FuncType

Given = Mapping[str, tuple[str, str, HostFunction]]


@pytest.fixture(scope="session")
def engine() -> wasmtime.Engine:
    """Return an engine as children have it."""
    return make_engine(512 << 10)


@pytest.fixture
def prepare(engine: wasmtime.Engine) -> Iterator[Callable[..., Guest]]:
    """Return ``prepare(wat, given)``: a guest that is yet to be instantiated.

    ``given`` are its imports from "host", each a name to parameters, results (blanks between types)
    and the function.
    """
    guests = []

    def make(text: str, given: Given | None = None, pages: int = 16) -> Guest:
        guest = Guest(engine, wasmtime.Module(engine, text), GuestLimits(pages << 16, 100))
        guests.append(guest)
        guest.define(
            {
                ("host", name): HostImport(
                    FuncType(tuple(params.split()), tuple(results.split())), function
                )
                for name, (params, results, function) in (given or {}).items()
            }
        )
        return guest

    yield make
    for guest in guests:
        guest.close()


@pytest.fixture
def instantiate(prepare: Callable[..., Guest]) -> Callable[..., Guest]:
    """Return ``instantiate(wat, given)``: the same, running."""

    def start(text: str, given: Given | None = None, pages: int = 16) -> Guest:
        guest = prepare(text, given, pages)
        guest.instantiate()
        return guest

    return start
