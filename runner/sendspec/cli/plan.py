"""`sendspec plan`: what would be sent, skipped, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sendspec.cli.base_option import base_option
from sendspec.cli.console import (
    Console,
    environment_option,
    jobs_option,
    options_with_forms,
    recipients_option,
    specs_argument,
    untrusted_option,
)
from sendspec.cli.moment import moment_of, not_to_come
from sendspec.cli.plan_place import PlanPlace, next_command, say_where
from sendspec.cli.plan_warning import warn_of_drift, warn_of_resending
from sendspec.cli.project import open_jobs
from sendspec.cli.retry_choice import RetryChoice
from sendspec.cli.review import REVIEW_FORMS, rejects_with_page, show_plan
from sendspec.diagnostics.diagnostic import Diagnostic, Problems, Severity
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.near_miss import near_miss
from sendspec.diagnostics.redaction import printable
from sendspec.operations.last_generation import with_last_generations
from sendspec.operations.ledger_access import ledger_to_read
from sendspec.operations.ledger_plan import decide_all, plan_jobs
from sendspec.operations.limit_check import plan_limits, stopped_specs
from sendspec.operations.plan_detail import PlanDetail, plan_details, samples_for_file
from sendspec.operations.plan_report import PlanReport
from sendspec.operations.plan_sample import SampleSource, ShapeSample
from sendspec.operations.plan_settings import retry_term
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job, note_row_problems
from sendspec.operations.skipped_rows import skipped_rows
from sendspec.planning.choice import choice_of
from sendspec.planning.decision import Decision, Retry, Skip
from sendspec.planning.plan import Plan
from sendspec.planning.send_size import size_of
from sendspec.showing.diagnostics import MAX_LISTED, diagnostic_json
from sendspec.showing.plan import plan_document, plan_text

if TYPE_CHECKING:
    from sendspec.operations.stopwatch import Stopwatch

FORMATS = frozenset({"text", "json", "jsonl", "yaml", "yml", "csv", "markdown", "md", "github", "junit", "sarif"})
"""Names of formats, as `--out` takes them elsewhere."""


@click.command("plan")
@specs_argument
@environment_option
@recipients_option
@jobs_option
@click.option("-o", "--out", metavar="FILE", help="Write the plan to FILE, for `send --plan`.")
@click.option(
    "--expires",
    metavar="WHEN",
    default="7d",
    show_default=True,
    help="With --out: how long the plan may be sent: 90m, 12h, 7d, 2w, or until a moment such as 2026-12-01T12:00:00+01:00.",
)
@click.option(
    "--with-samples",
    metavar="[examples|recipients]",
    type=click.Choice([SampleSource.EXAMPLES.value, SampleSource.RECIPIENTS.value]),
    is_flag=False,
    flag_value=SampleSource.EXAMPLES.value,
    help="With --out: add a text of each shape to the plan, from the specs' `examples` or from recipients (never on CI).",
)
@click.option(
    "--retry",
    type=RetryChoice(),
    help="Plan only messages that were refused before, or that were planned and not sent.",
)
@click.option(
    "--detail",
    is_flag=True,
    help="Show more: up to 40 kinds of messages with their whole texts, the rows that are left out, and the cost by country.",
)
@click.option(
    "--only",
    metavar="REASON,…",
    callback=lambda _, __, written: _reasons(written),
    help="List only the rows that are skipped for these reasons, such as filtered,duplicate or drift,on-hold.",
)
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit with 10 if there is something to send, with 7 if a limit would stop it.",
)
@click.option("--timings", is_flag=True, help="Also show where the time went, for measuring your own list.")
@base_option
@untrusted_option
@options_with_forms("text", "json", *REVIEW_FORMS)
def command(
    console: Console,
    specs: tuple[str, ...],
    env: str | None,
    recipients: str | None,
    processes: int,
    out: str | None,
    expires: str,
    with_samples: str | None,
    retry: str | None,
    detail: bool,
    only: tuple[Skip, ...],
    detailed_exitcode: bool,
    timings: bool,
    untrusted: bool,
    base: str | None,
) -> int:
    """Show what a send would do now: who gets what, who is skipped, and why.

    Reads files and the ledger. Opens no connection, reads no key, and writes only FILE; --format github also appends to the
    summary and the outputs of the workflow's step.

    \b
    Examples:
      sendspec plan specs/welcome.yaml
      sendspec plan specs/*.yaml --env production --out plan.json
      sendspec plan specs/welcome.yaml --retry refused --out retry.json --expires 12h
      sendspec plan specs/welcome.yaml --only filtered,suppressed
      sendspec plan specs/*.yaml --base origin/main
      sendspec plan specs/*.yaml --base origin/main --format github
      sendspec plan specs/*.yaml --base origin/main --untrusted
    """
    if untrusted:
        from sendspec.cli.untrusted import plan_untrusted, refuse_together  # rarely asked for

        refuse_together(
            {
                "--recipients": recipients,
                "--out": out,
                "--with-samples": with_samples,
                "--retry": retry,
                "--only": only,
                "--timings": timings,
            }
        )
        return plan_untrusted(console, specs, env, base, shows_all=detail, detailed=detailed_exitcode)
    now = console.system.now
    until = moment_of(expires, now)
    if until is None or until <= now:
        raise click.BadParameter(not_to_come(expires), param_hint="--expires")
    if out is not None and out.lower() in FORMATS:
        hint = f"for JSON write `--format json`, for a file of this name `./{out}`"
        raise click.BadParameter(f"'{out}' is a format, and --out names a file: {hint}", param_hint="--out")
    if with_samples is not None and out is None:
        raise click.UsageError("--with-samples puts texts into a plan file: name it with --out FILE")
    samples = None if with_samples is None else SampleSource(with_samples)
    if samples is SampleSource.RECIPIENTS and console.system.is_ci:
        raise click.UsageError(
            "recipients' texts are personal data, and CI keeps what a job writes: use --with-samples alone"
        )
    place = None if out is None else PlanPlace(out, now, until, samples)
    chosen = None if retry is None else Retry(retry)
    return run_plan(
        console,
        specs,
        env,
        recipients,
        processes=processes,
        place=place,
        detailed=detailed_exitcode,
        retry=chosen,
        shows_all=detail,
        only=only,
        base=base,
        watch=_stopwatch(console) if timings else None,
    )


def _stopwatch(console: Console) -> Stopwatch:
    from sendspec.operations.stopwatch import Stopwatch  # only with --timings

    return Stopwatch(console.system.clock.monotonic)


def _reasons(written: str | None) -> tuple[Skip, ...]:
    """The reasons of `--only`."""
    known = [skip.value for skip in Skip]
    words = [] if written is None else [word.strip() for word in written.split(",")]
    for word in words:
        if word not in known:
            near = near_miss(word, known)
            meant = f"did you mean '{near}'? the reasons are" if near else "the reasons are"
            raise click.BadParameter(f"no row is skipped as '{printable(word[:60])}'; {meant} {', '.join(known)}")
    return tuple(map(Skip, words))


def run_plan(
    console: Console,
    specs: tuple[str, ...],
    env: str | None,
    recipients: str | None,
    *,
    processes: int,
    place: PlanPlace | None = None,
    detailed: bool = False,
    retry: Retry | None = None,
    shows_all: bool = False,
    only: tuple[Skip, ...] = (),
    base: str | None = None,
    watch: Stopwatch | None = None,
) -> int:
    """What `plan` and `send --dry-run` do. `watch` times the stages, to show them."""
    lap: Callable[[str], None] = (lambda stage: None) if watch is None else watch.lap
    console.state.command = "plan"
    if place is not None:
        from sendspec.operations.plan_file_writer import check_place, write_plan_file  # these for `--out` alone
        from sendspec.operations.plan_header import plan_header

        check_place(Path(place.path))
    problems = Problems()
    context, jobs = open_jobs(console, specs, env, recipients, problems)
    if problems.has_errors:
        note_row_problems(jobs, problems)
    if rejects_with_page(console, problems) or context is None:
        return ExitCode.REJECTED
    if base is not None:
        from sendspec.operations.base_commit import find_base  # these for `--base` alone
        from sendspec.operations.base_comparison import compare_with_base
        from sendspec.operations.guard_files import changed_guards
    compared_with = None if base is None else find_base(base, context.root, console.system.environ)
    lap("read the project and the specs")
    with ledger_to_read(context, console.warn) as ledger:
        choice = choice_of(retry)
        lap("open the ledger")
        plans = plan_jobs(jobs, context, ledger, problems, choice, processes=processes, retry=retry_term(retry, ledger))
        if rejects_with_page(console, problems):
            return ExitCode.REJECTED
        lap("compose and check the rows, ask the ledger")
        exceeded = plan_limits(context, jobs, plans, Severity.ERROR if detailed else Severity.WARNING)
        for diagnostic in exceeded:
            problems.add(diagnostic)

        def decided(job: Job) -> Iterator[Decision]:
            return decide_all(job, context, ledger, Problems(), choice)

        if only:
            plans = [
                replace(plan, skipped_lines=skipped_rows(job, only, decided))
                for job, plan in zip(jobs, plans, strict=True)
            ]
        plans = with_last_generations(jobs, plans, ledger)
        details = plan_details(jobs, plans, context, decided)
        report = PlanReport(
            environment=context.environment.name,
            plans=plans,
            exceeded=exceeded,
            stopped=stopped_specs(jobs, [size_of(plan) for plan in plans]),
            details=details,
        )
        document = plan_document(report)
        halt = None if ledger is None else ledger.halt
        if place is not None:
            header = plan_header(
                document,
                jobs,
                context,
                ledger,
                out=Path(place.path),
                created=place.created,
                expires=place.expires,
                recipients=recipients,
                samples=_samples(place.samples, jobs, details, context),
            )
            write_plan_file(Path(place.path), header, plans)
    lap("find examples, savings and limits")
    if compared_with is not None:
        found = compare_with_base(compared_with, jobs, plans, context, recipients=recipients, processes=processes)
        report = replace(report, base=found)
        for warning in changed_guards(compared_with, context):
            problems.add(warning)
        lap("compare with the base")
    console.diagnostics(list(problems), ending="nothing was sent", as_result=False)
    console.say(context.provisional_note)
    style = console.out if console.format == "text" else console.err
    text = plan_text(plans, style, details, full=shows_all, only_skipped=bool(only), base=report.base)
    console.result(text)
    sending = None if place is None else next_command(place.path, context)
    path = None if place is None else place.path
    show_plan(console, report, context, jobs, list(problems), text, path, sending, halt)
    if halt is not None:
        console.warn(
            f"all sends of this ledger are halted: {printable(halt[:300])}; nothing goes out before somebody ends the halt"
        )
    warn_of_drift(console, plans)
    warn_of_resending(console, plans)
    listed = [diagnostic_json(diagnostic) for diagnostic in list(problems)[:MAX_LISTED]]
    code = _detailed_code(plans, exceeded) if detailed else ExitCode.DONE
    error = _failure(exceeded[0]) if code is ExitCode.GUARD else {}
    shown = document if report.base is None else plan_document(report)
    lap("show the plan")
    timings: dict[str, Any] = {}
    if watch is not None:
        from sendspec.showing.timings import timings_json, timings_text  # only with --timings

        timed = watch.timings(sum(plan.recipients for plan in plans))
        timings = {"timings": timings_json(timed)}
        if not console.is_json:
            console.tell(timings_text(timed))
    console.document({**shown, "warnings": listed, **error, **timings})
    if place is not None:
        say_where(console, place, document["digest"], context)
    return code


def _failure(exceeded: Diagnostic) -> dict[str, Any]:
    from sendspec.showing.failure import problem_json  # for a limit that stops the send

    return {"error": problem_json(exceeded), "sent": False}


def _samples(
    source: SampleSource | None, jobs: Sequence[Job], details: Sequence[PlanDetail], context: ProjectContext
) -> list[Mapping[str, ShapeSample]]:
    """The samples of each spec; empty where none were asked for."""
    if source is None:
        return []
    return [samples_for_file(job, detail, context, source) for job, detail in zip(jobs, details, strict=True)]


def _detailed_code(plans: Sequence[Plan], exceeded: Sequence[Diagnostic]) -> ExitCode:
    """What `--detailed-exitcode` exits with."""
    if not any(plan.send for plan in plans):
        return ExitCode.DONE
    return ExitCode.GUARD if exceeded else ExitCode.CHANGES
