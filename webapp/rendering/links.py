"""Addresses of pages, built in one place so that nothing is glued together by hand."""

from collections.abc import Iterable
from urllib.parse import quote, urlencode

SECOND_FACTOR = "/profile/second-factor"
"""Where one's second factors are set up."""
SECOND_STEP = "/login/second"
"""Where somebody shows one at log-in."""


def second_step_url(then: str) -> str:
    """Return where a log-in goes on with a second factor, and then to ``then``."""
    return SECOND_STEP if then in {"", "/"} else f"{SECOND_STEP}?{urlencode({'next': then})}"


def login_url(then: str) -> str:
    """Return the log-in page, which leads to ``then`` afterwards."""
    return "/login" if then in {"", "/"} else f"/login?{urlencode({'next': then})}"


def ticket_url(reference: str | int, done: str = "", **came_from: str) -> str:
    """Return a ticket's page by its number or its id; people are shown the one with the number.

    ``done`` names what has just been done: the page says it there. ``came_from`` is the list that
    the ticket was opened from (``pages.list_place``).
    """
    address = f"/tickets/{quote(str(reference), safe='')}"
    query = urlencode({**came_from, **({"done": done} if done else {})})
    return address + (f"?{query}" if query else "") + ("#done" if done else "")


def earlier_url(reference: str | int, before: str) -> str:
    """Return a ticket's page with the part of its story before an entry."""
    return f"{ticket_url(reference)}?{urlencode({'before': before})}"


def panel_url(ticket_id: str, plugin_id: str) -> str:
    """Return where a page asks for one panel's address."""
    return f"{ticket_url(ticket_id)}/panels/{quote(plugin_id, safe='')}"


def widget_url(plugin_id: str, widget_id: str, ticket: int | None = None) -> str:
    """Return the frame of a plugin's widget; of one on the page of a ticket by its number."""
    place = "/plugin-widgets" if ticket is None else f"{ticket_url(ticket)}/widgets"
    return f"{place}/{quote(plugin_id, safe='')}/{quote(widget_id, safe='')}"


def plugin_url(plugin_id: str, part: str = "", done: str = "") -> str:
    """Return a plugin's page under Admin, or one below it; ``done`` names what has been done."""
    address = f"/admin/plugins/{quote(plugin_id, safe='')}" + (f"/{part}" if part else "")
    return f"{address}?{urlencode({'done': done})}#done" if done else address


def version_url(plugin_id: str, sha256: str) -> str:
    """Return where a version of a plugin is set beside the active one."""
    return plugin_url(plugin_id, f"versions/{quote(sha256, safe='')}")


def delivery_url(plugin_id: str, delivery_id: str, done: str = "") -> str:
    """Return the page of one delivery."""
    return plugin_url(plugin_id, f"deliveries/{quote(delivery_id, safe='')}", done)


def install_url(install_id: str) -> str:
    """Return where one installation is followed."""
    return f"/admin/plugins/installs/{quote(install_id, safe='')}"


def list_url(arguments: Iterable[tuple[str, str]], **changed: str) -> str:
    """Return the ticket list with these arguments, some changed; empty ones are left out."""
    kept = {**dict(arguments), **changed}
    query = urlencode({name: value for name, value in kept.items() if value})
    return f"/tickets?{query}" if query else "/tickets"


def admin_url(section: str, part: str = "", done: str = "") -> str:
    """Return a page under Admin: a section, or one thing in it by its id."""
    return section_url(f"admin/{section}", part, done)


def section_url(section: str, part: str = "", done: str = "") -> str:
    """Return a section's page, or that of one thing in it by its id."""
    address = f"/{section}" + (f"/{quote(part, safe='')}" if part else "")
    return f"{address}?{urlencode({'done': done})}#done" if done else address


def sign_up_url(public_url: str, token: str) -> str:
    """Return the whole address by which a visitor confirms an address and gets an account."""
    return f"{public_url}/signup/confirm?{urlencode({'token': token})}"


def invitation_url(public_url: str, token: str) -> str:
    """Return the whole address by which somebody sets their password."""
    return f"{public_url}/invitation?{urlencode({'token': token})}"
