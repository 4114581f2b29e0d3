"""Every error that the web app raises on purpose; each knows its HTTP status.

::

    WebError
    ├── LoginNeeded        401  nobody is logged in, or the key is unknown
    ├── SecondFactorNeeded 401  the password was right, and a code is needed too
    ├── SecondFactorMissing 403 logged in, without the second factor that the role requires
    ├── NotForYou          403  logged in, but the page is for another role
    ├── KeyIsReadOnly      403  the API key may change nothing
    ├── ForgeryRefused     403  a change came without this session's token, or from another site
    ├── BodyInvalid        422  the body is JSON but does not fit; names the field
    ├── BodyUnreadable     400  the body is not what its type says
    ├── PreconditionFailed 412  If-Match names another version than the one that there is
    ├── FormTooLarge       413  the form has more fields, or longer ones, than are read
    ├── NotJson            415  the route takes JSON, and the body is something else
    ├── NotMultipart       415  the route takes a form with a file, and the body is something else
    ├── WrongHost          421  the request names a host that this server does not answer for
    ├── TooManyAttempts    429  wait, then log in again
    └── TooManyStreams     429  too many open pages ask for live updates

The messages are shown to people as they are, so they say what to do and nothing of the inside.
"""


class WebError(Exception):
    """Base of everything that the web app raises on purpose."""

    status = 400


class LoginNeeded(WebError):
    """The route needs somebody who is logged in."""

    status = 401

    def __init__(self) -> None:
        super().__init__(
            "you are not logged in; log in, or send a valid API key as "
            "'Authorization: Bearer ohd_sk_…'"
        )


class SecondFactorNeeded(WebError):
    """The API was asked to log in somebody with a second factor, without a code."""

    status = 401

    def __init__(self) -> None:
        super().__init__(
            "this account has a second factor: send the code that the authenticator app shows, or "
            "a recovery code, as 'code' beside the password"
        )


class SecondFactorMissing(WebError):
    """A session without the second factor that the person's role requires."""

    status = 403

    def __init__(self) -> None:
        super().__init__(
            "your role requires a second factor; log in with a browser and set it up first"
        )


class NotForYou(WebError):
    """The route is for another role."""

    status = 403

    def __init__(self, role: str) -> None:
        self.role = role
        super().__init__(f"only people with the role {role} can do this; ask an admin for help")


class KeyIsReadOnly(WebError):
    """A change with an API key whose scope is reading."""

    status = 403

    def __init__(self) -> None:
        super().__init__(
            "this API key has the scope 'read' and can't change anything; use a key with the "
            "scope 'all'"
        )


class ForgeryRefused(WebError):
    """A state-changing request that may not come from our own page."""

    status = 403

    def __init__(self, why: str) -> None:
        super().__init__(f"{why}; reload the page and try again")


class PluginOnly(WebError):
    """A plugin's frame asked for something that is not that plugin's."""

    status = 421

    def __init__(self) -> None:
        super().__init__("a plugin's page can request that plugin's own routes only")


class PluginFailed(WebError):
    """A plugin gave no answer to a request."""

    status = 502

    def __init__(self, name: str, *, is_late: bool) -> None:
        self.status = 504 if is_late else 502
        what = "took too long to answer" if is_late else "failed to answer"
        super().__init__(f"the plugin {name} {what}; an admin finds the reason in its log")


class WebhookNotSigned(WebError):
    """A webhook without a signature that fits, or one too many."""

    status = 401

    def __init__(self, reason: str, *, is_flood: bool) -> None:
        self.status = 429 if is_flood else 401
        super().__init__(reason)


class BodyInvalid(WebError):
    """A body that parsed, and does not fit what the route takes."""

    status = 422

    def __init__(self, problem: str, *, fields: dict[str, str] | None = None) -> None:
        self.fields = dict(fields or {})
        """Field name to what is wrong with it, where several can be named."""
        super().__init__(problem)


class BodyUnreadable(WebError):
    """A body that is not what its content type says."""

    status = 400

    def __init__(self, expected: str) -> None:
        super().__init__(f"the request body cannot be read; expected {expected}")


class PreconditionFailed(WebError):
    """``If-Match`` names another version than the one that there is."""

    status = 412

    def __init__(self, why: str) -> None:
        super().__init__(f"If-Match: {why}")


class FormTooLarge(WebError):
    """A form with more fields, or longer ones, than are read."""

    status = 413

    def __init__(self, found: str, most: str) -> None:
        super().__init__(
            f"the form has {found}, and this server takes at most {most}; make the change in "
            "smaller steps, or through the API"
        )


class NotJson(WebError):
    """A body of another type where JSON is expected."""

    status = 415

    def __init__(self) -> None:
        super().__init__("send the body as JSON, with the header 'Content-Type: application/json'")


class NotMultipart(WebError):
    """A body of another type where a form with a file is expected."""

    status = 415

    def __init__(self) -> None:
        super().__init__("send the file as multipart/form-data, in a field named 'file'")


class WrongHost(WebError):
    """A request for a host name that is not ours."""

    status = 421

    def __init__(self) -> None:
        super().__init__(
            "this server does not serve the host name in the URL; use its public "
            "URL, or ask its operator to add the name to allowed_hosts"
        )


class TooManyAttempts(WebError):
    """Too many failed log-ins."""

    status = 429

    def __init__(self, retry_after_s: float) -> None:
        self.retry_after_s = max(1, round(retry_after_s + 0.5))
        """Whole seconds to wait, for the ``Retry-After`` header."""
        minutes = -(-self.retry_after_s // 60)
        wait = "a minute" if minutes == 1 else f"{minutes} minutes"
        super().__init__(f"too many attempts to log in; wait {wait} and try again")


class TooManyStreams(WebError):
    """Too many open pages ask for live updates."""

    status = 429

    def __init__(self) -> None:
        super().__init__(
            "too many open pages with live updates; close some pages, then reload this one"
        )
