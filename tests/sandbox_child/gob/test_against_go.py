"""Go's own encoding/gob as the judge: it writes what we read, and reads what we write."""

import base64
import json
import os
import subprocess
from typing import Any

import pytest

from sandbox_child.gob.decoder import Decoder
from sandbox_child.gob.encoder import Encoder
from sandbox_child.gob.types import (
    A_BOOL,
    A_FLOAT,
    A_STRING,
    A_UINT,
    AN_INT,
    SOME_BYTES,
    Map,
    Slice,
    Struct,
)
from sandbox_child.goplugin.shapes import CALL, INIT, REQUEST
from tests.guests.build import ToolMissing
from tests.native.build import build_native


@pytest.fixture(scope="session")
def oracle() -> str:
    try:
        return str(build_native("oracle"))
    except ToolMissing as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


def same(ours: Any, theirs: Any) -> bool:
    """Compare with Go's JSON, in which zero values are written out and bytes are base64."""
    if isinstance(theirs, dict):
        ours = ours or {}
        return all(same(ours.get(key), value) for key, value in theirs.items())
    if isinstance(theirs, list):
        return len(ours or []) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, bytes):
        return ours == base64.b64decode(theirs or "")
    if not theirs:
        return not ours
    if isinstance(theirs, float) or isinstance(ours, float):
        return ours == pytest.approx(theirs, rel=1e-15)
    return bool(ours == theirs)


@pytest.mark.parametrize("seed", range(8))
def test_what_go_writes_is_read_as_it_was_meant(oracle, seed):
    done = subprocess.run(
        [oracle, "encode", str(seed), "250"], capture_output=True, check=True, timeout=120
    )
    decoder = Decoder()
    lines = done.stdout.decode().split("\n")[:-1]
    assert len(lines) == 250
    for line in lines:
        shown, data = line.rsplit("\t", 1)
        (value,) = decoder.feed(bytes.fromhex(data))
        assert same(value, json.loads(shown)), (value, shown)


SHAPE = Struct(
    "Shape",
    (
        ("Signed", AN_INT),
        ("Plain", A_UINT),
        ("Truth", A_BOOL),
        ("Whole", A_FLOAT),
        ("Text", A_STRING),
        ("Raw", SOME_BYTES),
        ("Words", Slice(A_STRING)),
        ("Table", Map(A_STRING, A_STRING)),
        ("Deep", Map(A_STRING, Map(A_STRING, AN_INT))),
        ("Nested", Struct("Inner", (("Name", A_STRING), ("Flags", Slice(A_BOOL))))),
    ),
)
CALLS = [
    ("Init", INIT, {"Config": {"plugin_name": "ä", "x": ""}, "HostAPIID": 1}),
    ("Init", INIT, {"Config": {}, "HostAPIID": 4_000_000_000}),
    ("Call", CALL, {"Function": "hello", "Args": b'{"a":1}', "CallToken": ""}),
    ("Call", CALL, {"Function": "hello", "Args": b"", "CallToken": "t" * 300}),
    ("", A_STRING, "gkplugin"),
    *[
        (
            "Shape",
            SHAPE,
            {
                "Signed": number,
                "Plain": abs(number) % (1 << 64),
                "Truth": number % 2 == 0,
                "Whole": number / 3,
                "Text": "🐐" * (abs(number) % 50),
                "Raw": bytes(abs(number) % 300),
                "Words": ["", "b"],
                "Table": {"k": "v", "": ""},
                "Deep": {"a": {"b": number}, "c": {}},
                "Nested": {"Name": "n", "Flags": [True, False]},
            },
        )
        for number in (0, 1, -1, 63, 64, -64, -65, 127, 128, 255, 256, 1 << 40, -(1 << 63))
    ],
]


def test_what_we_write_is_read_by_go(oracle):
    lines = []
    for number, (method, kind, body) in enumerate(CALLS):
        encoder = Encoder()
        header = encoder.encode(REQUEST, {"ServiceMethod": method, "Seq": number})
        lines.append((header + encoder.encode(kind, body)).hex())
    done = subprocess.run(
        [oracle, "decode"],
        input="\n".join(lines).encode(),
        capture_output=True,
        check=True,
        timeout=120,
    )
    answers = [json.loads(line) for line in done.stdout.decode().split("\n")[:-1]]
    assert len(answers) == len(CALLS)
    for number, (answer, (method, _, body)) in enumerate(zip(answers, CALLS, strict=True)):
        assert answer["request"] == {"ServiceMethod": method, "Seq": number}
        if not isinstance(body, dict):
            assert answer["body"] == body
            continue
        for name, value in body.items():
            assert same(value, answer["body"][name]), (name, value, answer["body"])
