"""Admin, sandbox: the lockdown as it is on this machine, and the button that attacks it."""

from collections import Counter

from quart import Response

from supervisor.sandbox_check.report import CheckReport, Result
from webapp.context import app_context
from webapp.http.page import page
from webapp.routes import Access, Section

blueprint = Section("sandbox", __name__, Access.ADMIN)


@blueprint.get("/admin/sandbox")
async def sandbox() -> Response:
    """Show which controls every plugin's process has."""
    return page("sandbox.html", sandbox=app_context().supervisor.sandbox.view, report=None)


@blueprint.post("/admin/sandbox/check")
async def check() -> Response:
    """Attack the sandbox, which takes some seconds, and show what became of it."""
    report = await app_context().supervisor.sandbox.check()
    return page(
        "sandbox.html",
        sandbox=app_context().supervisor.sandbox.view,
        report=report,
        results=list(Result),
        families=_by_family(report),
        open_attacks=[a for a in report.attacks if a.result is Result.OPEN],
    )


def _by_family(report: CheckReport) -> list[tuple[str, Counter[Result]]]:
    families: dict[str, Counter[Result]] = {}
    for attack in report.attacks:
        families.setdefault(attack.family, Counter())[attack.result] += 1
    return sorted(families.items())
