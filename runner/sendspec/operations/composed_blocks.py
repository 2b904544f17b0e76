"""Composes every row of a job's table in blocks, in row order, by this process or by several.

Each process reads the table itself and composes the blocks of its own turns; this process takes the results in row order. It
composes a block itself if another process fails to return it, for example because it was killed: the results never depend on the
number of processes. This process alone reports faults of rows, so the reports don't either.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain, islice, repeat
from typing import TYPE_CHECKING

from sendspec.composing.block_result import BlockComposer, BlockResult, RowResult, block_result_of, row_result_of
from sendspec.composing.composer import GENERATE_FROM, ComposingStopped
from sendspec.composing.eligibility import Eligibility
from sendspec.composing.message import Composed
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.send_job import Job
from sendspec.reading.tables.block import Block, rows_of

if TYPE_CHECKING:
    from sendspec.composing.row_fault import RowFault, RowFaultFinder

TURNS_EACH = 8
"""Turns of another process in one round. This process takes fewer turns the more there are: it also plans all results."""
TURNS_FOR_LOOK_UPS = 3
"""The turns that this process leaves to others if it also looks every message up in the ledger."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From how many rows on work is done in a faster way, which first takes time to prepare.

    `generate`: rows are composed by a function generated for the spec. `fork`: other processes compose too; starting them takes about
    as long as composing 1,000 rows.
    """

    generate: int = GENERATE_FROM
    fork: int = 1_000


USUAL = Thresholds()


@dataclass(frozen=True, slots=True)
class ComposedBlock:
    """A block of rows, every one composed. `lines` has the line of each row.

    All lists of `result` but the last are of the messages to send; `others` has every other row, by its index in the block. None in
    `others` is a rejected row, whose faults are reported already.
    """

    lines: Sequence[int]
    result: BlockResult
    others: Mapping[int, RowResult]


def composed_blocks(
    job: Job,
    eligibility: Eligibility,
    problems: Problems,
    processes: int,
    thresholds: Thresholds = USUAL,
    *,
    has_more_to_do: bool = False,
) -> Generator[ComposedBlock, None, None]:
    """The blocks of the job's table in order. Close it to end the other processes; what is wrong with rows goes to `problems`.

    `has_more_to_do`: the caller looks the messages up in the ledger, so other processes compose more of them.

    A block's faults are reported before the next block is read: `problems` stays in row order. The blocks end early where composing
    has stopped.
    """
    own_turns = max(TURNS_EACH - 1 - processes - (TURNS_FOR_LOOK_UPS if has_more_to_do else 0), 1)
    return _BlockSource(job, eligibility, problems, processes, thresholds, own_turns).composed()


class _BlockSource:
    """Composes blocks here, and starts and asks the other processes."""

    def __init__(
        self,
        job: Job,
        eligibility: Eligibility,
        problems: Problems,
        processes: int,
        thresholds: Thresholds,
        own_turns: int,
    ) -> None:
        self._job = job
        self._eligibility = eligibility
        self._problems = problems
        self._processes = processes
        self._thresholds = thresholds
        self._own_turns = own_turns
        self._composer = job.composer(problems)
        self._own_reference = job.program.own_reference
        self._generated: BlockComposer | None = None
        self._fault_finder: RowFaultFinder | None = None
        self._has_tried_faults = False
        self._left_open = 0

    def composed(self) -> Generator[ComposedBlock, None, None]:
        with suppress(ComposingStopped):
            yield from self._composed()

    def _composed(self) -> Generator[ComposedBlock, None, None]:
        blocks = self._job.table.blocks(self._problems)
        rows, has_tried = 0, False
        for count, block in enumerate(blocks, 1):
            if not has_tried and rows + len(block.lines) >= self._thresholds.generate:
                self._generated = self._composer.generate_for_blocks(block.columns, self._eligibility)
                has_tried = True
            yield self._completed(block, self._compose_here(block))
            rows += len(block.read[0])
            if rows >= self._thresholds.fork and (following := next(blocks, None)) is not None:
                yield from self._composed_by_several(chain((following,), blocks), skip=count)
                return

    def _composed_by_several(self, blocks: Iterator[Block], skip: int) -> Iterator[ComposedBlock]:
        """The rest of a long table. `skip` is how many blocks are composed already.

        The generated function exists by now, so that the forks have it too.
        """
        from sendspec.operations.fork_pool import workers_at  # loads ctypes, and only long lists need it

        count = self._processes - 1
        with workers_at(count, lambda worker: self._compose_as(worker, count, skip)) as workers:
            for index, block in enumerate(blocks):
                worker = _worker_of(index, len(workers), self._own_turns)
                received = workers[worker - 1].next(partial(_has_each_row, block)) if worker else None
                yield self._completed(block, received or self._compose_here(block))

    def _compose_here(self, block: Block) -> BlockResult:
        """The block as this process composes it. Without a generated function, every row is left to `_completed`."""
        _, rows = block.read
        if self._generated is not None:
            return self._generated(rows)
        return block_result_of(repeat(None, len(rows)))

    def _completed(self, block: Block, result: BlockResult) -> ComposedBlock:
        """Composes the rows that `result` leaves open, one by one, and reports the faults of those that are rejected."""
        fingerprints, other_rows = result[0], result[-1]
        lines = block.lines_of(len(fingerprints) + len(other_rows))  # reads the block unless each line is a row
        faults = self._faults_of(block, [index for index, other in other_rows if other is None])
        others = {
            index: self._compose_row(block, index, faults.get(index)) if other is None else other
            for index, other in other_rows
        }
        return ComposedBlock(lines, result, others)

    def _faults_of(self, block: Block, indexes: list[int]) -> Mapping[int, RowFault | None]:
        """The faults that are known of rows left open, by index in the block. A finder is generated once many rows were left open."""
        self._left_open += len(indexes)
        if self._left_open < self._thresholds.generate or self._generated is None or not indexes:
            return {}
        if not self._has_tried_faults:
            self._has_tried_faults = True
            self._fault_finder = self._composer.generate_for_faults(block.columns)
        if self._fault_finder is None:
            return {}
        _, content = block.read
        found = self._fault_finder.faults_of(
            [content[index] for index in indexes], first_only=self._composer.looks_at_first_fault_only
        )
        return dict(zip(indexes, found, strict=True))

    def _compose_row(self, block: Block, index: int, fault: RowFault | None) -> RowResult:
        if fault is None:
            return self._result_of(self._composer.compose(block.row(index)))
        if self._composer.reject_again(fault, block.read[0][index]):
            return None
        return self._result_of(self._composer.compose_with(block.row(index), fault))

    def _result_of(self, composed: Composed | None) -> RowResult:
        return row_result_of(
            composed,
            self._eligibility,
            self._composer.folded_of,
            self._job.record_part if self._job.setting.keeps_records else None,
            own_reference=self._own_reference,
            count_countries=self._job.setting.count_countries,
        )

    def _compose_as(self, worker: int, workers: int, skip: int) -> Iterator[BlockResult]:
        """Runs in a fork: composes the blocks of one worker, after the first `skip`. Reports no faults, and never uses the ledger."""
        composer = self._job.composer(Problems())
        blocks = islice(self._job.table.blocks(Problems(), compared=False), skip, None)  # this process compares
        for index, block in enumerate(blocks):
            if _worker_of(index, workers, self._own_turns) == worker:
                composed = map(composer.compose, rows_of((block,)))
                yield self._compose_here(block) if self._generated else block_result_of(map(self._result_of, composed))


def _has_each_row(block: Block, result: BlockResult) -> bool:
    """Whether another process returned a result for every row of the block."""
    count = len(result[0]) + len(result[-1])
    return len(block.lines_of(count)) == count


def _worker_of(index: int, workers: int, own: int) -> int:
    """Which process composes a block: 0 is this one, which has `own` turns in a round; the others count from 1.

    This process's blocks are spread evenly over a round. With one other, a round is 0 1 1 0 1 1 0 1 0 1 1 0 1: this process composes
    five blocks of thirteen.
    """
    if not workers:
        return 0
    turns = own + TURNS_EACH * workers
    place = index % turns
    own_before = (place - 1) * own // turns + 1
    return 0 if place * own % turns < own else 1 + (place - own_before) % workers
