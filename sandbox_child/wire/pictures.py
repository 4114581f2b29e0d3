"""The messages of a picture process, which makes one small picture of a large one, and ends.

To the process::

    MAKE     [50, size, edge, kind]   ``size`` bytes of a picture follow, in PIECE frames; ``edge``:
                                      the longest side of the small one, in pixels; ``kind``: the
                                      place of its media type in KINDS
    PIECE    [51]                     blob: bytes of the picture

From it, besides READY, and RESULT for seq 0 where it could not start::

    MADE     [52]                     blob: the small picture, WebP
    NONE     [53]                     blob: why there is none, a few words

Nothing of the large picture is passed on but its pixels.
"""

from typing import Final

from sandbox_child.wire.errors import MessageError
from sandbox_child.wire.frames import Head

MAKE: Final = 50
PIECE: Final = 51
MADE: Final = 52
NONE: Final = 53

KINDS: Final = ("image/png", "image/jpeg", "image/webp", "image/gif")
PIECE_BYTES: Final = 64 * 1024
"""Of one frame to the process."""
MAX_SOURCE: Final = 25 * 1024 * 1024
MAX_MADE: Final = 128 * 1024
MAX_REASON: Final = 200
MAX_EDGE: Final = 1024


def check_made(head: Head) -> int:
    """Return the kind of a head that answers MAKE; raises MessageError."""
    if len(head) != 1 or type(head[0]) is not int or head[0] not in {MADE, NONE}:
        raise MessageError("an answer that has no shape of one")
    return head[0]
