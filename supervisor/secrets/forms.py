r"""The forms in which a secret travels: as it is, and as each usual encoding writes it. Pure.

JSON (also with ``\u0026`` for ``&`` and ``\/``, as Go and PHP write it), URLs, HTML, Base64 in its
three alignments, and hexadecimal. What cannot be caught is said in ``docs/security.md``: a secret
that is cut in pieces, compressed, encrypted, or written in an encoding of the plugin's own.
"""

import base64
import html
import json
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

_LEAST_ENCODED = 8
"""Characters of a secret that is looked for in Base64 and hexadecimal: shorter ones would be found
by chance."""


def forms_of(secret: str) -> set[str]:
    """Return every form of a secret, itself among them."""
    found = {secret, *_json(secret), *_url(secret), *_html(secret)}
    if len(secret) >= _LEAST_ENCODED:
        found |= {*_base64(secret), *_hexadecimal(secret)}
    return {form for form in found if form}


def _json(secret: str) -> Iterator[str]:
    for ascii_only in (True, False):
        text = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        yield text
        yield text.replace("/", "\\/")
        for upper in (False, True):
            escaped = text
            for char in "<>&'+=":
                code = f"{ord(char):04X}" if upper else f"{ord(char):04x}"
                escaped = escaped.replace(char, f"\\u{code}")
            yield escaped
            unsafe = text
            for char in "<>&":
                code = f"{ord(char):04X}" if upper else f"{ord(char):04x}"
                unsafe = unsafe.replace(char, f"\\u{code}")
            yield unsafe


def _url(secret: str) -> Iterator[str]:
    for text in (quote(secret, safe=""), quote(secret), quote_plus(secret), quote(secret, "/:@&=")):
        yield text
        yield _lower_percent(text)


def _lower_percent(text: str) -> str:
    head, *rest = text.split("%")
    return head + "".join(f"%{part[:2].lower()}{part[2:]}" for part in rest)


def _html(secret: str) -> Iterator[str]:
    text = html.escape(secret, quote=True)
    yield text
    yield html.escape(secret, quote=False)
    yield text.replace("&quot;", "&#34;").replace("&#x27;", "&#39;")
    yield "".join(c if c.isalnum() else f"&#{ord(c)};" for c in secret)
    yield "".join(c if c.isalnum() else f"&#x{ord(c):x};" for c in secret)


def _base64(secret: str) -> Iterator[str]:
    data = secret.encode("utf-8", "surrogatepass")
    for before in range(3):
        # What stands around the secret changes the characters at its ends: those are left out.
        whole = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
        start = (0, 2, 3)[before]
        bits = (before + len(data)) * 8
        inner = whole[start : bits // 6]
        yield inner
        yield inner.translate(str.maketrans("+/", "-_"))


def _hexadecimal(secret: str) -> Iterator[str]:
    text = secret.encode("utf-8", "surrogatepass").hex()
    yield text
    yield text.upper()
