"""Reports a send, all runs of it or one, from the ledger and today's files. Reads only, also while a run sends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.delivery.protocol import DeliveryFacts
from sendspec.ledger.protocol import Facts
from sendspec.ledger.record import SendRecord
from sendspec.ledger.run_note import PlannedRun
from sendspec.ledger.send_record import MessageKey
from sendspec.operations.delivery_access import deliveries_to_inspect
from sendspec.operations.delivery_account import DeliveryAccount, delivery_account
from sendspec.operations.ledger_access import process_holding
from sendspec.operations.move_tally import MoveTally
from sendspec.operations.plan_cost import prices_or_note
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.recipient_row import NO_ROWS
from sendspec.operations.report_countries import cost_by_country, segment_counts
from sendspec.operations.report_guards import GuardFacts, guards_of, terms_of
from sendspec.operations.report_reasons import doubtful_states, reasons_of
from sendspec.operations.report_recipients import (
    ChosenMessages,
    UndeliveredIds,
    chosen_messages,
    listed_recipients,
    run_messages,
)
from sendspec.operations.report_rows import all_recipients
from sendspec.operations.report_sizes import ReportedSizes, SizesOfRun, SizesOfSend
from sendspec.operations.report_table import TableLook, look_at_table
from sendspec.operations.report_under_way import living_runs
from sendspec.operations.report_verdict import VerdictFacts, status_of_run, verdict_of, warnings_of
from sendspec.operations.send_report import (
    Concern,
    EarlierGeneration,
    ReportedMessage,
    SendReport,
    Verdict,
    Warned,
)
from sendspec.operations.status import SpecStatus, planned_jobs, status_of
from sendspec.operations.wrong_usage import WrongUsage
from sendspec.planning.message_state import State
from sendspec.reading.spec import Spec

RowsTo: TypeAlias = Callable[[Iterator[ReportedMessage]], None]
MAX_RUNS = 1_000
"""Runs that are reported, the newest ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportQuestion:
    """Which send: a spec's name, a generation (None: the newest), one of its runs (None: all).

    `spec` is the spec of that name if it can be read, `spec_note` why it can't. `recipients` takes the place of its table. `is_known`:
    there is a spec of that name, or was; if not, `near` is one that may have been meant.
    """

    name: str
    spec: Spec | None = None
    generation: int | None = None
    run: int | None = None
    recipients: str | None = None
    spec_note: str = ""
    is_known: bool = True
    near: str | None = None


def send_report(
    context: ProjectContext, ledger: Facts | None, asked: ReportQuestion, rows_to: RowsTo | None = None
) -> SendReport:
    """The report. A send that the ledger doesn't know has an empty one. Raises `WrongUsage` for a run that isn't one of the send's.

    `rows_to` is given every recipient, and has to take all before it returns.
    """
    if ledger is None:
        if rows_to is not None:
            rows_to(iter(()))
        return _never_sent(context, asked, ())
    with deliveries_to_inspect(context) as facts, ledger.one_moment():
        known = ledger.sends(asked.name)
        send = _chosen(known, asked.generation)
        if send is None:
            if rows_to is not None:
                rows_to(iter(()))
            return _never_sent(context, asked, known)
        reporter = _Reporter(context, ledger, facts, asked, send, for_all=rows_to is not None)
        report = reporter.report(known)
        if rows_to is not None:
            rows_to(reporter.all_recipients())
        return report


def _chosen(known: Sequence[SendRecord], generation: int | None) -> SendRecord | None:
    """The generation that is asked for; else the newest one that holds messages, or the newest of all."""
    if generation is not None:
        return next((send for send in known if send.generation == generation), None)
    return next((send for send in reversed(known) if send.messages or send.given_up is None), None) or (
        known[-1] if known else None
    )


def _never_sent(context: ProjectContext, asked: ReportQuestion, known: Sequence[SendRecord]) -> SendReport:
    others = ", ".join(str(send.generation) for send in known)
    notes = (Warned(Concern.SPEC, 0, asked.spec_note),) if asked.spec_note else ()
    never = Warned(Concern.NEVER_SENT, 0, others)
    if not asked.is_known:
        never = Warned(Concern.UNKNOWN_NAME, 0, asked.near or "")
    return SendReport(
        environment=context.environment.name,
        name=asked.name,
        generation=asked.generation,
        path=known[-1].path if known else None,
        verdict=Verdict.UNFINISHED if asked.is_known else Verdict.ATTENTION,
        warnings=(never, *notes),
    )


class _Reporter:
    def __init__(
        self,
        context: ProjectContext,
        ledger: Facts,
        facts: DeliveryFacts | None,
        asked: ReportQuestion,
        send: SendRecord,
        *,
        for_all: bool,
    ) -> None:
        self._for_all = for_all
        self._looked: TableLook | None = None
        self._context, self._ledger, self._asked, self._send = context, ledger, asked, send
        self._facts = facts if facts is not None and facts.counts().deliveries else None
        self._name, self._generation = send.name, send.generation
        self._status = self._found_status()

    def report(self, known: Sequence[SendRecord]) -> SendReport:
        """All parts of the report. They need results of each other, so they are put together in one place."""
        asked, ledger, send = self._asked, self._ledger, self._send
        status, undelivered = self._status, UndeliveredIds()
        delivery = self._delivery(undelivered) if asked.run is None else None
        failed = 0 if delivery is None else delivery.tally.undelivered
        states = ledger.states(self._name, self._generation)
        chosen, tally = self._messages(states, undelivered.ids, failed)
        sizes = self._sizes(tally)
        runs = tally.reported(self._runs())
        if asked.run is not None:
            status = status_of_run(status, runs[0])
        account = status.account
        table = self._table(chosen, sizes)
        segments = segment_counts(sizes.counts)
        prices, prices_note = prices_or_note(self._context)
        cost = cost_by_country(table.countries, segments, prices) if prices and table.countries is not None else None
        guards = guards_of(
            terms_of(asked.spec, self._context.environment.limits),
            GuardFacts(runs=runs, account=account, segments=segments, cost=cost, resent=tally.resent_by_itself),
        )
        verdict_facts = VerdictFacts(
            status=status,
            runs=runs,
            guards=guards,
            undelivered=failed,
            unknown_prices=0 if cost is None else cost.unknown_messages,
            given_up=send.given_up,
            table_notes=() if asked.spec is None and asked.spec_note else table.rows.notes,
            prices_note=prices_note,
            spec_note=asked.spec_note,
        )
        warnings = warnings_of(verdict_facts)
        requests = [each.run.requests for each in runs if each.run.requests is not None]
        return SendReport(
            environment=self._context.environment.name,
            name=self._name,
            generation=self._generation,
            path=send.path,
            verdict=verdict_of(verdict_facts, warnings),
            warnings=warnings,
            account=account,
            under_way=status.under_way,
            only_run=asked.run,
            runs=runs,
            requests=sum(requests) if requests else None,
            guards=guards,
            throughput=tally.throughput(),
            latency=tally.latency(),
            refusals=reasons_of(ledger, send, (State.REFUSED,), tally.outcomes),
            doubts=reasons_of(ledger, send, doubtful_states(status), tally.outcomes),
            segments=segments,
            countries=table.countries,
            cost=cost,
            delivery=delivery,
            earlier=self._earlier(known) if asked.run is None else None,
            recipients=listed_recipients(
                chosen,
                sum(states.values()) if tally.outcomes is None else tally.outcomes.claimed,
                table.rows,
                self._facts if asked.run is None else None,  # deliveries came later than any one run
                tally.moves_of,
                unclaimed=0 if tally.outcomes is None else max(0, account.recipients - tally.outcomes.claimed),
            ),
        )

    def all_recipients(self) -> Iterator[ReportedMessage]:
        """Everybody, with the rows that `report` has found."""
        rows = NO_ROWS if self._looked is None else self._looked.all_rows
        return all_recipients(self._ledger, self._facts, self._send, rows, self._asked.run, self._status)

    def _found_status(self) -> SpecStatus:
        spec = self._asked.spec
        is_current = spec is not None and spec.generation == self._generation and self._asked.run is None
        jobs = planned_jobs([spec], self._context, self._ledger) if spec is not None and is_current else []
        try:
            return status_of(
                self._ledger,
                self._name,
                self._generation,
                job=jobs[0] if jobs else None,
                held_by=process_holding(self._context),
            )
        finally:
            for job in jobs:
                job.table.close()

    def _delivery(
        self, undelivered: UndeliveredIds | None = None, generation: int | None = None
    ) -> DeliveryAccount | None:
        """None: nothing is kept of any delivery, so there is nothing to tell."""
        if self._facts is None:
            return None
        return delivery_account(self._ledger, self._facts, self._name, generation or self._generation, undelivered)

    def _runs(self) -> Sequence[PlannedRun]:
        runs = list(reversed(self._ledger.runs_of(self._name, self._generation, MAX_RUNS)))
        if self._asked.run is None:
            return runs
        found = [run for run in runs if run.run == self._asked.run]
        if not found:
            listed = ", ".join(str(run.run) for run in runs[-10:]) or "none"
            raise WrongUsage(
                f"run {self._asked.run} planned nothing of '{self._name}', generation {self._generation}; its runs are: {listed}",
                "name one of them, or leave out --run",
                option="--run",
            )
        return found

    def _messages(
        self, states: Mapping[State, int], undelivered: Sequence[bytes], failed: int
    ) -> tuple[ChosenMessages, MoveTally]:
        """What to list, and the tally with its moves. What one run left behind is known only after a pass over all moves."""
        ledger, name, generation, living = self._ledger, self._name, self._generation, living_runs(self._status)
        if self._asked.run is None:
            chosen = chosen_messages(ledger, self._status, states, undelivered, failed)
            tally = MoveTally(listed=_keys(chosen), living=living)
            return chosen, tally.read(ledger.recorded_moves(name, generation))
        self._runs()  # refuses another send's run before the pass
        tally = MoveTally(only=self._asked.run, living=living).read(ledger.recorded_moves(name, generation))
        chosen = run_messages(ledger, tally)
        tally.keep(_keys(chosen), ledger.recorded_moves(name, generation))
        return chosen, tally

    def _sizes(self, tally: MoveTally) -> ReportedSizes:
        """What is counted by segments and country: the messages of the account, in its states."""
        run, outcomes = self._asked.run, tally.outcomes
        if run is None or outcomes is None:
            return SizesOfSend(self._ledger, self._send)
        return SizesOfRun(self._ledger, self._send, run, outcomes.ends)

    def _table(self, chosen: ChosenMessages, sizes: ReportedSizes) -> TableLook:
        spec, asked = self._asked.spec, self._asked
        self._looked = look_at_table(
            self._context,
            self._ledger,
            self._send,
            chosen,
            sizes,
            paths=[] if spec is None else [spec.path],
            recipients=asked.recipients,
            for_all=self._for_all,
        )
        return self._looked

    def _earlier(self, known: Sequence[SendRecord]) -> EarlierGeneration | None:
        before = [send for send in known if send.generation < self._generation and send.messages]
        if not before:
            return None
        generation = before[-1].generation
        return EarlierGeneration(
            generation=generation,
            account=status_of(self._ledger, self._name, generation).account,
            segments=segment_counts(self._ledger.sizes(self._name, generation)),
            delivery=self._delivery(generation=generation),
        )


def _keys(chosen: ChosenMessages) -> list[MessageKey]:
    return [key for key, _ in chosen.messages]
