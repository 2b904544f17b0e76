"""The public Python API. `sendspec` exports its functions; everything else is private.

The functions never ask, print nothing, and install no signal handlers. What a person should know while a send is under way
is logged under the name `sendspec`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from os import PathLike, fspath
from typing import Any, TypeAlias, assert_never

import orjson

from sendspec.diagnostics.clock import Clock
from sendspec.diagnostics.diagnostic import Diagnostic, Problems, Severity
from sendspec.diagnostics.exceptions import SendspecError
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.key_search import messages_for_key
from sendspec.operations.last_generation import with_last_generations
from sendspec.operations.ledger_access import ledger_to_read, process_holding
from sendspec.operations.ledger_plan import decide_all, plan_jobs
from sendspec.operations.limit_check import plan_limits, stopped_specs
from sendspec.operations.logging_listener import LoggingListener
from sendspec.operations.offline_plan import check_jobs, open_jobs
from sendspec.operations.plan_detail import plan_details
from sendspec.operations.plan_report import PlanReport
from sendspec.operations.project_context import ProjectContext, open_context
from sendspec.operations.renamed_spec import names_of
from sendspec.operations.render import note_table_changes, rendered_bodies
from sendspec.operations.run_report import RunReport
from sendspec.operations.send_job import Job, note_row_problems
from sendspec.operations.send_outcome import (
    InputRejected,
    LimitsExceeded,
    RunBroke,
    RunEnded,
    SendRequest,
    StoppedBefore,
)
from sendspec.operations.status import StatusReport, messages_of, planned_jobs, spec_statuses
from sendspec.operations.system import System, real_system
from sendspec.planning.decision import Retry
from sendspec.planning.message_state import State
from sendspec.planning.send_size import size_of
from sendspec.reading.spec import read_spec

SpecPath: TypeAlias = str | PathLike[str]
logging.getLogger("sendspec").addHandler(logging.NullHandler())  # without one, Python prints warnings to stderr


class InputInvalid(SendspecError):
    """The project, the specs or their recipients have errors; `diagnostics` lists them, and the warnings."""

    exit_code = ExitCode.REJECTED
    code = "rejected"

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        errors = [each for each in diagnostics if each.severity is Severity.ERROR]
        first = errors[0]
        place = f"{first.path}:{first.span.start.line}:{first.span.start.column}"
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        super().__init__(f"{place}: {first.problem}{more}", first.fix)
        self.diagnostics = tuple(diagnostics)


class LimitExceeded(SendspecError):
    """A send would exceed limits; `diagnostics` lists them, and `report` says what would have been sent."""

    exit_code = ExitCode.GUARD

    def __init__(self, diagnostics: Sequence[Diagnostic], report: RunReport) -> None:
        first = diagnostics[0]
        super().__init__(first.problem, first.fix)
        self.code = first.code
        self.diagnostics = tuple(diagnostics)
        self.report = report


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What is wrong with specs. `messages` is how many messages they would send if nothing had been sent before."""

    diagnostics: Sequence[Diagnostic]
    messages: int

    @property
    def ok(self) -> bool:
        """Whether there are no errors; there may be warnings."""
        return all(each.severity is not Severity.ERROR for each in self.diagnostics)


def check(
    specs: Sequence[SpecPath],
    *,
    env: str | None = None,
    recipients: SpecPath | None = None,
    environ: Mapping[str, str] | None = None,
    clock: Clock | None = None,
) -> CheckReport:
    """Checks specs, templates, every row and every payload, without a ledger: `sendspec validate`."""
    problems = Problems()
    with _opened(specs, env, recipients, problems, _system("check", environ, clock)) as (context, jobs):
        plans = check_jobs(jobs, context, problems, 1)
    return CheckReport(diagnostics=tuple(problems), messages=sum(plan.send for plan in plans))


def plan(
    specs: Sequence[SpecPath],
    *,
    env: str | None = None,
    recipients: SpecPath | None = None,
    environ: Mapping[str, str] | None = None,
    clock: Clock | None = None,
) -> PlanReport:
    """What would be sent, skipped, and why, against the ledger: `sendspec plan`. Raises `InputInvalid`."""
    problems = Problems()
    with _opened(specs, env, recipients, problems, _system("plan", environ, clock)) as (context, jobs):
        if problems.has_errors:
            note_row_problems(jobs, problems)
        context = _valid(context, problems)
        with ledger_to_read(context) as ledger:
            plans = plan_jobs(jobs, context, ledger, problems, processes=1)
            _valid(context, problems)
            exceeded = plan_limits(context, jobs, plans, Severity.WARNING)
            plans = with_last_generations(jobs, plans, ledger)
            details = plan_details(jobs, plans, context, lambda job: decide_all(job, context, ledger, Problems()))
    return PlanReport(
        environment=context.environment.name,
        plans=tuple(plans),
        warnings=(*problems, *exceeded),
        exceeded=exceeded,
        stopped=stopped_specs(jobs, [size_of(plan) for plan in plans]),
        details=details,
    )


def render(
    specs: Sequence[SpecPath],
    *,
    env: str | None = None,
    recipients: SpecPath | None = None,
    key: str | None = None,
    environ: Mapping[str, str] | None = None,
    clock: Clock | None = None,
) -> Iterator[dict[str, Any]]:
    """The request bodies in file order, one at a time: `sendspec render`.

    Every row is checked before the first body. Raises `InputInvalid`, also if no recipient has the `key`, and at the end if a
    table changed meanwhile.
    """
    bodies = _rendered(specs, env, recipients, key, _system("render", environ, clock))
    next(bodies)  # checks every row
    return bodies


def send(
    specs: Sequence[SpecPath],
    *,
    env: str | None = None,
    recipients: SpecPath | None = None,
    retry: Retry | None = None,
    environ: Mapping[str, str] | None = None,
    clock: Clock | None = None,
) -> RunReport:
    """Sends what the plan says, each message at most once: `sendspec send --yes`. The call is the agreement.

    Messages may be refused, in doubt or not sent: the report counts them, and says why a run stopped early. Raises
    `InputInvalid`, `LimitExceeded`, and other `SendspecError`s; after an error, `status` says what became of the messages.
    """
    from sendspec.operations import send as operation  # loads the network stack, which the other functions don't need

    problems = Problems()
    paths = [fspath(each) for each in specs]
    context = _valid(open_context(paths, env, problems, _system("send", environ, clock)), problems)
    request = SendRequest(specs=paths, recipients=None if recipients is None else fspath(recipients), retry=retry)
    outcome = operation.send(context, request, LoggingListener())
    match outcome:
        case InputRejected(diagnostics):
            raise InputInvalid(diagnostics)
        case LimitsExceeded(diagnostics, report):
            raise LimitExceeded(diagnostics, report)
        case RunBroke(error):
            raise error
        case RunEnded(report) | StoppedBefore(report):
            return report
        case _:
            assert_never(outcome)


def status(
    specs: Sequence[SpecPath] = (),
    *,
    env: str | None = None,
    messages: bool = False,
    environ: Mapping[str, str] | None = None,
    clock: Clock | None = None,
) -> StatusReport:
    """What the ledger knows of each spec's newest generation, or of all specs: `sendspec status`. Raises `InputInvalid`."""
    problems = Problems()
    paths = [fspath(each) for each in specs]
    context = _valid(open_context(paths, env, problems, _system("status", environ, clock)), problems)
    read = [spec for path in paths if (spec := read_spec(path, problems, context.key_files)) is not None]
    _valid(context, problems)
    name = context.environment.name
    with ledger_to_read(context) as ledger:
        if ledger is None:
            return StatusReport(environment=name, specs=(), messages=() if messages else None)
        with _closing(planned_jobs(read, context, ledger)) as jobs:
            statuses = tuple(spec_statuses(ledger, names_of(read, ledger), jobs, held_by=process_holding(context)))
        listed = tuple(messages_of(ledger, statuses, tuple(State))) if messages else None
    return StatusReport(environment=name, specs=statuses, messages=listed)


def _system(function: str, environ: Mapping[str, str] | None, clock: Clock | None) -> System:
    return real_system(f"sendspec.{function}", environ=environ, clock=clock)


def _valid(context: ProjectContext | None, problems: Problems) -> ProjectContext:
    """The context of input without errors. Raises `InputInvalid`."""
    if problems.has_errors or context is None:
        raise InputInvalid(list(problems))
    return context


@contextmanager
def _opened(
    specs: Sequence[SpecPath], env: str | None, recipients: SpecPath | None, problems: Problems, system: System
) -> Iterator[tuple[ProjectContext | None, list[Job]]]:
    override = None if recipients is None else fspath(recipients)
    context, jobs = open_jobs([fspath(each) for each in specs], env, override, problems, system)
    with _closing(jobs):
        yield context, jobs


@contextmanager
def _closing(jobs: list[Job]) -> Iterator[list[Job]]:
    with ExitStack() as tables:
        for job in jobs:
            tables.enter_context(closing(job.table))
        yield jobs


def _rendered(
    specs: Sequence[SpecPath], env: str | None, recipients: SpecPath | None, key: str | None, system: System
) -> Iterator[dict[str, Any]]:
    """Gives one empty body once every row is checked, then the bodies."""
    problems = Problems()
    with _opened(specs, env, recipients, problems, system) as (context, jobs):
        check_jobs(jobs, context, problems, 1)
        _valid(context, problems)
        again = Problems()
        bodies: Iterable[bytes] = rendered_bodies(jobs, None, again)
        if key is not None:
            bodies, missed = messages_for_key(jobs, key, again, is_public=system.is_ci)
            for diagnostic in () if bodies else missed:
                problems.add(diagnostic)
            _valid(context, problems)
        yield {}
        for body in bodies:
            yield orjson.loads(body)
        note_table_changes(jobs, again)
        _valid(context, again)
