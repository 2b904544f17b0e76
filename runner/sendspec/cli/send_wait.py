"""`send --wait`: a send, and then the wait for its deliveries, as one command."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from sendspec.cli.console import Console
from sendspec.cli.exit_code import code_of_run, code_of_wait, first_of
from sendspec.cli.gate_options import Duration
from sendspec.cli.wait import refusal_json, tell_next, wait_and_show
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exceptions import SendspecError
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.ledger_access import ledger_to_read
from sendspec.operations.plan_schedule import latest_moment
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.run_report import RunReport
from sendspec.operations.send_job import Job
from sendspec.operations.wait_scope import GateWords, refuse_late_schedule, timeout_of, wait_scope
from sendspec.planning.plan import Plan
from sendspec.reading.spec import Spec, read_spec
from sendspec.showing.failure import error_json
from sendspec.showing.run import ending_text, run_document, run_text
from sendspec.showing.wait import wait_document

AS_THE_SPEC_SAYS = ""
"""The value of `--wait` without a duration."""
WAITED_FOR = (ExitCode.DONE, ExitCode.INCOMPLETE, ExitCode.IN_DOUBT)
"""How a send may end for its deliveries to be worth a wait; others were stopped."""


@dataclass(frozen=True, slots=True)
class SendWait:
    """The specs as they were read before the send, what the command line says, and how the next command ends."""

    specs: Sequence[Spec]
    words: GateWords
    options: str

    @property
    def seconds(self) -> int:
        return timeout_of(self.words, self.specs)


def split_wait(written: str, specs: tuple[str, ...]) -> tuple[int | None, tuple[str, ...]]:
    """The seconds of `--wait`, None for as the spec says, and the specs. `--wait specs/a.yaml` is a wait and a spec."""
    if written == AS_THE_SPEC_SAYS:
        return None, specs
    if written.endswith((".yaml", ".yml")) or os.path.lexists(written):
        return None, (written, *specs)
    return Duration().convert(written, None, click.get_current_context()), specs


def planned_wait(context: ProjectContext, paths: Sequence[str], seconds: int | None, options: str) -> SendWait:
    """Reads the specs for what their deliveries are held against. Their faults are for the send to tell."""
    read = [spec for path in paths if (spec := read_spec(path, Problems(), context.key_files)) is not None]
    return SendWait(read, GateWords(timeout_seconds=seconds), options)


def refuse_late(context: ProjectContext, wait: SendWait, jobs: Sequence[Job], plans: Sequence[Plan]) -> None:
    """Raises `WrongUsage`, before anything is sent, if messages are scheduled for later than the wait can last."""
    for job, plan in zip(jobs, plans, strict=True):
        latest = latest_moment(job) if plan.send and wait.seconds else None
        late = 0.0 if latest is None else latest.timestamp() - context.system.clock.wall() - wait.seconds
        if late > 0:
            refuse_late_schedule(late, wait.seconds)


def show_and_wait(console: Console, context: ProjectContext, report: RunReport, wait: SendWait) -> int:
    """Prints how the send ended, waits, and prints the verdict. Returns the more serious of both exit codes."""
    console.result(run_text(report, console.out))
    console.tell(ending_text(report, console.err))
    code = code_of_run(report)
    if code not in WAITED_FOR:
        console.say("its deliveries are not waited for, because the send was stopped")
        console.document({**run_document(report), "wait": None})
        return code
    try:
        with ledger_to_read(context) as ledger:
            scope = wait_scope(context, ledger, wait.specs, (), wait.words)
        for note in scope.notes:
            console.say(note)
        waited = wait_and_show(console, context, scope, until_final=False)
    except SendspecError as error:
        console.state.has_account = True
        console.document({**run_document(report, error_json(error)), "wait": None})
        raise
    refusal = refusal_json(waited)
    console.document({**run_document(report, refusal), "wait": wait_document(waited, refusal)})
    tell_next(console, context, waited, {spec.name: spec.path for spec in wait.specs}, wait.options)
    return first_of({code, code_of_wait(waited)})
