"""The structures that GoatKit's SDKs exchange; fields match by name, so their order is ours.

An SDK of another generation passes over fields that it does not know.
"""

from typing import Final

from sandbox_child.gob.types import A_STRING, A_UINT, SOME_BYTES, Map, Struct

REQUEST: Final = Struct("Request", (("ServiceMethod", A_STRING), ("Seq", A_UINT)))
RESPONSE: Final = Struct(
    "Response", (("ServiceMethod", A_STRING), ("Seq", A_UINT), ("Error", A_STRING))
)
EMPTY: Final = Struct("", ())

INIT: Final = Struct("InitArgs", (("Config", Map(A_STRING, A_STRING)), ("HostAPIID", A_UINT)))
CALL: Final = Struct(
    "CallArgs", (("Function", A_STRING), ("Args", SOME_BYTES), ("CallToken", A_STRING))
)
CALL_ANSWER: Final = Struct("CallResponse", (("Result", SOME_BYTES), ("Error", A_STRING)))
