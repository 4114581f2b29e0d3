"""The one place where the contracts are told apart: by what a module exports."""

from typing import Final

from sandbox_child.abi.errors import TwoContracts
from sandbox_child.abi.goatkit import examine as goatkit
from sandbox_child.abi.ohd import examine as ohd
from sandbox_child.abi.structure import Needs
from sandbox_child.wasm.facts import ModuleFacts
from sandbox_child.wire.entry import ModuleReport

_GOATKIT: Final = ("gk_register", "gk_call")
_OHD: Final = ("on_event", "render_panel")


def examine(facts: ModuleFacts, needs: Needs) -> ModuleReport:
    """Return which contract a module has, and how it is run; raise AbiRefused where it cannot."""
    of_goatkit = [name for name in _GOATKIT if facts.exported_function(name) is not None]
    of_ohd = [name for name in _OHD if facts.exported_function(name) is not None]
    if of_goatkit and of_ohd:
        raise TwoContracts([*of_goatkit, *of_ohd])
    return goatkit.examine(facts) if of_goatkit else ohd.examine(facts, needs)
