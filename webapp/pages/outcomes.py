"""Outcome of a form, as its page shows it: a confirmation, or the problems and what was typed.

One shape for all plain forms, so that each page shows both in the same way. A refusal by the domain
becomes one sentence, and beside the field that it names a second one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from quart import request

from helpdesk.errors import HelpDeskError, Invalid, NotFound
from supervisor.errors import SupervisorError
from webapp.errors import WebError
from webapp.http.failures import failure

PASSWORDS_DIFFER = "Passwords don't match."


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of the last form."""

    done: str = ""
    problem: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)
    """Field name to what is wrong with it."""
    typed: Mapping[str, str] = field(default_factory=dict)
    """Submitted values; never a password."""
    form: str = ""
    """Which of several forms on the page it was."""
    status: int = 200

    def value(self, name: str, otherwise: str, form: str = "") -> str:
        """Return what was typed into a field of this form, or what it held before."""
        return self.typed.get(name, otherwise) if self.form == form else otherwise

    def wrong(self, form: str = "") -> Mapping[str, str]:
        """Return the problems of one form's fields."""
        return self.problems if self.form == form else {}


NOTHING = Outcome()


def done_from_address(sentences: Mapping[str, str]) -> Outcome:
    """Return what the address says was done, in one of these sentences."""
    return Outcome(done=sentences.get(request.args.get("done", ""), ""))


def refused(
    error: HelpDeskError | SupervisorError | WebError,
    typed: Mapping[str, str] | None = None,
    form: str = "",
) -> Outcome:
    """Return the outcome of a form that was refused, with what had been typed but passwords."""
    found = failure(error)
    kept = {name: value for name, value in (typed or {}).items() if "password" not in name}
    status = 422 if isinstance(error, NotFound) else found.status
    return Outcome(
        problem=_named_in_words(error, found.message),
        problems=found.fields,
        typed=kept,
        form=form,
        status=status,
    )


def _named_in_words(error: Exception, message: str) -> str:
    # Field names are for programs: people read "current password", not "current_password".
    if isinstance(error, Invalid) and message.startswith(f"{error.field}:"):
        return error.field.replace("_", " ") + message.removeprefix(error.field)
    return message
