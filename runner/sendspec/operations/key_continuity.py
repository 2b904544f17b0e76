"""Whether another `key` or `to` would send a message again to somebody who has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from sendspec.composing.canonical_template import key_tree, to_tree
from sendspec.composing.identity import receiver_hash
from sendspec.composing.message import Message
from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.wording import counted
from sendspec.ledger.protocol import Facts
from sendspec.ledger.record import PURGED, SendRecord
from sendspec.operations.decided_rows import Decided
from sendspec.operations.hash_prefix_set import MAX_CONFIRMED, HashPrefixSet
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.renamed_spec import other_names
from sendspec.operations.send_job import Job
from sendspec.planning.message_state import State
from sendspec.reading.documents.document import KeyPath
from sendspec.reading.spec import Spec

RESTORE = "change `key` and `to` back, or raise `generation` to send to everybody again"


def key_changes(job: Job, context: ProjectContext, ledger: Facts, decided: Decided) -> Iterator[Diagnostic]:
    """Refuses a `key` or `to` that differs from the ledger's note, in a generation with claimed messages.

    Ledgers of earlier releases noted neither. There, a second message to a receiver can be meant, such as for two orders of one
    person; it is refused if an earlier message of the send has no row any more.
    """
    spec = job.spec
    trees = (key_tree(spec), to_tree(spec, job.setting.platform))
    sends = [
        send
        for name in (spec.name, *other_names(spec, ledger))
        for send in ledger.sends(name)
        if send.generation == spec.generation and (send.claimed or send.baselined)
    ]
    noted = [send for send in sends if send.key_tree is not None]
    changes = any((send.key_tree, send.to_tree) != trees for send in noted)
    earlier = _EarlierReceivers(sends, trees, ledger)
    changed = changes or earlier.has_changed
    if not sends or (not changed and len(noted) == len(sends)):
        return
    rows = _counted_rows(job, context, decided, earlier)
    is_missing = rows.in_table < len(earlier.receivers)
    if rows.repeated and (changed or is_missing) and earlier.has_one_of(rows.hits):
        fix = (
            RESTORE
            if changed
            else "raise `generation`, or restore the rows that were sent: the next send records the key"
        )
        were = "was" if rows.repeated == 1 else "were"
        yield _key_changed(
            spec,
            f"{counted(rows.repeated, 'recipient')} who {were} sent this before would get it again"
            f" under another key (the first is on line {rows.repeated_line})",
            fix,
        )
    elif changed and earlier.is_purged and is_missing and rows.unknown:
        problem = "`key` or `to` differs from when this was sent, and the ledger doesn't know to whom any more (it was purged)"
        yield _key_changed(spec, problem, RESTORE)
    elif changes and not rows.in_table:
        problem = "`key` or `to` differs from when this was sent, and none of the people who got it are in the table"
        yield _key_changed(spec, problem, "raise `generation` if this is another send", Severity.WARNING)


def _key_changed(spec: Spec, problem: str, fix: str, severity: Severity = Severity.ERROR) -> Diagnostic:
    at: KeyPath = next((("recipients", word) for word in ("key", "to") if getattr(spec, word)), ("recipients",))
    return spec.document.diagnostic(at, code="key-changed", problem=problem, fix=fix, severity=severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class _CountedRows:
    """Counts of the table's messages: `in_table` were claimed or baselined before, `unknown` were not.

    `repeated` counts the unknown ones whose receiver was sent to before: the first is on line `repeated_line`, and `hits` are the
    hashes of some of their receivers.
    """

    in_table: int
    unknown: int
    repeated: int
    repeated_line: int
    hits: set[bytes]


def _counted_rows(job: Job, context: ProjectContext, decided: Decided, earlier: _EarlierReceivers) -> _CountedRows:
    in_table = unknown = repeated = repeated_line = 0
    hits: set[bytes] = set()
    for item, _, fact in decided(job):
        if not isinstance(item, Message):
            continue
        if fact is not None and (fact.state is not State.PLANNED or fact.attempt > 0):
            in_table += 1
            continue
        unknown += 1
        receiver = receiver_hash(context.salt, item.receiver)
        if receiver in earlier.receivers:
            repeated += 1
            repeated_line = repeated_line or item.line
            if len(hits) < MAX_CONFIRMED:
                hits.add(receiver)
    return _CountedRows(in_table=in_table, unknown=unknown, repeated=repeated, repeated_line=repeated_line, hits=hits)


class _EarlierReceivers:
    """The receivers of messages claimed or baselined earlier, except under today's `key` and `to` (`trees`)."""

    def __init__(self, sends: Sequence[SendRecord], trees: tuple[str, str], ledger: Facts) -> None:
        self._ledger = ledger
        self._parts: list[tuple[str, int, int, int | None]] = []
        self.has_changed = False
        for send in sends:
            after, parts = 0, list[tuple[int, int | None]]()
            for key, to, until in ledger.former_expressions(send.name, send.generation):
                parts += [(after, until)] if (key, to) != trees else []
                after = until
            self.has_changed |= bool(parts)
            if (send.key_tree, send.to_tree) != trees:
                parts.append((after, None))
            self._parts += [(send.name, send.generation, *part) for part in parts]

    @cached_property
    def receivers(self) -> HashPrefixSet:
        return HashPrefixSet(self._all())

    @property
    def is_purged(self) -> bool:
        return PURGED in self.receivers

    def _all(self) -> Iterator[bytes]:
        for part in self._parts:
            yield from self._ledger.receivers_claimed(*part)

    def has_one_of(self, receivers: set[bytes]) -> bool:
        """Whether one of `receivers` is certainly among them: `HashPrefixSet` compares prefixes only."""
        return any(receiver in receivers for receiver in self._all())
