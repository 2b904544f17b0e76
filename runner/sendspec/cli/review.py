"""Shows a plan to the people who review it: as Markdown, or as annotations, summary and outputs of a GitHub workflow's step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from shlex import quote
from typing import TYPE_CHECKING

from sendspec.cli.check_report import print_report
from sendspec.cli.console import Console, rejects
from sendspec.cli.job import in_job
from sendspec.diagnostics.characters import without_surrogates
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.redaction import printable
from sendspec.operations.plan_report import PlanReport
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.showing.row_excerpt import with_cell_alone

if TYPE_CHECKING:
    from sendspec.showing.markdown.plan import ReviewNotes

REVIEW_FORMS = ("github", "markdown")
MOST_PATHS = 300
"""Characters of the specs in a command to copy."""
SUMMARY, OUTPUT = "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"


def rejects_with_page(console: Console, problems: Problems) -> bool:
    """As `rejects`, and shows reviewers the errors in their formats."""
    rejected = rejects(console, problems)
    if rejected:
        show_rejected(console, list(problems))
    return rejected


def show_rejected(console: Console, diagnostics: Sequence[Diagnostic], what: str = "Rejected") -> None:
    """What is wrong, as the command's result, if the format is one of `REVIEW_FORMS` and there was no result yet.

    `what` has become of the command.
    """
    if console.format not in REVIEW_FORMS or console.state.is_printed:
        return
    from sendspec.showing.markdown.diagnostic import rejected_markdown  # for these forms alone

    text = rejected_markdown(_for_readers(console, diagnostics), what)
    if console.format == "markdown":
        print_markdown(console, text)
    else:
        print_report(console, console.state.command, diagnostics, lambda: ())
        _append_summary(console, text)


def show_plan(
    console: Console,
    report: PlanReport,
    context: ProjectContext,
    jobs: Sequence[Job],
    warnings: Sequence[Diagnostic],
    text: str,
    plan_path: str | None,
    sending: str | None,
    halt: str | None,
) -> None:
    """The plan as the command's result, if the format is one of `REVIEW_FORMS`.

    `text` is for the job's log. `plan_path` is that of the plan file, and `sending` the command that sends it; None without a file.
    `halt` is why all sends of the ledger are halted, if they are.
    """
    if console.format not in REVIEW_FORMS:
        return
    from sendspec.operations.git_repository import head_commit  # these for these forms alone
    from sendspec.showing.markdown.plan import ReviewNotes

    paths = [job.spec.path for job in jobs]
    steps, commands = _next(console, report, context, paths, plan_path, sending)
    notes = ReviewNotes(
        paths=paths,
        warnings=warnings,
        steps=steps,
        commands=commands,
        note=context.provisional_note,
        commit=head_commit(context.root, console.system.environ) or "",
        halt=halt or "",
    )
    show_review(console, report, notes, text, plan_path)


def show_review(
    console: Console, report: PlanReport, notes: ReviewNotes, text: str, plan_path: str | None = None
) -> None:
    """As `show_plan`, with what there is to say besides the plan."""
    from secrets import token_hex  # all of these for these forms alone

    from sendspec.showing.job_outputs import is_plain_path, job_outputs, outputs_text
    from sendspec.showing.markdown.plan import plan_markdown
    from sendspec.showing.plan_notice import plan_notices
    from sendspec.showing.reports.check_report import Notice

    markdown = plan_markdown(report, replace(notes, warnings=_for_readers(console, notes.warnings)))
    if console.format == "markdown":
        print_markdown(console, markdown)
        return
    notices = [
        Notice(path, each.title, f"{plan.target.name}: {each.text}")
        for plan, path in zip(report.plans, notes.paths, strict=True)
        for each in plan_notices(plan)
    ]
    if not console.quiet:
        console.tell(text)
    print_report(console, console.state.command, notes.warnings, lambda: (), notices)
    _append_summary(console, markdown)
    if plan_path is not None and not is_plain_path(plan_path):
        console.warn(
            f"warning: the output `plan` is empty: the path {printable(plan_path)} has a character that no output can have"
        )
    outputs = outputs_text(job_outputs(report, plan_path), lambda: f"END_{token_hex(16)}")
    _append(console, OUTPUT, outputs, "the outputs of this step")


def _next(
    console: Console,
    report: PlanReport,
    context: ProjectContext,
    paths: Sequence[str],
    plan_path: str | None,
    sending: str | None,
) -> tuple[list[str], list[str]]:
    """What comes next, in sentences and as commands; nothing while there is nothing to send, or a limit is in the way.

    In a job, no command that sends: it would go round the approval that the job waits for.
    """
    if not report.send or report.exceeded:
        return [], []
    if context.identity is None:
        return [], [f"sendspec ledger init --env {quote(context.environment.name)}"]
    if in_job(console):
        if plan_path is None:
            return [], []
        signing = _signing(context, plan_path)
        return ["Approve the deployment whose name has this digest: its job sends this plan and nothing else."], signing
    return [], _commands(context, paths, plan_path, sending)


def _commands(context: ProjectContext, paths: Sequence[str], plan_path: str | None, sending: str | None) -> list[str]:
    name = quote(context.environment.name)
    specs = " ".join(map(quote, paths))
    file = "plan.json" if plan_path is None else plan_path
    planning = f"sendspec plan {specs if len(specs) <= MOST_PATHS else 'SPEC…'} --env {name} --out {file}"
    sent = sending or f"sendspec send --plan {file}"
    return [*([planning] if sending is None else []), *_signing(context, file), sent]


def _signing(context: ProjectContext, file: str) -> list[str]:
    return [f"sendspec approve {quote(file)} --key FILE"] if context.environment.approvals is not None else []


def _for_readers(console: Console, diagnostics: Sequence[Diagnostic]) -> Sequence[Diagnostic]:
    """On CI, many people can read a page: of a row, it shows only the cell in question."""
    return list(map(with_cell_alone, diagnostics)) if console.system.is_ci else diagnostics


def print_markdown(console: Console, text: str) -> None:
    console.state.is_printed = True
    console.lines([text])


def _append_summary(console: Console, text: str) -> None:
    """As paragraphs of their own, whatever is written before and behind."""
    _append(console, SUMMARY, f"\n\n{text}\n", "the summary of this step")


def _append(console: Console, variable: str, text: str, what: str) -> None:
    """Appends to the file that the variable names; a plan is as good without it."""
    path = console.system.environ.get(variable)
    if not path:
        return
    from sendspec.operations.job_file import append_to_job_file  # in jobs alone

    why = append_to_job_file(path, without_surrogates(text).encode())
    if why is not None:
        console.warn(f"warning: {what} could not be written to {path}: {why}")
