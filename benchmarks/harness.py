"""Rounds: every contender runs once in each, after a warm-up, in an order that turns around.

Neighbours on the machine, its clock and its caches change by the second. Contenders that take turns
meet the same weather, so each round's ratio is fair, and the median forgets the storms.
"""

import gc
from collections.abc import Awaitable, Callable, Mapping

from benchmarks.model import Sample

Contender = Callable[[], Awaitable[float]]
"""Does a fixed amount of work and returns its figure in the row's unit."""


async def interleave(
    contenders: Mapping[str, Contender], *, rounds: int, warm_up: int = 1
) -> dict[str, Sample]:
    """Return each contender's figures, round by round."""
    figures: dict[str, list[float]] = {name: [] for name in contenders}
    order = list(contenders)
    for turn in range(warm_up + rounds):
        for name in order:
            gc.collect()
            figure = await contenders[name]()
            if turn >= warm_up:
                figures[name].append(figure)
        order.reverse()
    return {name: Sample(tuple(values)) for name, values in figures.items()}
