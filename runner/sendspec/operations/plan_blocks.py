"""Plans every row of a job in blocks, composed by this process or by several.

Each process reads the table itself and composes the blocks of its own turns; this process takes the results in row order. It
composes a block itself if another process fails to return it, for example because it was killed: the plan never depends on the
number of processes. This process alone reports faults of rows, so that the report doesn't either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice, repeat

from sendspec.composing.block_result import (
    FILTERED,
    BlockComposer,
    BlockResult,
    PlanEntry,
    RowResult,
    block_result_of,
    row_result_of,
)
from sendspec.composing.composer import COMPILED_FROM
from sendspec.composing.duplicates import Duplicates, RepeatKind
from sendspec.composing.eligibility import Eligibility
from sendspec.composing.identity import ID_BYTES
from sendspec.diagnostics.diagnostic import Problems
from sendspec.operations.fork_pool import workers_at
from sendspec.operations.send_job import Job
from sendspec.planning.decision import (
    SKIP_BY_EXCLUSION,
    FactLookup,
    History,
    Retry,
    Skip,
    StateLookup,
    decide_by_state,
    nothing_known,
)
from sendspec.planning.fact import PriorState
from sendspec.planning.message_state import State
from sendspec.planning.plan import NO_MESSAGE, Plan, PlanTally
from sendspec.reading.tables.block import Block, rows_of
from sendspec.reading.tables.row import Row

SEVERAL_FROM = 1_000
"""Rows that are planned before other processes start. Starting them takes about as long as composing so many rows."""
LOOKUP_ROWS = 20_000
"""Rows that are looked up in the ledger together."""
TURNS_EACH = 4
"""Turns of another process in one round. This process takes fewer turns the more there are: it also counts all results."""


@dataclass(frozen=True, slots=True)
class LedgerView:
    """What messages are compared with: the ledger's facts, who may be reached, and what a person chose to retry.

    `planned` counts the spec's messages, of any generation, that the ledger has as planned and not sent.
    """

    lookup: FactLookup
    known: StateLookup
    history: History
    eligibility: Eligibility
    retry: Retry | None = None
    planned: int = 0


def plan_rows(job: Job, ledgered: LedgerView, problems: Problems, processes: int) -> Plan:
    """Plans every row of `job`; faults of rows go to `problems`."""
    return _Planner(job, ledgered, problems, processes).plan()


class _Planner:
    def __init__(self, job: Job, ledgered: LedgerView, problems: Problems, processes: int) -> None:
        self._job = job
        self._ledgered = ledgered
        self._problems = problems
        self._processes = processes
        self._composer = job.composer(problems)
        self._own_reference = job.program.own_reference
        self._duplicates = Duplicates(job.table, problems, own_reference=self._own_reference)
        self._tally = PlanTally(job.target)
        self._eligibility = ledgered.eligibility
        self._asks = ledgered.known is not nothing_known or ledgered.retry is not None
        self._quick: BlockComposer | None = None
        self._entries: list[PlanEntry] = []
        self._skips: list[Skip | None] = []
        self._planned_found = 0

    def plan(self) -> Plan:
        blocks = self._job.table.blocks(self._problems)
        rows, is_compiled = 0, False
        for number, block in enumerate(blocks, 1):
            if not is_compiled and rows + len(block.lines) >= COMPILED_FROM:
                self._quick, is_compiled = self._composer.compile_for_blocks(block.columns, self._eligibility), True
            self._take_in(block, self._found(block))
            rows += len(block.read[0])
            if rows >= SEVERAL_FROM and (more := next(blocks, None)) is not None:
                self._on_several(chain((more,), blocks), number)
        self._count_waiting()
        return self._tally.plan(max(0, self._ledgered.planned - self._planned_found))

    def _on_several(self, blocks: Iterator[Block], begun: int) -> None:
        """Plans the blocks of a long list on several processes; `begun` blocks came before."""
        with workers_at(self._processes - 1, lambda turn: self._work(turn, begun)) as workers:
            for number, block in enumerate(blocks):
                turn = _turn(number, len(workers))
                given = workers[turn - 1].next(partial(_fits, block)) if turn else None
                self._take_in(block, given or self._found(block))

    def _found(self, block: Block) -> BlockResult:
        """The block as this process composes it; without a compiled spec, every row needs to be composed by itself."""
        _, held = block.read
        return self._quick(held) if self._quick else ([], [], [], [], [(at, None) for at in range(len(held))])

    def _take_in(self, block: Block, found: BlockResult) -> None:
        sealed, segments, forced, marks, given = found
        lines = block.lines_of(len(sealed) + len(given))
        odds = {at: self._looked_at(block.row(at)) if odd is None else odd for at, odd in given}
        if any(odd is not None for odd in odds.values()):
            self._take_in_odd(lines, found, odds)
            return
        if odds:  # all of these rows are rejected
            lines = [line for at, line in enumerate(lines) if at not in odds]
        again = self._duplicates.judge(sealed, marks, lines)
        if again or self._asks:
            self._count(list(zip(sealed, segments, forced, strict=True)), [None] * len(sealed), again)
        else:
            self._tally.count_sent(sealed, segments, forced)

    def _take_in_odd(self, lines: Sequence[int], found: BlockResult, odds: Mapping[int, RowResult]) -> None:
        """Counts a block with rows that are not simply to be sent."""
        rows = list(_rows(lines, found, odds))
        messages = [at for at, row in enumerate(rows) if row[3] is not Skip.FILTERED]
        entries, marks = [row[1] for row in rows], [row[2] for row in rows]
        again = self._duplicates.judge(
            [entries[at][0] for at in messages], [marks[at] for at in messages], [rows[at][0] for at in messages]
        )
        self._count(entries, [row[3] for row in rows], {messages[at]: verdict for at, verdict in again.items()})

    def _looked_at(self, row: Row) -> RowResult:
        """Composes a row by itself and reports its faults; None if it is rejected."""
        return row_result_of(self._composer.compose(row), self._eligibility, own_reference=self._own_reference)

    def _count(self, entries: list[PlanEntry], skips: list[Skip | None], again: Mapping[int, RepeatKind]) -> None:
        """Counts rows. `skips` has the decisions that are known so far; `again` are rows that repeat a recipient."""
        for at in again:
            entries[at], skips[at] = NO_MESSAGE, Skip.DUPLICATE
        if RepeatKind.CONFLICTING in again.values():
            kept = [at for at in range(len(entries)) if again.get(at) is not RepeatKind.CONFLICTING]
            entries, skips = [entries[at] for at in kept], [skips[at] for at in kept]
        self._entries += entries
        self._skips += skips
        if not self._asks or len(self._entries) >= LOOKUP_ROWS:
            self._count_waiting()

    def _count_waiting(self) -> None:
        """Decides the messages that only the ledger or a person's choice could hold back, then counts all rows that wait."""
        entries, skips = self._entries, self._skips
        if self._asks:
            waiting = [at for at, skip in enumerate(skips) if skip is None]
            for at, skip in zip(waiting, self._decided([entries[at][0] for at in waiting]), strict=True):
                skips[at] = skip
            if self._ledgered.planned:  # barred recipients are still in the table
                self._find_planned(
                    [entries[at][0] for at, skip in enumerate(skips) if skip in SKIP_BY_EXCLUSION.values() and skip]
                )
        self._tally.count(entries, skips)
        self._entries, self._skips = [], []

    def _decided(self, sealed: Sequence[bytes]) -> list[Skip | None]:
        held = self._ledgered
        known = self._find_planned(sealed)
        by_state = {
            state: decide_by_state(state, held.history, held.retry, same=True) for state in (None, *set(known.values()))
        }
        states = list(map(known.get, sealed))
        skips = [by_state[state] for state in states]
        if len(known) > len(states) - states.count(None):  # some were planned with another digest
            others = {each[:ID_BYTES]: state for each, state in known.items()}
            for at, state in enumerate(states):
                if state is None and (other := others.get(sealed[at][:ID_BYTES])) is not None:
                    skips[at] = decide_by_state(other, held.history, held.retry, same=False)
        return skips

    def _find_planned(self, sealed: Sequence[bytes]) -> Mapping[bytes, PriorState]:
        """What the ledger knows of these messages. Counts the planned ones."""
        known = self._ledgered.known([each[:ID_BYTES] for each in sealed])
        self._planned_found += sum(standing is State.PLANNED for standing in known.values())
        return known

    def _work(self, turn: int, begun: int) -> Iterator[BlockResult]:
        """Runs in another process: composes the blocks of turn `turn`. The first process finds their faults again and reports them."""
        composer = self._job.composer(Problems())
        blocks = islice(self._job.table.blocks(Problems()), begun, None)
        for number, block in enumerate(blocks):
            if _turn(number, self._processes - 1) == turn:
                composed = map(composer.compose, rows_of((block,)))
                yield (
                    self._found(block)
                    if self._quick
                    else block_result_of(composed, self._eligibility, own_reference=self._own_reference)
                )


def _rows(
    lines: Sequence[int], found: BlockResult, odds: Mapping[int, RowResult]
) -> Iterator[tuple[int, PlanEntry, bytes, Skip | None]]:
    """The rows in order, without rejected ones: line, what is counted, mark of the reference, reason to skip."""
    sealed, segments, forced, marks, _ = found
    plain = zip(zip(sealed, segments, forced, strict=True), marks or repeat(b""), strict=False)
    for at, line in enumerate(lines):
        if at not in odds:
            entry, mark = next(plain)
            yield line, entry, mark, None
            continue
        odd = odds[at]
        if odd is FILTERED:
            yield line, NO_MESSAGE, b"", Skip.FILTERED
        elif odd is not None:
            entry, mark, exclusion = odd
            yield line, entry, mark, SKIP_BY_EXCLUSION[exclusion]


def _fits(block: Block, found: BlockResult) -> bool:
    count = len(found[0]) + len(found[-1])
    return len(block.lines_of(count)) == count


def _turn(number: int, workers: int) -> int:
    """Which process composes a block: 0 for this one, whose turns are spread evenly over a round, others from 1."""
    if not workers:
        return 0
    own = max(TURNS_EACH - (workers + 1) // 2, 1)
    turns = own + TURNS_EACH * workers
    place = number % turns
    own_before = (place - 1) * own // turns + 1
    return 0 if place * own % turns < own else 1 + (place - own_before) % workers
