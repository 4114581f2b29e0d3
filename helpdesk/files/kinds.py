"""What a file is, by its first bytes. Pure.

What browsers would run (HTML, SVG, scripts) is text like any other here. The type that the sender
claims counts for nothing.
"""

LOOKED_AT = 512
"""First bytes of a file that tell its type."""
PICTURES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
"""What browsers show as pictures and never run."""
UNKNOWN = "application/octet-stream"
TEXT = "text/plain"

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
)
"""Where in the file, which bytes, which type."""


def kind_of(head: bytes) -> str:
    """Return the media type of a file that begins with ``head``."""
    for place, signature, kind in _SIGNATURES:
        if head[place : place + len(signature)] == signature:
            return kind
    return TEXT if head and _is_text(head) else UNKNOWN


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        # The last character may have been cut in two.
        if len(head) < LOOKED_AT or error.start < len(head) - 3:
            return False
        text = head[: error.start].decode()
    return all(char.isprintable() or char in "\t\n\r\f" for char in text)
