"""Imports and exports of the GoatKit contract, with their types.

Source: the plugin runtime of GoatFlow 0.6 to 1.0, as ``docs/goatkit.md`` describes it.
"""

from typing import Final

from sandbox_child.abi.signatures import import_table
from sandbox_child.wasm.facts import FuncType

GK: Final = "gk"
IMPORTS: Final = import_table(GK, {"host_call": "iiii>I", "log": "iii>"})

_I = "i32"
REGISTER: Final = FuncType((), ("i64",))
CALL: Final = FuncType((_I, _I, _I, _I), ("i64",))
MALLOC: Final = FuncType((_I,), (_I,))
FREE: Final = FuncType((_I,), ())
