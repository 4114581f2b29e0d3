"""Turns every error into an answer: a page for people, ``{"error": …}`` for the API.

Errors raised on purpose carry a sentence that is fit to show. Anything else becomes a reference
number, with the traceback in the log beside the same number and nowhere else.
"""

import logging
import secrets
from dataclasses import dataclass, field
from http import HTTPStatus

from quart import Quart, Response, current_app, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge

from helpdesk import errors as domain
from supervisor import errors as plugins
from webapp.errors import TooManyAttempts, WebError
from webapp.http.jsonio import json_response
from webapp.http.page import page
from webapp.http.unsent import form_page, unsent_texts
from webapp.rendering.catalogues import N_
from webapp.rendering.links import login_url
from webapp.routes import facts_at

_log = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[Exception], HTTPStatus], ...] = (
    (domain.NotFound, HTTPStatus.NOT_FOUND),
    (domain.NotAllowed, HTTPStatus.FORBIDDEN),
    (domain.Invalid, HTTPStatus.UNPROCESSABLE_ENTITY),
    (domain.LoginFailed, HTTPStatus.UNAUTHORIZED),
    (domain.SecondFactorRefused, HTTPStatus.UNAUTHORIZED),
    (domain.LoginStepEnded, HTTPStatus.UNAUTHORIZED),
    (domain.LimitReached, HTTPStatus.CONFLICT),
    (domain.Conflict, HTTPStatus.CONFLICT),
    (plugins.PluginNotFound, HTTPStatus.NOT_FOUND),
    (plugins.ModuleRefused, HTTPStatus.UNPROCESSABLE_ENTITY),
    (plugins.NotInstalled, HTTPStatus.SERVICE_UNAVAILABLE),
    (plugins.TooManyInstalls, HTTPStatus.TOO_MANY_REQUESTS),
    (plugins.JobNotFound, HTTPStatus.NOT_FOUND),
    (plugins.InstallNotFound, HTTPStatus.NOT_FOUND),
    (plugins.NotInTheBox, HTTPStatus.NOT_FOUND),
    (plugins.VersionNotFound, HTTPStatus.NOT_FOUND),
    (plugins.DeliveryNotFound, HTTPStatus.NOT_FOUND),
    (plugins.PermissionUnknown, HTTPStatus.UNPROCESSABLE_ENTITY),
    (plugins.PermissionsNotAccepted, HTTPStatus.UNPROCESSABLE_ENTITY),
    (plugins.CannotRedeliver, HTTPStatus.CONFLICT),
    (plugins.UnknownLevel, HTTPStatus.UNPROCESSABLE_ENTITY),
    (plugins.NotFinished, HTTPStatus.SERVICE_UNAVAILABLE),
    (plugins.ConfigInvalid, HTTPStatus.UNPROCESSABLE_ENTITY),
    (plugins.LimitsInvalid, HTTPStatus.UNPROCESSABLE_ENTITY),
    (plugins.NotRunning, HTTPStatus.CONFLICT),
    (plugins.CannotStart, HTTPStatus.CONFLICT),
)
_HTTP_SENTENCES = {
    404: "this page doesn't exist; check the URL, or go to the ticket list",
    405: "this URL does not accept that request method",
    408: "the request took too long to arrive; send it again",
    400: "the request is malformed; go back and try again",
}


_TITLES = {
    401: N_("Login required"),
    403: N_("Access denied"),
    404: N_("Not found"),
    405: N_("Method not allowed"),
    408: N_("Request timed out"),
    409: N_("Action not possible"),
    413: N_("Request too large"),
    415: N_("Unsupported content type"),
    421: N_("Unknown host name"),
    422: N_("Invalid input"),
    429: N_("Too many requests"),
    500: N_("Server error"),
    503: N_("Temporarily unavailable"),
}


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as people see it."""

    status: int
    message: str
    fields: dict[str, str] = field(default_factory=dict)
    """Field name to problem, where the error names fields."""

    def title(self, method: str) -> str:
        """Return what happened in a few words; a page that was asked for takes only filters."""
        if self.status == HTTPStatus.UNPROCESSABLE_ENTITY and method == "GET":
            return N_("Invalid filter")
        return _TITLES.get(self.status, N_("Invalid request"))


def failure(error: Exception) -> Failure:
    """Say what an error means to the person who met it."""
    if isinstance(error, WebError):
        return Failure(error.status, str(error), dict(getattr(error, "fields", {})))
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return Failure(status, str(error), _fields(error))
    if isinstance(error, domain.StorageError):
        return _unexpected(error, 503, "the change could not be saved; try again in a moment")
    if isinstance(error, HTTPException) and error.code is not None and error.code < 500:
        return Failure(error.code, _http_sentence(error))
    return _unexpected(error, 500, "something went wrong on the server")


def _fields(error: Exception) -> dict[str, str]:
    if isinstance(error, plugins.ConfigInvalid | plugins.LimitsInvalid):
        return error.problems
    if isinstance(error, domain.Invalid):
        return {error.field: error.problem}
    return {}


def _http_sentence(error: HTTPException) -> str:
    if isinstance(error, RequestEntityTooLarge):
        limit = request.max_content_length or 0
        return f"the request is too large; the limit is {limit // 1024:,} KiB"
    return _HTTP_SENTENCES.get(error.code or 400, _HTTP_SENTENCES[400])


def _unexpected(error: Exception, status: int, message: str) -> Failure:
    reference = secrets.token_hex(4)
    cause = getattr(error, "original_exception", None) or error
    _log.error("%s %s failed [%s]", request.method, request.path, reference, exc_info=cause)
    return Failure(status, f"{message}; an admin can find the details in the log under {reference}")


async def answer(error: Exception) -> Response:
    """Answer a request that ended in an error."""
    found = failure(error)
    if facts_at(current_app, request).json:
        response = json_response({"error": found.message}, status=found.status)
    else:
        title = found.title(request.method)
        response = page(
            "error.html",
            status=found.status,
            title=title,
            failure=found,
            unsent=await unsent_texts(),
            back=form_page() if request.method == "POST" else "/",
            login=login_url(request.full_path.rstrip("?")) if request.method == "GET" else "/login",
        )
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return response


def install(app: Quart) -> None:
    """Register the answers with the app."""
    for kind in (HTTPException, WebError, domain.HelpDeskError, plugins.SupervisorError):
        app.register_error_handler(kind, answer)
