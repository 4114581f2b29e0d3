"""Bodies: a large one does not keep everybody else waiting."""

import httpx
import trio
from quart_trio.wrappers.request import TrioBody

from webapp.http.requests import PIECE_BYTES, BoundedFormParser

PIECES = 12


async def test_others_have_their_turn_while_a_whole_upload_is_taken_apart() -> None:
    content = bytes(range(256)) * (PIECES * PIECE_BYTES // 256)
    request = httpx.Request("POST", "http://desk/", files={"file": ("p.wasm", content)})
    boundary = request.headers["content-type"].partition("boundary=")[2]
    body = TrioBody(None, None)
    body.set_result(request.read())
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(count_turns)
        _, files = await BoundedFormParser().parse(
            body, "multipart/form-data", None, {"boundary": boundary}
        )
        nursery.cancel_scope.cancel()
    assert files["file"].stream.read() == content
    # Which of two tasks comes first is chance with Trio: one turn more or less at either end.
    assert turns >= PIECES - 2
