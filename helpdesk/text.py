"""One way to compare words and names, and to tell text that shows nothing. Pure.

Case folding and decomposition are Unicode's (the Unicode Standard, 3.13, and UAX #15): ``Straße``
and ``STRASSE`` are one name, whatever letters were typed composed or not. For search, accents fall
away too, and scripts that are written without spaces are cut into letters, so that a part of a word
is found.
"""

import re
import unicodedata

_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols by their category, and nothing to the eye."""
_SHOWS = frozenset("LNPS")
_NO_SPACES = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\U00020000-\U0003134f]"
)
"""Thai, Lao, Burmese, Khmer, Japanese, Chinese, and Korean, whose words run together."""


def shows_something(text: str) -> bool:
    """Tell whether a reader sees anything: one letter, digit, punctuation mark or symbol."""
    return any(unicodedata.category(c)[0] in _SHOWS and c not in _BLANK for c in text)


def name_key(text: str) -> str:
    """Return what two spellings of one name have in common: case, composition, hidden characters.

    Accents stay: ``Ärger`` and ``Arger`` are two names.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    plain = "".join(c for c in folded if unicodedata.category(c) != "Cf")
    return " ".join(unicodedata.normalize("NFKC", plain).split())


def search_text(text: str) -> str:
    """Return text as it is indexed and looked for."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = "".join(c for c in folded if unicodedata.category(c) not in {"Mn", "Cf"})
    # Composed again, for Korean syllables above all.
    return _NO_SPACES.sub(r" \g<0> ", unicodedata.normalize("NFC", plain))


def counted(count: float, thing: str, many: str = "") -> str:
    """Return how many of a thing there are: ``1 ticket``, ``1,200 tickets``."""
    number = f"{count:,}" if isinstance(count, int) else f"{count:g}"
    return f"{number} {thing if count == 1 else many or thing + 's'}"
