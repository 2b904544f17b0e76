"""`sendspec show`: a plan file, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from sendspec.cli.console import Console, common_options, jobs_option, recipients_option, rejected, rejects
from sendspec.cli.project import open_context
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.exceptions import PlanStale, SendspecError
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.position import FILE_START
from sendspec.operations.approve import tally_of
from sendspec.operations.job_reader import read_jobs
from sendspec.operations.ledger_access import ledger_to_read
from sendspec.operations.plan_check import check_ledger
from sendspec.operations.plan_file import PlanFile, PlanUnreadable
from sendspec.operations.plan_file_reader import read_plan_file
from sendspec.operations.plan_review import count_by_state, present_plan
from sendspec.operations.planned_specs import planned_specs
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.wrong_usage import WrongUsage
from sendspec.showing.plan_review import PlanReview, review_document, review_text
from sendspec.showing.planned_spec import Reading


@click.command("show")
@click.argument("plan", metavar="PLAN")
@click.option(
    "--against-now", is_flag=True, help="Also show what sending it now would do, with the present files and ledger."
)
@recipients_option
@jobs_option
@common_options
def command(console: Console, plan: str, against_now: bool, recipients: str | None, processes: int) -> int:
    """Show a plan file, and what became of its messages.

    Reads any plan file, also a stale or expired one, or one of another project. Writes nothing and opens no connection.

    \b
    Examples:
      sendspec show plan.json
      sendspec show plan.json --against-now
    """
    try:
        plan_file = read_plan_file(Path(plan))
    except PlanUnreadable as error:
        return rejected(
            console, [Diagnostic(path=plan, span=FILE_START, code=error.code, problem=str(error), fix=error.fix)]
        )
    console.state.note_environment(plan_file.environment)
    problems = Problems()
    specs, context, note = _project_of(console, plan_file, Path(plan), problems)
    became, now = None, None
    if context is not None:
        try:
            with ledger_to_read(context, console.warn) as ledger:
                became = count_by_state(plan_file, ledger)
                if against_now:
                    override = recipients or plan_file.recipients_in(context)
                    jobs = read_jobs(specs, context, override, problems)
                    now = (
                        None
                        if problems.has_errors
                        else present_plan(plan_file, jobs, context, ledger, problems, processes=processes)
                    )
        except (SendspecError, PlanUnreadable) as error:
            note = error.problem if isinstance(error, SendspecError) else str(error)
    if against_now and context is not None and rejects(console, problems):
        return ExitCode.REJECTED
    review = PlanReview(
        path=plan,
        plan_file=plan_file,
        has_expired=plan_file.has_expired(console.system.clock.wall()),
        became=became,
        approvals=None if context is None else tally_of(context, plan_file),
        now=now,
        note=note,
        reading=Reading(now=console.system.now, local_time=console.system.local_time),
    )
    console.result(review_text(review, console.out))
    console.document(review_document(review))
    return ExitCode.DONE


def _project_of(
    console: Console, plan_file: PlanFile, path: Path, problems: Problems
) -> tuple[Sequence[str], ProjectContext | None, str]:
    """The specs and the project that the plan belongs to, or why there are none at hand."""
    unknown = "what became of it is not known"
    try:
        specs = planned_specs(plan_file, path)
        context = open_context(console, specs, plan_file.environment, problems)
        if context is None:
            return specs, None, f"the project file at hand has errors: {unknown}"
        check_ledger(plan_file, context)
        if context.identity is None:
            return specs, None, f"the project at hand has no ledger of '{plan_file.environment}': {unknown}"
        return specs, context, ""
    except PlanUnreadable as error:
        return (), None, f"{error}: {unknown}"
    except WrongUsage:
        return (), None, f"the project at hand has no environment '{plan_file.environment}': {unknown}"
    except PlanStale as stale:
        return (), None, f"{stale.causes[0]['text']}: {unknown}"
    except SendspecError as error:
        return (), None, error.problem
