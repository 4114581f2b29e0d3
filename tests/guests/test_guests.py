"""Every guest is built, and offers and wants what its name promises."""

from collections.abc import Callable

import pytest

from sandbox_child.wasm.module import read_module
from tests.guests.build import build_guest, guest_names, manifest_of

Guest = Callable[[str], bytes]


@pytest.mark.parametrize("name", guest_names())
def test_every_guest_is_built_and_carries_its_manifest(guest: Guest, name: str) -> None:
    facts = read_module(guest(name))
    assert "ohd_manifest" in facts.custom_sections
    assert facts.exports
    assert manifest_of(name)["id"].startswith(("org.example.", "com.example.", "org.openhelpdesk."))


def test_an_unknown_guest_is_named_with_the_known_ones() -> None:
    with pytest.raises(LookupError, match=r"no guest 'wat/nothing'.*wat/noop"):
        build_guest("wat/nothing")
