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

PARALLEL_FROM = 1_000
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


def plan_rows(job: Job, view: LedgerView, problems: Problems, processes: int) -> Plan:
    """Plans every row of `job`; faults of rows go to `problems`."""
    return _Planner(job, view, problems, processes).plan()


class _Planner:
    """Counts rows in order. Rows whose decision depends on the ledger wait in `_entries` and `_skips`, for one look-up of many."""

    def __init__(self, job: Job, view: LedgerView, problems: Problems, processes: int) -> None:
        self._job = job
        self._view = view
        self._problems = problems
        self._processes = processes
        self._composer = job.composer(problems)
        self._own_reference = job.program.own_reference
        self._duplicates = Duplicates(job.table, problems, own_reference=self._own_reference)
        self._tally = PlanTally(job.target)
        self._eligibility = view.eligibility
        self._needs_lookup = view.known is not nothing_known or view.retry is not None
        self._block_composer: BlockComposer | None = None
        self._entries: list[PlanEntry] = []
        self._skips: list[Skip | None] = []
        self._planned_found = 0

    def plan(self) -> Plan:
        blocks = self._job.table.blocks(self._problems)
        rows, is_compiled = 0, False
        for number, block in enumerate(blocks, 1):
            if not is_compiled and rows + len(block.lines) >= COMPILED_FROM:
                self._block_composer = self._composer.compile_for_blocks(block.columns, self._eligibility)
                is_compiled = True
            self._count_block(block, self._compose_block(block))
            rows += len(block.read[0])
            if rows >= PARALLEL_FROM and (more := next(blocks, None)) is not None:
                self._plan_in_parallel(chain((more,), blocks), number)
        self._decide_waiting()
        return self._tally.plan(max(0, self._view.planned - self._planned_found))

    def _plan_in_parallel(self, blocks: Iterator[Block], first: int) -> None:
        """Plans the rest of a long table on several processes; `first` is the index of the first of these blocks."""
        with workers_at(self._processes - 1, lambda turn: self._compose_turn(turn, first)) as workers:
            for number, block in enumerate(blocks):
                turn = _turn(number, len(workers))
                received = workers[turn - 1].next(partial(_has_each_row, block)) if turn else None
                self._count_block(block, received or self._compose_block(block))

    def _compose_block(self, block: Block) -> BlockResult:
        """The block as this process composes it. Without a compiled spec, every row is left to `_compose_row`."""
        _, rows = block.read
        return (
            self._block_composer(rows)
            if self._block_composer
            else ([], [], [], [], [(at, None) for at in range(len(rows))])
        )

    def _count_block(self, block: Block, result: BlockResult) -> None:
        keys, segments, forced_by, marks, other_rows = result
        lines = block.lines_of(len(keys) + len(other_rows))
        others = {at: self._compose_row(block.row(at)) if other is None else other for at, other in other_rows}
        if any(other is not None for other in others.values()):
            self._count_mixed_block(lines, result, others)
            return
        if others:  # all of these rows are rejected
            lines = [line for at, line in enumerate(lines) if at not in others]
        repeats = self._duplicates.judge(keys, marks, lines)
        if repeats or self._needs_lookup:
            self._count(list(zip(keys, segments, forced_by, strict=True)), [None] * len(keys), repeats)
        else:
            self._tally.count_sent(keys, segments, forced_by)

    def _count_mixed_block(self, lines: Sequence[int], result: BlockResult, others: Mapping[int, RowResult]) -> None:
        """Counts a block in which some rows are filtered, excluded or composed one by one: `others`, by index."""
        rows = list(_rows(lines, result, others))
        messages = [at for at, row in enumerate(rows) if row[3] is not Skip.FILTERED]
        entries, marks = [row[1] for row in rows], [row[2] for row in rows]
        repeats = self._duplicates.judge(
            [entries[at][0] for at in messages], [marks[at] for at in messages], [rows[at][0] for at in messages]
        )
        self._count(entries, [row[3] for row in rows], {messages[at]: verdict for at, verdict in repeats.items()})

    def _compose_row(self, row: Row) -> RowResult:
        """Composes one row and reports its faults; None if it is rejected."""
        return row_result_of(self._composer.compose(row), self._eligibility, own_reference=self._own_reference)

    def _count(self, entries: list[PlanEntry], skips: list[Skip | None], repeats: Mapping[int, RepeatKind]) -> None:
        """Counts rows. `skips` has the decisions made so far; `repeats` are the rows that repeat a recipient, by index."""
        for at in repeats:
            entries[at], skips[at] = NO_MESSAGE, Skip.DUPLICATE
        if RepeatKind.CONFLICTING in repeats.values():
            kept = [at for at in range(len(entries)) if repeats.get(at) is not RepeatKind.CONFLICTING]
            entries, skips = [entries[at] for at in kept], [skips[at] for at in kept]
        self._entries += entries
        self._skips += skips
        if not self._needs_lookup or len(self._entries) >= LOOKUP_ROWS:
            self._decide_waiting()

    def _decide_waiting(self) -> None:
        """Looks up the waiting messages that nothing else skips, decides them, and counts all rows that wait."""
        entries, skips = self._entries, self._skips
        if self._needs_lookup:
            undecided = [at for at, skip in enumerate(skips) if skip is None]
            for at, skip in zip(undecided, self._decided([entries[at][0] for at in undecided]), strict=True):
                skips[at] = skip
            if self._view.planned:  # excluded recipients are still in the table
                self._find_planned(
                    [entries[at][0] for at, skip in enumerate(skips) if skip in SKIP_BY_EXCLUSION.values() and skip]
                )
        self._tally.count(entries, skips)
        self._entries, self._skips = [], []

    def _decided(self, keys: Sequence[bytes]) -> list[Skip | None]:
        """The decision on each message. A key is the message's id followed by its digest."""
        view = self._view
        known = self._find_planned(keys)
        by_state = {
            state: decide_by_state(state, view.history, view.retry, same=True) for state in (None, *set(known.values()))
        }
        states = list(map(known.get, keys))
        skips = [by_state[state] for state in states]
        if len(known) > len(states) - states.count(None):  # some were planned with another digest
            state_by_id = {key[:ID_BYTES]: state for key, state in known.items()}
            for at, state in enumerate(states):
                if state is None and (other := state_by_id.get(keys[at][:ID_BYTES])) is not None:
                    skips[at] = decide_by_state(other, view.history, view.retry, same=False)
        return skips

    def _find_planned(self, keys: Sequence[bytes]) -> Mapping[bytes, PriorState]:
        """The states of the messages that the ledger knows, by key. Counts the planned ones."""
        known = self._view.known([key[:ID_BYTES] for key in keys])
        self._planned_found += sum(state is State.PLANNED for state in known.values())
        return known

    def _compose_turn(self, turn: int, first: int) -> Iterator[BlockResult]:
        """Runs in another process: composes the blocks of turn `turn`, from block `first` on.

        It reports no faults: the first process composes rejected rows again and reports them.
        """
        composer = self._job.composer(Problems())
        blocks = islice(self._job.table.blocks(Problems()), first, None)
        for number, block in enumerate(blocks):
            if _turn(number, self._processes - 1) == turn:
                composed = map(composer.compose, rows_of((block,)))
                yield (
                    self._compose_block(block)
                    if self._block_composer
                    else block_result_of(composed, self._eligibility, own_reference=self._own_reference)
                )


def _rows(
    lines: Sequence[int], result: BlockResult, others: Mapping[int, RowResult]
) -> Iterator[tuple[int, PlanEntry, bytes, Skip | None]]:
    """The rows in order, without rejected ones: line, plan entry, mark of the reference, reason to skip."""
    keys, segments, forced_by, marks, _ = result
    to_send = zip(zip(keys, segments, forced_by, strict=True), marks or repeat(b""), strict=False)
    for at, line in enumerate(lines):
        if at not in others:
            entry, mark = next(to_send)
            yield line, entry, mark, None
            continue
        other = others[at]
        if other is FILTERED:
            yield line, NO_MESSAGE, b"", Skip.FILTERED
        elif other is not None:
            entry, mark, exclusion = other
            yield line, entry, mark, SKIP_BY_EXCLUSION[exclusion]


def _has_each_row(block: Block, result: BlockResult) -> bool:
    """Whether another process returned a result for every row of the block."""
    count = len(result[0]) + len(result[-1])
    return len(block.lines_of(count)) == count


def _turn(number: int, workers: int) -> int:
    """The process that composes block `number`: 0 for this one, whose turns are spread evenly over a round; others from 1."""
    if not workers:
        return 0
    own = max(TURNS_EACH - (workers + 1) // 2, 1)
    turns = own + TURNS_EACH * workers
    place = number % turns
    own_before = (place - 1) * own // turns + 1
    return 0 if place * own % turns < own else 1 + (place - own_before) % workers
