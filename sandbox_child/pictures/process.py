"""Turns a new fork into a picture process: load, lock down, make one small picture, end.

One picture for each process: what takes a decoder over sees nobody else's picture, and what it
leaves behind is gone with it. A rehearsal makes one picture of each kind, so that all code that a
decoder may need is loaded before the lockdown takes the right to open anything.
"""

import io
import os
from typing import NoReturn

from PIL import Image

from sandbox_child.child import lock_down_or_refuse
from sandbox_child.lockdown import process
from sandbox_child.lockdown.policy import PIPE_IN, PIPE_OUT
from sandbox_child.pictures.small import NoPicture, make_small
from sandbox_child.plans import Surroundings, picture_plan
from sandbox_child.wire.frames import FrameDecoder, encode_frame
from sandbox_child.wire.messages import READY
from sandbox_child.wire.pictures import (
    KINDS,
    MADE,
    MAKE,
    MAX_EDGE,
    MAX_MADE,
    MAX_REASON,
    MAX_SOURCE,
    NONE,
    PIECE_BYTES,
)
from sandbox_child.wire.spec import PictureSpec

_READ_BYTES = 256 * 1024


def run_pictures(spec: PictureSpec, around: Surroundings) -> NoReturn:
    """Never returns. Descriptors 0 and 1 are the pipes already."""
    process.set_name("ohd-picture")
    _rehearse()
    plan = picture_plan(spec.cage, around, cpu_seconds=spec.cpu_seconds)
    controls = lock_down_or_refuse(plan, lambda: None)
    _write(encode_frame((READY, 0), controls))
    data, kind, edge = _received()
    try:
        made = make_small(data, kind, edge, MAX_MADE)
    except NoPicture as exc:
        _write(encode_frame((NONE,), str(exc).encode()[:MAX_REASON]))
    except BaseException as exc:
        _write(encode_frame((NONE,), f"it is broken: {type(exc).__name__}".encode()[:MAX_REASON]))
    else:
        _write(encode_frame((MADE,), made))
    os._exit(0)


def _rehearse() -> None:
    picture = Image.new("RGB", (3, 2), "red")
    exif = Image.Exif()
    exif[0x0112] = 6
    for kind in KINDS:
        out = io.BytesIO()
        name = kind.partition("/")[2]
        if name == "gif":
            picture.convert("P").save(out, name, transparency=0)
        else:
            picture.save(out, name, exif=exif)
        make_small(out.getvalue(), kind, 2, MAX_MADE)
    grey = io.BytesIO()
    Image.new("I;16", (2, 2)).save(grey, "png")
    make_small(grey.getvalue(), "image/png", 2, MAX_MADE)


def _received() -> tuple[bytes, str, int]:
    """Return the picture, its media type and the longest side; ends where it does not come."""
    decoder = FrameDecoder(PIECE_BYTES)
    size, edge, kind, pieces = -1, 0, "", bytearray()
    while data := os.read(PIPE_IN, _READ_BYTES):
        for head, blob in decoder.feed(data):
            if head[0] == MAKE:
                _, size, edge, at = head
                kind = KINDS[at]
                if not 0 < size <= MAX_SOURCE or not 0 < edge <= MAX_EDGE:
                    os._exit(1)
            else:
                pieces += blob
        if 0 < size <= len(pieces):
            return bytes(pieces), kind, edge
    os._exit(1)


def _write(data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(PIPE_OUT, rest) :]
