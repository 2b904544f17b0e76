"""`--untrusted` of `validate` and `plan`: a child process reads the files, and this one shows what it tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from sendspec.cli.check_report import print_report
from sendspec.cli.console import Console
from sendspec.cli.plan_warning import warn_of_resending
from sendspec.cli.review import REVIEW_FORMS, rejects_with_page, show_review
from sendspec.diagnostics.diagnostic import Diagnostic, Problems, Severity
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.redaction import printable
from sendspec.operations.plan_report import PlanReport
from sendspec.operations.untrusted.check import untrusted_report
from sendspec.operations.untrusted.report import UntrustedReport, Wall
from sendspec.showing.absent_audience import absent_text
from sendspec.showing.checked_spec import checked_words
from sendspec.showing.diagnostics import MAX_LISTED, diagnostic_json
from sendspec.showing.failure import problem_json
from sendspec.showing.plan import plan_document, plan_text
from sendspec.showing.reports.check_cases import spec_cases
from sendspec.showing.todo import todo_json, todo_text
from sendspec.showing.untrusted import WITHOUT_LEDGER, new_words


def refuse_together(options: Mapping[str, object]) -> None:
    """Refuses the options that need what an untrusted check doesn't have, by name; each is given if its value is true."""
    for option, value in options.items():
        if value:
            raise click.UsageError(f"{option} can't be used with --untrusted, {_WHY[option]}")


_WALLS = {Wall.FILES: "Landlock (no other files)", Wall.CALLS: "seccomp (no connections, no programs)"}
_WHY = {
    "--recipients": "which reads only what git tracks",
    "--out": "which has no ledger: make the plan to send after the merge",
    "--with-samples": "which writes no plan file",
    "--retry": "which has no ledger",
    "--only": "which has no ledger",
    "--timings": "which plans in a process of its own",
    "--rejects": "which shows nobody's rows",
    "--html": "which shows nobody's rows",
}


def validate_untrusted(console: Console, specs: Sequence[str], env: str | None) -> int:
    report = _report(console, specs, env, plans=False)
    found = report.diagnostics
    problems = _problems(report)
    todo = todo_json(found)
    more = {"todo": todo} if todo else {}
    console.diagnostics(
        found, ending="nothing was sent", as_result=True, todo=todo_text(found) if found else "", more=more
    )
    print_report(console, "validate", found, lambda: spec_cases(specs, report.tables, found))
    if problems.has_errors:
        return ExitCode.REJECTED
    for each in report.checked:
        console.result(f"{printable(each.path)}: ok, {checked_words(each.plan)}")
    for absent in report.absent:
        console.result(f"{printable(absent.path)}: ok, audience: {printable(absent.why)}")
    return ExitCode.DONE


def plan_untrusted(
    console: Console, specs: Sequence[str], env: str | None, base: str | None, *, shows_all: bool, detailed: bool
) -> int:
    report = _report(console, specs, env, plans=True, base=base)
    problems = _problems(report)
    if rejects_with_page(console, problems) or report.plan is None:
        return ExitCode.REJECTED
    plan = report.plan
    stopped = bool(detailed and plan.send and plan.exceeded)
    if stopped:
        plan, found = _as_errors(plan, report.diagnostics)
    else:
        found = report.diagnostics
    console.diagnostics(found, ending="nothing was sent", as_result=False)
    console.say(f"note: {WITHOUT_LEDGER}")
    if plan.base is not None and (counted := new_words(plan.base)):
        console.say(f"note: {counted}")
    blocks = [
        plan_text(plan.plans, console.out, plan.details, full=shows_all, base=plan.base, untrusted=True),
        *(absent_text(each, console.out, full=shows_all) for each in plan.absent),
    ]
    text = "\n\n".join(filter(None, blocks))
    console.result(text)
    if console.format in REVIEW_FORMS:
        from sendspec.showing.markdown.plan import ReviewNotes  # for these forms alone

        notes = ReviewNotes(paths=tuple(report.tables), warnings=found)
        show_review(console, plan, notes, text)
    warn_of_resending(console, plan.plans)
    listed = [diagnostic_json(diagnostic) for diagnostic in found[:MAX_LISTED]]
    error = {"error": problem_json(plan.exceeded[0]), "sent": False} if stopped else {}
    console.document({**plan_document(plan), "warnings": listed, **error})
    if stopped:
        return ExitCode.GUARD
    return ExitCode.CHANGES if detailed and plan.send else ExitCode.DONE


def _as_errors(plan: PlanReport, diagnostics: Sequence[Diagnostic]) -> tuple[PlanReport, Sequence[Diagnostic]]:
    """The limits as errors, because the exit code says so."""
    exceeded = [replace(each, severity=Severity.ERROR) for each in plan.exceeded]
    found = [exceeded[plan.exceeded.index(each)] if each in plan.exceeded else each for each in diagnostics]
    return replace(plan, exceeded=exceeded), found


def _report(
    console: Console, specs: Sequence[str], env: str | None, *, plans: bool, base: str | None = None
) -> UntrustedReport:
    report = untrusted_report(specs, env, console.system, Path.cwd(), plans=plans, base=base)
    console.state.note_environment(printable(report.environment))
    for path in report.unstaged:
        console.warn(
            f"note: {printable(path[:200])} is not what git tracks, which was checked: run `git add` to have it checked as it is"
        )
    plan = report.plan
    if plan is not None and plan.plans and not plan.content_digest:
        console.say(
            f"note: sendspec.lock has nothing of {printable(report.environment)}: the plan has no digest to compare with the one after the merge"
        )
    walls = (
        ", ".join(_WALLS[wall] for wall in report.walls) or "limits alone: this kernel has no Landlock and no seccomp"
    )
    console.detail(f"checked in a process without anything; around it are {walls}")
    return report


def _problems(report: UntrustedReport) -> Problems:
    problems = Problems()
    for diagnostic in report.diagnostics:
        problems.add(diagnostic)
    return problems
