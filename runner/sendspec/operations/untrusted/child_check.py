"""What the child does with the copy: what `validate` and `plan` do, without a ledger and on one process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.exceptions import SendspecError
from sendspec.diagnostics.problem import Problem
from sendspec.ledger.identity import LOCK_FILE
from sendspec.operations.absent_audience import AbsentAudience
from sendspec.operations.base_comparison import compare_with_base
from sendspec.operations.guard_files import guard_warnings, guards
from sendspec.operations.job_reader import read_jobs
from sendspec.operations.ledger_plan import decide_all, plan_jobs
from sendspec.operations.offline_plan import check_jobs
from sendspec.operations.plan_detail import plan_details
from sendspec.operations.plan_report import PlanReport
from sendspec.operations.project_context import ProjectContext, open_context
from sendspec.operations.send_job import Job, note_row_problems
from sendspec.operations.system import real_system
from sendspec.operations.untrusted.absent_text import absent_audience
from sendspec.operations.untrusted.copied_base import copied_commit, copied_folder
from sendspec.operations.untrusted.present_input import AbsentTable, PresentInput, left_out_problem
from sendspec.operations.untrusted.report import CheckedSpec, UntrustedFailure, UntrustedReport, UntrustedRequest
from sendspec.operations.untrusted.run_limits import IF_NOTHING_WAS_SENT, untrusted_limits
from sendspec.operations.wrong_usage import WrongUsage
from sendspec.planning.base_change import BaseComparison
from sendspec.planning.decision import Decision
from sendspec.planning.plan import Plan
from sendspec.reading.project import PROJECT_FILE_NAME
from sendspec.reading.spec import read_spec

COMMAND = "untrusted check"
OTHERS_READ_IT = {"CI": "true"}
"""The child's environment as its code sees it: no recipient's own values in samples."""


def report_on(request: UntrustedRequest) -> UntrustedReport:
    """A failure that was foreseen is in the report."""
    noted: list[str] = []
    try:
        return _report(request, noted)
    except SendspecError as error:
        option = error.option if isinstance(error, WrongUsage) else ""
        failure = UntrustedFailure(
            code=error.code, problem=error.problem, fix=error.fix, exit_code=error.exit_code, option=option
        )
        return UntrustedReport(environment="".join(noted[-1:]), failure=failure)


def _report(request: UntrustedRequest, noted: list[str]) -> UntrustedReport:
    problems = Problems()
    readable = _readable_specs(request, problems)
    system = real_system(COMMAND, environ=OTHERS_READ_IT)
    context = open_context(readable, request.env, problems, system, note_environment=noted.append) if readable else None
    if context is None:
        return UntrustedReport(environment="".join(noted[-1:]), diagnostics=tuple(problems))
    present = PresentInput(context, Path(request.top), request.left_out)
    context = present.with_present_files(problems)
    jobs = read_jobs(readable, context, None, problems, choose=present.choose)
    found = (_absent(each, context, problems, request) for each in present.absent)
    report = UntrustedReport(
        environment=context.environment.name,
        tables={job.spec.path: job.table.path for job in jobs},
        absent=tuple(each for each in found if each is not None),
        inputs=tuple(_inputs(jobs, context, Path(request.top))),
    )
    if request.plans:
        guarded = guards(present.context, os.path.relpath(context.root, request.top))
        return _planned(report, jobs, context, problems, request, guarded)
    plans = check_jobs(jobs, context, problems, 1, unsent=IF_NOTHING_WAS_SENT)
    checked = tuple(CheckedSpec(path=job.spec.path, plan=plan) for job, plan in zip(jobs, plans, strict=True))
    return replace(report, checked=checked, diagnostics=tuple(problems))


def _absent(
    absent: AbsentTable, context: ProjectContext, problems: Problems, request: UntrustedRequest
) -> AbsentAudience | None:
    """What a spec without recipients says, and what the base's spec at the same path says."""
    found = absent_audience(absent, context, problems)
    base = request.base
    if found is None or base is None:
        return found
    place = Path(base.top, os.path.relpath(Path.cwd() / absent.spec.path, request.top))
    own = Problems()
    then = open_context([str(place)], context.environment.name, own, context.system) if place.is_file() else None
    spec = None if then is None else read_spec(str(place), own)
    if then is None or spec is None:
        return found
    before = absent_audience(replace(absent, spec=spec), then, own)
    return found if before is None else replace(found, before=tuple(text.whole for text in before.texts))


def _planned(
    report: UntrustedReport,
    jobs: list[Job],
    context: ProjectContext,
    problems: Problems,
    request: UntrustedRequest,
    guarded: list[str],
) -> UntrustedReport:
    """Plans as if nothing had ever been sent: what was accepted already is told after the merge."""
    plans: list[Plan] = []
    if problems.has_errors:
        note_row_problems(jobs, problems)
    else:
        plans = plan_jobs(jobs, context, None, problems, processes=1)
    if problems.has_errors:
        return replace(report, diagnostics=tuple(problems))
    compared = _compared(jobs, plans, context, problems, request, guarded)
    limits = untrusted_limits(jobs, plans, context, compared)
    for diagnostic in (*limits.exceeded, *limits.possible):
        problems.add(diagnostic)

    def decided(job: Job) -> Iterator[Decision]:
        return decide_all(job, context, None, Problems())

    plan = PlanReport(
        environment=context.environment.name,
        plans=tuple(plans),
        warnings=tuple(problems),
        exceeded=limits.exceeded,
        stopped=limits.stopped,
        details=plan_details(jobs, plans, context, decided),
        base=compared,
        untrusted=True,
        absent=report.absent,
    )
    return replace(report, plan=replace(plan, told_digests=plan.digests), diagnostics=tuple(problems))


def _compared(
    jobs: list[Job],
    plans: list[Plan],
    context: ProjectContext,
    problems: Problems,
    request: UntrustedRequest,
    guarded: list[str],
) -> BaseComparison | None:
    """What changes against the base, if there is one. Warns of changes to the files that say who may be reached, and who approves it."""
    base = request.base
    if base is None:
        return None
    changed = [path for path in guarded if path in base.differing]
    for warning in guard_warnings(base.ref, Path(request.top), changed):
        problems.add(warning)
    return compare_with_base(
        copied_commit(base, request.top),
        jobs,
        plans,
        context,
        recipients=None,
        processes=1,
        counts_new=True,
        folder_of=lambda _: copied_folder(base),
    )


def _inputs(jobs: list[Job], context: ProjectContext, top: Path) -> Iterator[str]:
    """The files besides the specs, as paths from the top of the repository."""
    yield from guards(context, os.path.relpath(context.root, top))
    folder = os.path.relpath(Path.cwd(), top)
    named = [job.table.path for job in jobs]
    named += [os.path.join(os.path.dirname(job.spec.path), file.written) for job in jobs for file in job.spec.suppress]  # noqa: PTH118, PTH120 - as git writes it
    yield from (os.path.normpath(os.path.join(folder, path)) for path in named)  # noqa: PTH118


def _readable_specs(request: UntrustedRequest, problems: Problems) -> list[str]:
    """The specs that are in the copy. None where a project file or `sendspec.lock` is something that isn't read."""
    top = Path(request.top)
    for path, why in request.left_out.items():
        if Path(path).name in (PROJECT_FILE_NAME, LOCK_FILE):
            problems.add(left_out_problem(path, why).diagnostic(_shown(top / path)))
    if problems.has_errors:
        return []
    found: list[str] = []
    for spec in request.specs:
        place = Path.cwd() / spec
        reasons = (request.left_out.get(_below(each, top)) for each in (place, *place.parents))
        reason = next((each for each in reasons if each is not None), None)
        if reason is not None:
            problems.add(left_out_problem(spec, reason).diagnostic(spec))
        elif not place.is_file():
            problems.add(_untracked(spec))
        else:
            found.append(spec)
    return found


def _below(place: Path, top: Path) -> str:
    return str(place.relative_to(top)) if place.is_relative_to(top) else ""


def _shown(place: Path) -> str:
    return str(place.relative_to(Path.cwd())) if place.is_relative_to(Path.cwd()) else place.name


def _untracked(spec: str) -> Diagnostic:
    return Problem(
        "untrusted-untracked",
        "git doesn't track this file, so it isn't part of what a pull request brings",
        "add it with `git add`, or check it without --untrusted",
    ).diagnostic(spec)
