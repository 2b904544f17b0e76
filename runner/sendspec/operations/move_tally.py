"""Counts what a report tells of a send's recorded moves, in one pass over them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import field
from math import inf

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.run_note import PlannedRun
from sendspec.ledger.send_record import MessageKey, RecordedMove
from sendspec.operations.report_buckets import TimedCounts, laid_out
from sendspec.operations.report_latency import LatencyCount
from sendspec.operations.report_outcomes import RunOutcomes
from sendspec.operations.report_pauses import PauseCount
from sendspec.operations.report_speed import Latency, Throughput
from sendspec.operations.send_report import MessageMove, ReportedRun
from sendspec.planning.message_state import State
from sendspec.planning.totals import Totals
from sendspec.sending.absence import ABSENT

_KIND_BY_WORD = {
    State.ACCEPTED.value: 0,
    State.REFUSED.value: 1,
    State.IN_DOUBT.value: 2,
    State.PLANNED.value: 3,
}
"""The order of `Bucket`. What is planned again was released."""
_ACCEPTED, _SENDING = State.ACCEPTED.value, State.SENDING.value
_IN_DOUBT, _PLANNED = State.IN_DOUBT.value, State.PLANNED.value
MAX_MOVES_LISTED = 50
"""Moves of one message that are kept, the first ones and the last."""


@dataclass(slots=True)
class _RunCount:
    ended: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    open: int = 0
    found: int = 0
    first: float | None = None
    last: float | None = None
    last_claim: float | None = None

    def claimed(self, at: float) -> None:
        self.first = at if self.first is None else self.first
        self.last_claim = at

    @property
    def latest(self) -> float:
        """Its last claim or result."""
        return max(self.last or 0.0, self.last_claim or 0.0)


class MoveTally:
    """`only` counts the outcomes of one run's claims. `listed` are the messages whose moves are kept, `living` the runs that are sending."""

    def __init__(
        self, *, only: int | None = None, listed: Collection[MessageKey] = (), living: Collection[int] = ()
    ) -> None:
        self._only, self._living = only, living
        self._listed = frozenset(listed)
        self._runs: dict[int | None, _RunCount] = {}
        self._claims: dict[MessageKey, tuple[float, int | None]] = {}
        self._doubts: dict[MessageKey, int | None] = {}
        self._counts, self._latency, self._pauses = TimedCounts(), LatencyCount(), PauseCount()
        self.outcomes = None if only is None else RunOutcomes()
        self.moves_of: dict[MessageKey, list[MessageMove]] = {}
        self.resent_by_itself = 0

    def read(self, moves: Iterable[RecordedMove]) -> MoveTally:
        """Counts all moves, in the order in which they were recorded. One long loop: it runs millions of times."""
        listed, only, claims = self._listed, self._only, self._claims
        pauses, latency, counts, outcomes = self._pauses, self._latency, self._counts, self.outcomes
        last_run: int | None = -1
        count, last_at, cell = _RunCount(), -inf, [0, 0, 0, 0]
        for move in moves:
            message, at, run, _, origin, target, evidence = move
            if run != last_run:
                last_run, count = run, self._run(run)
            if target == _SENDING:
                claims[message] = (at, run)
                count.claimed(at)
                if pauses.is_any_open and (only is None or run == only):
                    pauses.claimed(run, at)
            elif origin == _SENDING:
                claimed_at, owner = claims.pop(message, (None, run))
                kind = _KIND_BY_WORD.get(target)
                if owner != run and claimed_at is not None:
                    self._settle_for_another(move, owner, claimed_at, kind)
                    last_at = -inf
                elif kind is not None:
                    count.ended[kind] += 1
                    count.last = at
                    if target == _IN_DOUBT:
                        self._doubts[message] = run
                    if only is None or run == only:
                        if outcomes is not None:
                            outcomes.add(message, target, evidence)
                        if at != last_at:
                            last_at, cell = at, counts.cell(at)
                        cell[kind] += 1
                        if claimed_at is not None:
                            latency.add(at - claimed_at)
                        if target == _PLANNED:
                            pauses.released(run, at, evidence)
            elif origin == _IN_DOUBT:
                self.resent_by_itself += target == _PLANNED and evidence == ABSENT
                self._settle_doubt(move, count)
            if message in listed:
                self._keep(move)
        for message, (_, run) in claims.items():  # on the way, or the run is dead and no later one has begun
            self._run(run).open += 1
            if outcomes is not None and run == only:
                outcomes.add(message, _SENDING if run in self._living else _IN_DOUBT, None)
        if outcomes is not None:
            outcomes.close()
        return self

    def _run(self, number: int | None) -> _RunCount:
        return self._runs.setdefault(number, _RunCount())

    def _settle_for_another(self, move: RecordedMove, owner: int | None, claimed_at: float, kind: int | None) -> None:
        """A run that died settles nothing: the next one notes the doubt, at its own time. It belongs to the run and time of the claim."""
        if kind is None:
            return
        self._run(owner).ended[kind] += 1
        if self._only is None or owner == self._only:
            self._counts.cell(claimed_at)[kind] += 1
            if self.outcomes is not None:
                self.outcomes.add(move.message, move.target, move.evidence)

    def _settle_doubt(self, move: RecordedMove, count: _RunCount) -> None:
        """A run that settles a doubt of its own has no doubt at its end, as `send` counts it. A doubt of an earlier run stays that run's."""
        owner, kind = self._doubts.pop(move.message, None), _KIND_BY_WORD.get(move.target)
        if owner is None or owner != move.run or kind is None:
            count.found += move.target == _ACCEPTED
            return
        count.ended[_KIND_BY_WORD[_IN_DOUBT]] -= 1
        count.ended[kind] += 1
        if self.outcomes is not None and move.run == self._only:
            self.outcomes.add(move.message, move.target, move.evidence)

    def keep(self, listed: Collection[MessageKey], moves: Iterable[RecordedMove]) -> None:
        """Keeps the moves of these messages, and counts nothing."""
        wanted = frozenset(listed)
        for move in moves if wanted else ():
            if move.message in wanted:
                self._keep(move)

    def _keep(self, move: RecordedMove) -> None:
        kept = self.moves_of.setdefault(move.message, [])
        if len(kept) == MAX_MOVES_LISTED:
            del kept[MAX_MOVES_LISTED // 2]
        kept.append(message_move(move))

    def latency(self) -> Latency:
        return self._latency.latency()

    def throughput(self) -> Throughput:
        """Over the time in which runs were sending, from each one's first claim to its last move."""
        stretches = [
            (count.first, count.latest)
            for run, count in self._runs.items()
            if count.first is not None and (self._only is None or run == self._only)
        ]
        width, buckets, gaps = laid_out(self._counts, stretches)
        return Throughput(seconds=width, buckets=buckets, gaps=gaps, bands=self._pauses.bands(buckets, width))

    def reported(self, runs: Iterable[PlannedRun]) -> tuple[ReportedRun, ...]:
        """The runs with what became of their claims."""
        return tuple(self._reported(run) for run in runs)

    def _reported(self, run: PlannedRun) -> ReportedRun:
        count = self._runs.get(run.run, _RunCount())
        accepted, refused, doubts, released = count.ended
        in_doubt = doubts + count.open
        return ReportedRun(
            run=run,
            account=Totals(
                accepted=accepted,
                refused=refused,
                in_doubt=in_doubt,
                not_sent=max(0, run.messages - accepted - refused - in_doubt),
                skipped={},
            ),
            released=released,
            found=count.found,
            under_way=count.open if run.run in self._living else None,
            first=count.first,
            last=count.last,
            last_claim=count.last_claim,
        )


def message_move(move: RecordedMove) -> MessageMove:
    return MessageMove(
        at=move.at, run=move.run, attempt=move.attempt, origin=move.origin, target=move.target, evidence=move.evidence
    )
