"""The admin's view of the sandbox: what is active, and what a check found."""

from typing import Any

from supervisor.sandbox_check.report import AttackResult, CheckReport, Result
from supervisor.views import ControlView, SandboxView

SECCOMP = ControlView("seccomp", active=True, reason="")
LANDLOCK = ControlView("landlock", active=False, reason="this kernel has no <b>Landlock</b>")


def attack(name: str, result: Result, detail: str = "") -> AttackResult:
    return AttackResult(name, "files", result, "seccomp", "succeeded", detail)


async def test_an_admin_reads_which_controls_are_active_and_why_others_are_not(
    site: Any,
) -> None:
    site.shelf.sandbox.view = SandboxView((SECCOMP, LANDLOCK), None)
    browser = await site.as_("admin")
    page = await browser.get("/admin/sandbox")
    assert page.status == 200
    assert "<code>seccomp</code>" in page.text
    assert "this kernel has no &lt;b&gt;Landlock&lt;/b&gt;" in page.text


async def test_an_admin_is_notified_when_no_plugin_can_run(site: Any) -> None:
    site.shelf.sandbox.view = SandboxView((), "the control 'seccomp' is required and not active")
    browser = await site.as_("admin")
    assert "Plugins can't run on this machine" in (await browser.get("/admin/sandbox")).text


async def test_a_check_shows_what_holds_by_family(site: Any) -> None:
    site.shelf.checked = CheckReport(
        (attack("files.open", Result.STOPPED), attack("files.stat", Result.SKIPPED)), (SECCOMP,), 7
    )
    browser = await site.as_("admin")
    page = await browser.submit("/admin/sandbox", "/admin/sandbox/check")
    assert "The sandbox holds" in page.text
    assert "2 attacks in 7 s" in page.text
    assert "1 stopped, 0 open, 0 harmless, 1 skipped" in page.text


async def test_a_check_names_every_attack_that_is_open(site: Any) -> None:
    site.shelf.checked = CheckReport(
        (attack("files.open", Result.OPEN, "it read <i>passwd</i>"),), (SECCOMP,), 7
    )
    browser = await site.as_("admin")
    page = await browser.submit("/admin/sandbox", "/admin/sandbox/check")
    assert "The sandbox does not hold" in page.text
    assert "<code>files.open</code> is open: it read &lt;i&gt;passwd&lt;/i&gt;" in page.text


async def test_nobody_else_may_start_a_check(site: Any) -> None:
    browser = await site.as_("staff")
    page = await browser.submit("/tickets", "/admin/sandbox/check")
    assert page.status == 403
