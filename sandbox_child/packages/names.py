"""Names inside an archive: relative, in one spelling, each once on every file system.

Names that only some file systems take for equal are doubles here: without letter case, and after
Unicode's compatibility normalization.
"""

import unicodedata
from collections.abc import Iterable, Iterator

from sandbox_child.packages.caps import Caps
from sandbox_child.packages.errors import PackageError, quoted

_FOREIGN = (
    ("\0", "has a NUL in its name"),
    ("\\", "has a backslash in its name; separate folders by /"),
    (":", "has a colon or a drive letter in its name"),
)
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def decode_name(raw: bytes, caps: Caps) -> str:
    """Return a checked name, with a slash at its end for a folder; raises PackageError."""
    shown = raw[: caps.name_bytes].decode("utf-8", "replace")
    if not raw:
        raise PackageError("has an entry without a name")
    if len(raw) > caps.name_bytes:
        raise PackageError(f"has a name of more than {caps.name_bytes} bytes", shown)
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise PackageError("has a name that is not UTF-8", shown) from None
    problem = name_problem(name, caps)
    if problem is not None:
        raise PackageError(problem, name)
    return name


def name_problem(name: str, caps: Caps) -> str | None:
    """Say what is wrong with a name, or return None."""
    return next((problem for mark, problem in _FOREIGN if mark in name), None) or (
        "has an absolute name; names begin at the package's root"
        if name.startswith("/")
        else _path_problem(name, caps)
    )


def _path_problem(name: str, caps: Caps) -> str | None:
    segments = name.removesuffix("/").split("/")
    if any(segment in {"", ".", ".."} for segment in segments):
        return "has an empty, . or .. folder in its name, which could lead out of the package"
    if len(segments) > caps.name_depth:
        return f"is more than {caps.name_depth} folders deep"
    odd = next((c for c in name if unicodedata.category(c) in _HIDDEN), None)
    if odd is not None:
        return f"has the invisible character U+{ord(odd):04X} in its name"
    return None


def check_doubles(names: Iterable[str]) -> None:
    """Refuse names that are equal, or a file where a folder is; raises PackageError."""
    files: dict[str, str] = {}
    folders: dict[str, str] = {}
    listed: set[str] = set()
    for name in names:
        folded = _folded(name.removesuffix("/"))
        if folded in listed:
            other = files.get(folded) or folders[folded]
            raise PackageError(f"is there twice (with {quoted(other)})", name)
        listed.add(folded)
        if name.endswith("/"):
            folders[folded] = name
        else:
            files[folded] = name
        for parent in _parents(folded):
            folders.setdefault(parent, name)
    for folded, name in files.items():
        if folded in folders:
            raise PackageError(f"is a file where {quoted(folders[folded])} is a folder", name)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _parents(name: str) -> Iterator[str]:
    at = name.find("/")
    while at >= 0:
        yield name[:at]
        at = name.find("/", at + 1)
