"""Plans every row of a job from its composed blocks: finds repeated recipients, asks the ledger, and counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import compress, repeat
from operator import itemgetter
from typing import TYPE_CHECKING

from sendspec.composing.block_result import FILTERED, NO_MESSAGE, PlanEntry
from sendspec.composing.duplicates import Duplicates, RepeatKind
from sendspec.composing.error_cells import columns_of
from sendspec.composing.identity import ID_BYTES
from sendspec.diagnostics.diagnostic import Problems
from sendspec.operations.composed_blocks import USUAL, ComposedBlock, Thresholds, composed_blocks
from sendspec.operations.listener import Preparation, Watch, ignore
from sendspec.operations.send_job import Job
from sendspec.planning.choice import ALL_DUE
from sendspec.planning.decision import SKIP_BY_EXCLUSION, Skip, decide_by_state, nothing_known
from sendspec.planning.fact import PriorState
from sendspec.planning.ledger_view import LedgerView
from sendspec.planning.message_state import State
from sendspec.planning.pair_set import pair_of
from sendspec.planning.plan import DeclaredPairs, Plan, PlanTally

if TYPE_CHECKING:
    from sendspec.operations.record_spool import RecordSpool

LOOKUP_ROWS = 20_000
"""Rows that are looked up in the ledger together."""
_ID_IN = itemgetter(slice(ID_BYTES))
_EXCLUDED = (Skip.ONLY_TO, Skip.SUPPRESSED, Skip.OPTED_OUT)


def plan_rows(
    job: Job,
    view: LedgerView,
    problems: Problems,
    processes: int,
    thresholds: Thresholds = USUAL,
    pairs: DeclaredPairs | None = None,
    records: RecordSpool | None = None,
    watch: Watch = ignore,
) -> Plan:
    """Plans every row of `job`; faults of rows go to `problems`, and the pairs of all declared messages to `pairs`.

    `records` takes the records of the messages to send; they are complete only if no row has an error. `watch` hears how many rows
    are planned.
    """
    if records is not None:
        job = job.keeping_records()
    builder = _PlanBuilder(job, view, problems, pairs, records)
    # closed at once when something fails, not when the traceback is freed: other processes are at work
    has_more_to_do = view.states_of is not nothing_known
    with closing(
        composed_blocks(job, view.eligibility, problems, processes, thresholds, has_more_to_do=has_more_to_do)
    ) as blocks:
        rows = 0
        for block in blocks:
            builder.add(block)
            rows += len(block.lines)
            watch(Preparation(job.spec.name, rows))
    return builder.plan()


class _PlanBuilder:
    """Adds rows in order. Those whose decision depends on the ledger wait as pending, for one look-up of many."""

    def __init__(
        self,
        job: Job,
        view: LedgerView,
        problems: Problems,
        pairs: DeclaredPairs | None,
        records: RecordSpool | None,
    ) -> None:
        self._view = view
        self._records = records
        self._duplicates = Duplicates(
            job.table,
            problems,
            own_reference=job.program.own_reference,
            fixed=job.program.fixed_recipient(job.table.columns),
            key_of=job.key_of,
            used=columns_of(job.program.content),
        )
        self._tally = PlanTally(job.target, pairs, count_countries=job.setting.count_countries)
        self._own_reference = job.program.own_reference
        self._asks_ledger = view.states_of is not nothing_known or view.choice != ALL_DUE or view.history.expired
        self._pending_entries: list[PlanEntry] = []
        self._pending_pairs: list[bytes] = []
        self._pending_lines: list[int] = []
        self._pending_skips: list[Skip | None] = []
        self._pending_candidates: list[bool] = []
        self._planned_found = 0

    def add(self, block: ComposedBlock) -> None:
        if self._records is not None:
            self._records.add(block)
        if any(other is not None for other in block.others.values()):
            self._add_mixed(block)
            return
        fingerprints, sizes, forced_by, alternatives, countries, reference_hashes, folded, _, _ = block.result
        lines = block.lines
        if block.others:  # rejected rows
            lines = [line for index, line in enumerate(lines) if index not in block.others]
        repeats = self._duplicates.judge(_compared(fingerprints, folded), reference_hashes, lines)
        pairs = self._pairs_of(fingerprints, reference_hashes)
        if repeats or self._asks_ledger:
            entries: list[PlanEntry] = list(zip(*block.result[:5], strict=True))
            self._queue(entries, [None] * len(entries), list(pairs), list(lines), repeats)
        else:
            self._tally.count_sent(fingerprints, sizes, forced_by, alternatives, countries, pairs=pairs, lines=lines)
            if self._records is not None:
                self._records.settle(None)

    def plan(self) -> Plan:
        self._decide_pending()
        return self._tally.plan(max(0, self._view.planned_count - self._planned_found))

    def _add_mixed(self, block: ComposedBlock) -> None:
        """Adds a block in which some rows are filtered, excluded or composed one by one."""
        rows = list(_rows(block))
        messages = [index for index, row in enumerate(rows) if row[3] is not Skip.FILTERED]
        entries, reference_hashes = [row[1] for row in rows], [row[2] for row in rows]
        repeats = self._duplicates.judge(
            [rows[index][4] or entries[index][0] for index in messages],
            [reference_hashes[index] for index in messages],
            [rows[index][0] for index in messages],
        )
        pairs = list(self._pairs_of([entry[0] for entry in entries], reference_hashes))
        by_row = {messages[index]: kind for index, kind in repeats.items()}
        self._queue(entries, [row[3] for row in rows], pairs, [row[0] for row in rows], by_row)

    def _pairs_of(self, fingerprints: list[bytes], reference_hashes: Sequence[bytes]) -> list[bytes]:
        """The pair of each message, and an empty one of a row without a message."""
        if not self._own_reference:
            return fingerprints
        return [each and pair_of(each, hashed) for each, hashed in zip(fingerprints, reference_hashes, strict=True)]

    def _queue(
        self,
        entries: list[PlanEntry],
        skips: list[Skip | None],
        pairs: list[bytes],
        lines: list[int],
        repeats: Mapping[int, RepeatKind],
    ) -> None:
        """Adds rows to the pending ones. `skips` has the decisions made so far; `repeats` are rows that repeat a recipient, by index."""
        if self._records is not None:
            self._pending_candidates += [skip is None for skip in skips]
        for index in repeats:
            entries[index], skips[index], pairs[index] = NO_MESSAGE, Skip.DUPLICATE, b""
        if RepeatKind.CONFLICTING in repeats.values():
            kept = [index for index in range(len(entries)) if repeats.get(index) is not RepeatKind.CONFLICTING]
            entries, skips, pairs, lines = ([each[index] for index in kept] for each in (entries, skips, pairs, lines))  # type: ignore[assignment]
        self._pending_entries += entries
        self._pending_pairs += pairs
        self._pending_lines += lines
        self._pending_skips += skips
        if not self._asks_ledger or len(self._pending_entries) >= LOOKUP_ROWS:
            self._decide_pending()

    def _decide_pending(self) -> None:
        """Looks up the pending messages that nothing else skips, decides them, and counts all pending rows."""
        entries, skips = self._pending_entries, self._pending_skips
        if self._asks_ledger:
            undecided = [index for index, skip in enumerate(skips) if skip is None]
            decided = self._skips_of([entries[index][0] for index in undecided])
            leaves_out, skip_of = self._view.choice.leaves_out, self._view.choice.skip_of
            for index, skip in zip(undecided, decided, strict=True):
                skips[index] = skip_of(entries[index][0][:ID_BYTES]) if leaves_out and skip is None else skip
            if self._view.planned_count:  # excluded recipients are still in the table
                excluded = [entries[index][0] for index, skip in enumerate(skips) if skip in _EXCLUDED]
                self._note_planned(self._states_of(excluded))
        self._tally.count(entries, skips, self._pending_pairs, self._pending_lines)
        if self._records is not None:
            self._records.settle(bytes(compress([skip is None for skip in skips], self._pending_candidates)))
        self._pending_entries, self._pending_skips, self._pending_pairs, self._pending_lines = [], [], [], []
        self._pending_candidates = []

    def _skips_of(self, fingerprints: Sequence[bytes]) -> list[Skip | None]:
        """The decision on each message."""
        view = self._view
        known = self._states_of(fingerprints)
        self._note_planned(known)
        by_state = {
            state: decide_by_state(state, view.history, view.choice.retry, same=True)
            for state in (None, *set(known.values()))
        }
        states = list(map(known.get, fingerprints))
        skips = [by_state[state] for state in states]
        found = len(states) - states.count(None)
        if found < len(known):  # some were planned with another digest
            state_by_id = {fingerprint[:ID_BYTES]: state for fingerprint, state in known.items()}
            for index, state in enumerate(states):
                if state is None and (other := state_by_id.get(fingerprints[index][:ID_BYTES])) is not None:
                    skips[index] = decide_by_state(other, view.history, view.choice.retry, same=False)
        return skips

    def _states_of(self, fingerprints: Sequence[bytes]) -> Mapping[bytes, PriorState]:
        """The states of the messages that the ledger knows, by the fingerprint last planned."""
        return self._view.states_of(list(map(_ID_IN, fingerprints)))

    def _note_planned(self, known: Mapping[bytes, PriorState]) -> None:
        if self._view.planned_count:
            self._planned_found += list(known.values()).count(State.PLANNED)


def _compared(fingerprints: list[bytes], folded: Sequence[tuple[int, bytes]]) -> list[bytes]:
    """What repeated recipients are found by."""
    if not folded:
        return fingerprints
    compared = fingerprints[:]
    for index, fingerprint in folded:
        compared[index] = fingerprint
    return compared


def _rows(block: ComposedBlock) -> Iterator[tuple[int, PlanEntry, bytes, Skip | None, bytes]]:
    """The rows in order, without rejected ones: line, plan entry, hash of the reference, reason to skip, folded fingerprint."""
    *_, reference_hashes, folded, _, _ = block.result
    folded_at = dict(folded)
    to_send = enumerate(zip(zip(*block.result[:5], strict=True), reference_hashes or repeat(b""), strict=False))
    for index, line in enumerate(block.lines):
        if index not in block.others:
            at, (entry, reference_hash) = next(to_send)
            yield line, entry, reference_hash, None, folded_at.get(at, b"")
            continue
        other = block.others[index]
        if other is FILTERED:
            yield line, NO_MESSAGE, b"", Skip.FILTERED, b""
        elif other is not None:
            entry, reference_hash, exclusion, folded_fingerprint, _ = other
            yield line, entry, reference_hash, SKIP_BY_EXCLUSION[exclusion], folded_fingerprint
