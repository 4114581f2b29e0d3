"""Attacks with chosen controls alone, or with chosen controls left out."""

import os
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace

import trio

from supervisor.process.cage import ALL_CONTROLS
from supervisor.sandbox_check.attempt import attempt
from supervisor.sandbox_check.check import CheckOptions, open_arena
from supervisor.sandbox_check.native import Arena, attack_spec, inside, without_lockdown
from supervisor.sandbox_check.verdict import succeeded

NAMESPACES = frozenset({"user_namespace", "network_namespace", "ipc_namespace"})
NEEDS = {
    # Who is not root may restrict itself only once it can gain no privileges.
    "landlock": {"no_new_privs"},
    "seccomp": {"no_new_privs"},
    **({} if os.geteuid() == 0 else {name: {"user_namespace"} for name in NAMESPACES}),
}


@asynccontextmanager
async def arena_without(controls: Iterable[str]) -> AsyncIterator[tuple[Arena, list]]:
    """An arena whose locked children go without ``controls``."""
    async with open_arena(CheckOptions(switched_off=frozenset(controls))) as made:
        yield made


async def try_all(arena: Arena, attacks, without: Callable[..., frozenset[str]]) -> dict[str, bool]:
    """Return which attacks succeed where ``without`` says what is left out for each."""
    limiter = trio.CapacityLimiter(2)
    results: dict[str, bool] = {}

    async def one(about):
        async with limiter:
            chosen = replace(arena, switched_off=without(about))
            results[about.name] = succeeded(
                about, await inside(chosen, about, about.places[0] if about.places else "plugin")
            )

    async with trio.open_nursery() as nursery:
        for about in attacks:
            nursery.start_soon(one, about)
    return results


async def that_work(arena: Arena, attacks) -> list:
    """Return the native attacks that succeed here without any lockdown."""
    limiter = trio.CapacityLimiter(2)
    working = []

    async def one(about):
        async with limiter:
            if succeeded(about, await without_lockdown(arena, about)):
                working.append(about)

    async with trio.open_nursery() as nursery:
        for about in attacks:
            if not about.talks and not about.harmless:
                nursery.start_soon(one, about)
    return working


async def in_force(arena: Arena) -> frozenset[str]:
    """Return the controls that a locked child of this arena reports."""
    spec = attack_spec(arena, "channels.read_clock", arena.plugin(), arena.switched_off)
    ending = await attempt(arena.locked, spec)
    return frozenset(control.name for control in ending.controls if control.active)


def all_but(control: str) -> frozenset[str]:
    return ALL_CONTROLS - {control} - NEEDS.get(control, set())
