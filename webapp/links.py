"""Addresses of pages, built in one place so that nothing is glued together by hand."""

from urllib.parse import quote, urlencode


def login_url(then: str) -> str:
    """Return the log-in page, which leads to ``then`` afterwards."""
    return "/login" if then in {"", "/"} else f"/login?{urlencode({'next': then})}"


def ticket_url(ticket_id: str, done: str = "") -> str:
    """Return a ticket's page; ``done`` names what has just been done, so that it can be said."""
    address = f"/tickets/{quote(ticket_id, safe='')}"
    return f"{address}?{urlencode({'done': done})}" if done else address


def panel_url(ticket_id: str, plugin_id: str) -> str:
    """Return where a page asks for one panel's address."""
    return f"{ticket_url(ticket_id)}/panels/{quote(plugin_id, safe='')}"


def plugin_url(plugin_id: str, done: str = "") -> str:
    """Return a plugin's page under Admin."""
    address = f"/admin/plugins/{quote(plugin_id, safe='')}"
    return f"{address}?{urlencode({'done': done})}" if done else address


def with_page(arguments: list[tuple[str, str]], page: int) -> str:
    """Return the query string of another page of the same list, filters kept."""
    kept = [(key, value) for key, value in arguments if key != "page" and value]
    return "?" + urlencode([*kept, ("page", str(page))])
