"""Memory of the host's own in a guest that gives none: reused, aligned, never overlapping."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox_child.runtime.errors import GuestOutOfMemory
from sandbox_child.runtime.guest import PAGE_BYTES, Guest
from sandbox_child.runtime.pool import BlockPool, GrowingCarver

Instantiate = Callable[..., Guest]
MODULE = '(module (memory (export "memory") 1))'


def test_a_block_lies_behind_the_memory_that_the_guest_had(instantiate: Instantiate) -> None:
    pool = BlockPool(GrowingCarver(instantiate(MODULE)))
    assert pool.alloc(100) == PAGE_BYTES


def test_a_freed_block_is_used_again(instantiate: Instantiate) -> None:
    guest = instantiate(MODULE)
    pool = BlockPool(GrowingCarver(guest))
    first = pool.alloc(5_000)
    pool.free(first, 5_000)
    size = guest.memory().size()
    for _ in range(1_000):
        again = pool.alloc(4_500)
        assert again == first
        pool.free(again, 4_500)
    assert guest.memory().size() == size


def test_what_is_no_block_is_not_taken_back(instantiate: Instantiate) -> None:
    pool = BlockPool(GrowingCarver(instantiate(MODULE)))
    first = pool.alloc(16)
    for lie in (first + 1, 0, 2**32 - 1):
        pool.free(lie, 16)
    pool.free(first, 16)
    pool.free(first, 16)  # twice
    assert pool.alloc(16) == first
    assert pool.alloc(16) != first


def test_pages_that_the_guest_grows_meanwhile_stay_the_guests(instantiate: Instantiate) -> None:
    guest = instantiate(MODULE)
    pool = BlockPool(GrowingCarver(guest))
    pool.alloc(PAGE_BYTES)
    theirs = guest.grow(1)
    assert theirs is not None
    ours = pool.alloc(PAGE_BYTES)
    assert ours >= theirs + PAGE_BYTES


def test_at_the_limit_it_says_how_much_is_in_use(instantiate: Instantiate) -> None:
    pool = BlockPool(GrowingCarver(instantiate(MODULE, pages=2)))
    pool.alloc(PAGE_BYTES)
    with pytest.raises(GuestOutOfMemory, match="128 KiB of linear memory in use"):
        pool.alloc(1)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 100_000), st.booleans()), max_size=60))
def test_blocks_in_use_never_overlap(wanted: list[tuple[int, bool]]) -> None:
    reached = 0

    def carve(block: int) -> int:
        nonlocal reached
        reached += block
        return reached - block

    pool = BlockPool(carve)
    in_use: dict[int, int] = {}
    for size, give_back in wanted:
        address = pool.alloc(size)
        for other, length in in_use.items():
            assert address + size <= other or other + length <= address
        in_use[address] = size
        if give_back:
            victim, length = in_use.popitem()
            pool.free(victim, length)
