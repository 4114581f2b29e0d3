"""What a browser says it is, in two words, so that people know their sessions apart.

It is what the browser claims, and is shown to its owner alone; nothing is decided by it.
"""

from quart import Request

_NAMES = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
"""Mark and name; the first that is found counts, because most claim to be others too."""
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def named(user_agent: str) -> str:
    """Return such as ``Firefox on Linux``; empty where nothing is known."""
    said = user_agent[:500]
    name = next((name for mark, name in _NAMES if mark in said), "")
    system = next((name for mark, name in _SYSTEMS if mark in said), "")
    if name and system:
        return f"{name} on {system}"
    return name or system


def client_of(request: Request) -> str:
    """Return what the browser of a request is."""
    return named(request.headers.get("User-Agent", ""))
