"""Form bodies: large ones keep nobody waiting, and one that is not read is refused by name."""

import time
from contextlib import suppress

import httpx
import pytest
import trio
from quart_trio.wrappers.request import TrioBody
from werkzeug.exceptions import RequestEntityTooLarge

from webapp.errors import BodyUnreadable, FormTooLarge
from webapp.http.form_bodies import MAX_FIELDS, PIECE_BYTES, BoundedFormParser

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


URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


async def parse(content: bytes, mimetype: str = URLENCODED, most: int | None = None):
    body = TrioBody(None, most)
    body.append(content)
    body.set_complete()
    return await BoundedFormParser().parse(body, mimetype, None, {"boundary": "b"})


def part(disposition: str, value: str = "x") -> bytes:
    return f"--b\r\nContent-Disposition: {disposition}\r\n\r\n{value}\r\n".encode()


async def test_as_many_fields_as_a_body_has_room_for_are_read() -> None:
    fields, _ = await parse(b"&".join([b"member=01ARZ3NDEKTSV4RRFFQ69G5FAV"] * MAX_FIELDS))
    assert len(fields.getlist("member")) == MAX_FIELDS


@pytest.mark.parametrize(
    ("content", "mimetype", "told"),
    [
        (b"&a" * MAX_FIELDS, URLENCODED, "30,001 fields, and this server takes at most 30,000"),
        (part('form-data; name="a"') * (MAX_FIELDS + 1) + b"--b--", MULTIPART, "30,000 fields"),
        (part("form-data" + ";a=b" * PIECE_BYTES) + b"--b--", MULTIPART, "longer fields"),
        (part('form-data; name="a"', "x" * 1_100_000) + b"--b--", MULTIPART, "1,024 KiB each"),
    ],
)
async def test_a_form_over_a_limit_is_refused_with_the_limit(
    content: bytes, mimetype: str, told: str
) -> None:
    with pytest.raises(FormTooLarge, match=told):
        await parse(content, mimetype)


@pytest.mark.parametrize(
    ("content", "mimetype"),
    [
        (b"a=\xff", URLENCODED),
        (part("form-data")[:20], MULTIPART),
        (b"--b\r\nA: b\r\n\r\nx\r\n--b--", MULTIPART),
        (b"no part at all", MULTIPART),
    ],
)
async def test_a_form_that_cannot_be_read_is_not_taken_for_an_empty_one(
    content: bytes, mimetype: str
) -> None:
    with pytest.raises(BodyUnreadable, match="expected a form in UTF-8"):
        await parse(content, mimetype)


async def test_a_body_that_is_too_long_is_called_that_and_not_a_form_of_many_fields() -> None:
    with pytest.raises(RequestEntityTooLarge):
        await parse(part('form-data; name="a"') + b"--b--", MULTIPART, most=10)


WORST = {
    "percent signs": (URLENCODED, lambda n: b"a=" + b"%" * n),
    "bytes beyond ASCII": (URLENCODED, lambda n: b"a=" + b"%ff" * (n // 3)),
    "fields": (URLENCODED, lambda n: b"%3d=%26&" * min(n // 8, MAX_FIELDS - 1)),
    "parts": (MULTIPART, lambda n: part('form-data; name="a"') * (n // 60) + b"--b--"),
    "half a boundary": (MULTIPART, lambda n: part('form-data; name="a"', "\r\n--" * (n // 4))),
    "a boundary within a line": (
        MULTIPART,
        lambda n: part('form-data; name="a"', "--b" * (n // 3)),
    ),
    "parameters": (
        MULTIPART,
        lambda n: part("form-data" + ";a=b" * 10_000) * (n // 40_000) + b"--b--",
    ),
    "continued header lines": (MULTIPART, lambda n: part("form-data" + "\r\n " * (n // 3))),
}


@pytest.mark.parametrize("worst", WORST.values(), ids=WORST)
async def test_the_worst_form_takes_time_in_the_order_of_its_length(worst) -> None:
    mimetype, content = worst

    async def spent(size: int) -> float:
        best = 60.0
        for _ in range(3):
            before = time.process_time()
            with suppress(BodyUnreadable, FormTooLarge):
                await parse(content(size), mimetype)
            best = min(best, time.process_time() - before)
        return best

    # Four times the form; in quadratic time sixteen times the time.
    assert await spent(1024 * 1024) < max(8 * await spent(256 * 1024), 0.2)
