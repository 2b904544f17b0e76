"""Every row of a job planned, in blocks: on one process, or composed on several that each take their share of the blocks.

Each process reads the whole table for itself and composes the blocks whose turn is its own; this one takes the results in the
order of the rows. A block that a process doesn't give back, because it was killed say, is composed here: what the plan says
never hangs on how many there were. What is wrong with a row is always found here, so that it is told as if there were one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

from runner.cli.job import Job
from runner.cli.workers import workers_at
from runner.composing.duplicates import Duplicates, Verdict
from runner.composing.identity import ID_BYTES
from runner.composing.message import Composed, Message
from runner.planning.decide import History, Retry, Skip, decide_by_fact
from runner.planning.plan import NO_MESSAGE, Entry, Lookup, Plan, PlanTally, entry_of, nothing_known
from runner.reading.diagnostic import Problems
from runner.reading.row import Row

if TYPE_CHECKING:
    from runner.composing.compiled import Compiled

BLOCK = 500
SEVERAL_FROM = 5
"""Blocks that are planned before others are started: below, starting them costs more than they save."""
OWN_SHARE, TURNS_EACH = 1, 2
"""Of the turns of a round, this process takes fewer: it has the results to take in as well."""

Shared = tuple[Entry, str, bool]
"""A row as it goes from one process to another: its entry, its reference, and whether its receiver may not be reached."""


@dataclass(frozen=True, slots=True)
class Ledgered:
    """What the plan is held against: the ledger's facts, who may be reached, and which messages a person chose."""

    lookup: Lookup
    history: History
    only_to: frozenset[str] | None
    retry: Retry | None = None


def plan_rows(job: Job, ledgered: Ledgered, problems: Problems, processes: int) -> Plan:
    """Plans every row of `job`; what is wrong with rows is among `problems`."""
    return _Planner(job, ledgered, problems, processes).plan()


class _Planner:
    def __init__(self, job: Job, ledgered: Ledgered, problems: Problems, processes: int) -> None:
        self._job = job
        self._ledgered = ledgered
        self._problems = problems
        self._processes = processes
        self._composer = job.composer(problems)
        self._duplicates = Duplicates(job.table, problems, own_reference=job.program.own_reference)
        self._tally = PlanTally(job.target)
        self._own_reference = job.program.own_reference
        self._only_to = ledgered.only_to
        self._asks = ledgered.lookup is not nothing_known or ledgered.retry is not None

    def plan(self) -> Plan:
        blocks = _blocks(self._job.table.rows(self._problems))
        first = next(blocks, [])
        if len(first) < BLOCK:
            self._take_in(first, [None] * len(first))
        else:
            self._compiled(first, blocks)
        return self._tally.plan()

    def _compiled(self, first: list[Row], rest: Iterator[list[Row]]) -> None:
        """The blocks of a list that is worth compiling its spec."""
        quick = self._composer.compiled(first[0].columns)
        for block in islice(chain((first,), rest), SEVERAL_FROM):
            self._take_in(block, self._composed(block, quick))
        more = next(rest, None)
        if more is not None:
            self._on_several(chain((more,), rest), quick)

    def _on_several(self, blocks: Iterator[list[Row]], quick: Compiled | None) -> None:
        """The blocks of a list that is worth other processes."""
        with workers_at(self._processes - 1, lambda turn: self._work(turn, quick)) as workers:
            for number, block in enumerate(blocks):
                turn = _turn(number, len(workers))
                given = workers[turn - 1].next(len(block)) if turn else None
                self._take_in(block, self._composed(block, quick) if given is None else given)

    def _composed(self, block: Sequence[Row], quick: Compiled | None) -> list[Shared | None]:
        if quick is None:
            return [None] * len(block)
        shared = self._shared
        return [None if (item := quick(row)) is None else shared(item) for row in block]

    def _shared(self, item: Composed) -> Shared:
        if not isinstance(item, Message):
            return (NO_MESSAGE, "", False)
        reference = item.reference if self._own_reference else ""
        return (entry_of(item), reference, self._only_to is not None and item.receiver not in self._only_to)

    def _take_in(self, block: Sequence[Row], found: Sequence[Shared | None]) -> None:
        """Judges a block's rows in order, each with what was found of it; None is composed here, and what is wrong told."""
        entries: list[tuple[Entry, Skip | None]] = []
        waiting: list[tuple[int, bytes, bytes]] = []
        judge = self._duplicates.judge
        for row, shared in zip(block, found, strict=True):
            if shared is None:
                item = self._composer.compose(row)
                if item is None:
                    continue
                shared = self._shared(item)
            entry, reference, unreachable = shared
            sealed, skip = entry[0], None
            if not sealed:
                skip = Skip.FILTERED
            elif (verdict := judge(sealed, reference, row[0])) is not Verdict.FIRST:
                if verdict is Verdict.CONFLICTING:
                    continue
                entry, skip = NO_MESSAGE, Skip.DUPLICATE
            elif unreachable:
                skip = Skip.ONLY_TO
            elif self._asks:
                waiting.append((len(entries), sealed[:ID_BYTES], sealed[ID_BYTES:]))
            entries.append((entry, skip))
        if waiting:
            self._look_up(entries, waiting)
        self._tally.count(entries)

    def _look_up(self, entries: list[tuple[Entry, Skip | None]], waiting: Sequence[tuple[int, bytes, bytes]]) -> None:
        """Decides the messages that nothing but the ledger, or a person's choice, could hold back."""
        ledgered = self._ledgered
        facts = ledgered.lookup([identity for _, identity, _ in waiting])
        for at, identity, digest in waiting:
            skip = decide_by_fact(digest, facts.get(identity), ledgered.history, ledgered.retry)
            entries[at] = (entries[at][0], skip)

    # ── in another process ───────────────────────────────────────────────────────────────────────────────────────

    def _work(self, turn: int, quick: Compiled | None) -> Iterator[list[Shared | None]]:
        """The blocks whose turn is `turn`; problems found here are found again by the process that tells them."""
        composer = self._job.composer(Problems())
        compose: Callable[[Row], Composed | None] = composer.compose if quick is None else quick
        blocks = islice(_blocks(self._job.table.rows(Problems())), SEVERAL_FROM, None)
        for number, block in enumerate(blocks):
            if _turn(number, self._processes - 1) == turn:
                yield [None if (item := compose(row)) is None else self._shared(item) for row in block]


def _blocks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while block := list(islice(rows, BLOCK)):
        yield block


def _turn(number: int, workers: int) -> int:
    """Whose turn a block is: 0 for this process, else the number of another, from 1."""
    if not workers:
        return 0
    place = number % (OWN_SHARE + TURNS_EACH * workers)
    return 0 if place < OWN_SHARE else 1 + (place - OWN_SHARE) % workers
