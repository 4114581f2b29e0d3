"""The messages of a mail process, which reads mail of strangers.

To the process::

    READ       [40, seq, size, how]      ``size`` bytes of a message follow, in PIECE frames;
                                         ``how``: 0 whole, 1 its headers alone
    PIECE      [41, seq]                 blob: bytes of the message

From it, besides READY, and RESULT for seq 0 where it could not start::

    DOCUMENT   [42, seq, parts]          blob: what was read, JSON; so many files follow
    PART       [43, seq, index]          blob: bytes of the file ``index``, in order, from 0
    DONE       [44, seq]                 every file was sent whole

One message at a time. Whoever reads DOCUMENT has a schema of its own, with bounds for every text.
"""

from typing import Final

from sandbox_child.wire.errors import MessageError
from sandbox_child.wire.frames import Head

READ: Final = 40
PIECE: Final = 41
DOCUMENT: Final = 42
PART: Final = 43
DONE: Final = 44

WHOLE: Final = 0
HEADERS: Final = 1

PIECE_BYTES: Final = 256 * 1024
"""Of one frame, in both directions."""
MAX_MESSAGE: Final = 50 * 1024 * 1024
MAX_DOCUMENT: Final = 2 * 1024 * 1024
MAX_PARTS: Final = 100
MAX_PART: Final = 25 * 1024 * 1024

_SHAPES: Final = {DOCUMENT: 3, PART: 3, DONE: 2}
_UINT_LIMIT: Final = 1 << 31


def check_answer(head: Head, seq: int) -> tuple[int, int]:
    """Return the kind of a head that answers ``seq``, and its number; raises MessageError."""
    kind = head[0]
    if type(kind) is not int or len(head) != _SHAPES.get(kind):
        raise MessageError("an answer that has no shape of one")
    for item in head:
        if type(item) is not int or not 0 <= item < _UINT_LIMIT:
            raise MessageError("an answer with an item that is not an unsigned integer")
    if head[1] != seq:
        raise MessageError("an answer to something else")
    return kind, head[2] if len(head) == 3 else 0
