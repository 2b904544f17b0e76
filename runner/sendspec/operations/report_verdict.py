"""How a send went: its warnings, and the verdict that follows from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.run_ending import INTERRUPTED
from sendspec.operations.send_report import Concern, Guard, ReportedRun, Verdict, Warned
from sendspec.operations.status import SpecStatus

FINISHED = "finished"
"""The ending of a run that was not stopped."""
HARMLESS = frozenset(
    {Concern.KILLED, Concern.STOPPED, Concern.TABLE, Concern.SPEC, Concern.UNKNOWN_PRICE, Concern.PRICES}
)
"""Warnings that leave a send all right: it was finished later, or only the report lacks something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictFacts:
    """`given_up` is a person's reason for giving the generation up. Notes say why the table, the prices or the spec could not be read."""

    status: SpecStatus
    runs: Sequence[ReportedRun]
    guards: Sequence[Guard]
    undelivered: int
    unknown_prices: int
    given_up: str | None
    table_notes: Sequence[str] = ()
    prices_note: str = ""
    spec_note: str = ""


def warnings_of(facts: VerdictFacts) -> tuple[Warned, ...]:
    """The most urgent first: who must be called, what waits, what went wrong on the way, what the report lacks."""
    return tuple(_warnings(facts))


def _warnings(facts: VerdictFacts) -> Iterator[Warned]:
    status = facts.status
    account = status.account
    counts = (
        (Concern.REFUSED, account.refused),
        (Concern.UNDELIVERED, facts.undelivered),
        (Concern.IN_DOUBT, status.in_doubt),
        (Concern.NOT_SENT, account.not_sent),
        (Concern.LEFT, account.left),
        (Concern.EARLIER_DOUBTS, status.earlier_doubts),
    )
    if status.under_way is not None:
        yield Warned(Concern.UNDER_WAY, status.under_way)
    yield from (Warned(concern, count) for concern, count in counts if count > 0)
    if facts.given_up is not None:
        yield Warned(Concern.GIVEN_UP, 0, facts.given_up)
    for each in facts.runs:
        run = each.run
        if run.ended_at is None:
            if each.under_way is None:
                yield Warned(Concern.KILLED, run.run)
        elif run.ending != FINISHED:
            yield Warned(Concern.STOPPED, run.run, run.ending or "")
    yield from (Warned(Concern.GUARD, 0, guard.name) for guard in facts.guards if guard.held is False)
    if facts.unknown_prices:
        yield Warned(Concern.UNKNOWN_PRICE, facts.unknown_prices)
    if facts.prices_note:
        yield Warned(Concern.PRICES, 0, facts.prices_note)
    yield from (Warned(Concern.TABLE, 0, note) for note in facts.table_notes)
    if facts.spec_note:
        yield Warned(Concern.SPEC, 0, facts.spec_note)


def verdict_of(facts: VerdictFacts, warnings: Sequence[Warned]) -> Verdict:
    account = facts.status.account
    latest = max(facts.runs, key=lambda each: each.run.run, default=None)
    if facts.status.under_way is not None:
        return Verdict.UNFINISHED
    if account.not_sent and latest is not None and _was_stopped(latest):
        return Verdict.FAILED
    if not account.accepted and account.refused + account.in_doubt and not account.skipped_total:
        return Verdict.FAILED
    if account.not_sent and facts.given_up is None:
        return Verdict.UNFINISHED
    return Verdict.ATTENTION if any(each.concern not in HARMLESS for each in warnings) else Verdict.OK


def status_of_run(status: SpecStatus, run: ReportedRun) -> SpecStatus:
    """The status of a send as the verdict on one of its runs reads it: with that run's account alone."""
    return SpecStatus(name=status.name, generation=status.generation, account=run.account, under_way=run.under_way)


def _was_stopped(run: ReportedRun) -> bool:
    """By the API, a guard or trouble; not by a person, and not by a kill."""
    ending = run.run.ending
    return ending is not None and ending != FINISHED and not ending.startswith(INTERRUPTED)
