"""Bytes to text: the charsets of mail, by the names that are seen there. Pure.

Only these are ever decoded. ``load`` brings all of them into memory while files can still be read.
"""

import codecs
import re

_KNOWN = {
    "utf-8": "utf-8",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    # As browsers do: what calls itself Latin-1 is nearly always Windows'.
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "unicode-1-1-utf-7": "utf-7",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "sjis": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "big5-hkscs": "big5hkscs",
    "x-unknown": "",
    "unknown-8bit": "",
    "8bit": "",
    "binary": "",
    "default": "",
}
_SAME = (
    *("utf-7", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "big5", "big5hkscs"),
    *("euc_jp", "iso2022_jp", "iso2022_kr", "cp932", "cp949", "hz", "johab", "koi8-r", "koi8-u"),
    *("tis-620", "viscii", "mac_roman", "mac_cyrillic", "cp437", "cp850", "cp852", "cp866"),
    *(f"iso8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16)),
    *(f"cp{n}" for n in range(1250, 1259)),
    *("cp874", "ptcp154", "kz1048"),
)
_WINDOWS = re.compile(r"(?:x-cp|windows-|cp-?)(\d{3,4})")
_ISO = re.compile(r"iso[_-]?8859[_-]?(\d{1,2})")


def load() -> None:
    """Bring every charset into memory."""
    for name in {*_KNOWN.values(), *_SAME} - {""}:
        _lookup(name)
    "".encode("idna")
    b"".decode("raw_unicode_escape")


def decode(data: bytes, charset: str) -> str:
    """Return bytes as text, whatever they claim to be; what is none becomes U+FFFD."""
    codec = _codec(charset)
    if codec is None or codec == "utf-8" or (codec == "cp1252" and not data.isascii()):
        # Text that is valid UTF-8 is hardly ever anything else.
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            pass
    if codec is None:
        codec = "cp1252"
    try:
        return data.decode(codec, "replace")
    except (UnicodeError, ValueError):
        return data.decode("latin-1")


def _codec(charset: str) -> str | None:
    name = charset.strip().strip("'\"").lower().split("*", 1)[0]
    if name in _KNOWN:
        return _KNOWN[name] or None
    if found := _WINDOWS.fullmatch(name):
        name = f"cp{found[1]}"
    elif found := _ISO.fullmatch(name):
        name = f"iso8859-{found[1]}"
    plain = name.replace("_", "-")
    for known in _SAME:
        if plain == known.replace("_", "-") or plain.replace("-", "") == known.replace("-", ""):
            return known if _lookup(known) else None
    return None


def _lookup(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True
