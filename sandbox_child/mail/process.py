"""Turns a new fork into a mail process: load, lock down, read one message after another.

All that reading may need is loaded before the lockdown, which takes the right to open anything: the
parser, and every charset. A rehearsal reads one message of each kind.
"""

import gc
import json
import os
import sys
from typing import NoReturn

from sandbox_child.child import lock_down_or_refuse
from sandbox_child.lockdown import process
from sandbox_child.lockdown.policy import PIPE_IN, PIPE_OUT
from sandbox_child.mail import charsets, document
from sandbox_child.mail.structure import File
from sandbox_child.plans import Surroundings, mail_plan
from sandbox_child.wire.frames import FrameDecoder, encode_frame
from sandbox_child.wire.mail import DOCUMENT, DONE, HEADERS, PART, PIECE_BYTES, READ
from sandbox_child.wire.messages import READY
from sandbox_child.wire.spec import MailSpec

_READ_BYTES = 256 * 1024
_MOST_FRAMES = 4_000
"""Of Python: what messages nested as deeply as is allowed take to be read."""
_REHEARSAL = (
    b"From: =?iso-2022-jp?B?GyRCRnxLXBsoQg==?= <a@example.com>\r\nTo: b@example.com\r\n"
    b"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\nDate: Fri, 27 Nov 2026 08:00:00 +0100\r\n"
    b"Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n"
    b"Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n"
    b"Content-Type: text/plain; charset=utf-8; format=flowed\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\nHallo =\r\nWelt \r\nx\r\n--a\r\n"
    b"Content-Type: text/html; charset=koi8-r\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    b"PHA+PGI+SGk8L2I+PC9wPg==\r\n--a--\r\n--m\r\nContent-Type: message/rfc822\r\n\r\n"
    b"Subject: inner\r\n\r\ntext\r\n--m\r\nContent-Type: application/x; name*=utf-8''%C3%A4.txt\r\n"
    b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\n#0V%T\r\n`\r\nend\r\n--m--\r\n"
)


def run_mail(spec: MailSpec, around: Surroundings) -> NoReturn:
    """Never returns. Descriptors 0 and 1 are the pipes already."""
    process.set_name("ohd-mail")
    sys.setrecursionlimit(_MOST_FRAMES)
    charsets.load()
    for headers_only in (False, True):
        document.read(_REHEARSAL, headers_only=headers_only)
    gc.freeze()
    controls = lock_down_or_refuse(mail_plan(spec.cage, around), lambda: None)
    _write(encode_frame((READY, 0), controls))
    _serve(spec)


def _serve(spec: MailSpec) -> NoReturn:
    decoder = FrameDecoder(PIECE_BYTES)
    seq, size, how, pieces = 0, 0, HEADERS, bytearray()
    while data := os.read(PIPE_IN, _READ_BYTES):
        for head, blob in decoder.feed(data):
            if head[0] == READ:
                _, seq, size, how = head
                pieces.clear()
            else:
                pieces += blob
            if seq and len(pieces) >= size:
                raw = bytes(pieces)
                pieces.clear()
                _answer(seq, raw, headers_only=how == HEADERS, most=spec.max_document_bytes)
                seq = 0
                del raw
                gc.collect()
    os._exit(0)


def _answer(seq: int, raw: bytes, *, headers_only: bool, most: int) -> None:
    found, files = document.read(raw, headers_only=headers_only)
    packed = json.dumps(found).encode()
    if len(packed) > most:
        found, files = document.read(raw, headers_only=True)
        packed = json.dumps(found).encode()
    _write(encode_frame((DOCUMENT, seq, len(files)), packed))
    for index, file in enumerate(files):
        _send(seq, index, file)
    _write(encode_frame((DONE, seq)))


def _send(seq: int, index: int, file: File) -> None:
    for start in range(0, len(file.data), PIECE_BYTES):
        piece = file.data[start : start + PIECE_BYTES]
        _write(encode_frame((PART, seq, index), piece))


def _write(data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(PIPE_OUT, rest) :]
