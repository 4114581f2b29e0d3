"""Sends a browser on to another of our pages after a form was handled (RFC 9110, 303)."""

from quart import Response


def see(address: str) -> Response:
    """Answer 303 See Other; ``address`` is a path of ours, never a visitor's text unchecked."""
    return Response("", status=303, headers={"Location": address})
