"""Which requests a page process may be given: pure, on the first bytes of a request.

Only a whole head that arrived in one piece, with nothing behind it: such bytes can be handed on
with their connection, and nothing of the request is left in the process that read them.
"""

import re

LONGEST_HEAD = 16 * 1024
_END = b"\r\n\r\n"
_PLAIN = re.compile(
    rb"GET (/tickets(/[0-9A-Za-z-]{1,40})?|/static/[0-9A-Za-z._-]{1,100})(\?[!-~]*)? HTTP/1\.1\r\n"
)
_NOT_PLAIN = re.compile(
    rb"\r\n(authorization|content-length|transfer-encoding|upgrade|expect|x-plugin):", re.IGNORECASE
)


def is_for_pages(said: bytes) -> bool:
    """Tell whether this is one whole request for a page that a page process can answer.

    A list, a ticket or a static file, asked for with a session, without a body, and with no header
    that asks for something else than the page.
    """
    return (
        len(said) <= LONGEST_HEAD
        # A line may end without a carriage return, and so may a head: no such head is one of these.
        and said.count(b"\n") == said.count(b"\r\n")
        and said.find(_END) == len(said) - len(_END)
        and _PLAIN.match(said) is not None
        and _NOT_PLAIN.search(said) is None
    )
