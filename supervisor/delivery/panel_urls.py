"""URLs of panels: checked before a browser gets them."""

from supervisor.egress.errors import HostNotDeclared, RequestFailed
from supervisor.egress.url import parse_target

_ALL_PORTS = frozenset(range(1, 65536))


def panel_problem(url: str, allowed_hosts: frozenset[str], *, plain_http: bool) -> str | None:
    """Return why ``url`` may not be framed, None where it may.

    ``plain_http``: whether the operator allows panels without TLS.
    """
    try:
        target = parse_target(url, allowed_hosts, _ALL_PORTS)
    except HostNotDeclared as exc:
        return f"the panel's URL is on a host that the manifest does not declare: {exc}"
    except RequestFailed as exc:
        return f"the panel's URL cannot be used: {exc}"
    if target.scheme != "https" and not plain_http:
        return "the panel's URL must be https; the operator can allow http in config.toml"
    return None
