"""A spec's earlier and later names, and what was sent under them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from sendspec.composing.eligibility import Eligibility
from sendspec.composing.message import Composed, Message
from sendspec.diagnostics.diagnostic import Problems
from sendspec.ledger.protocol import Facts, Ledger
from sendspec.ledger.record import MOVED_EVIDENCE, Change
from sendspec.operations.send_job import Job
from sendspec.planning.choice import Choice
from sendspec.planning.decision import WINDOW, Decision, Retry, Skip, decide
from sendspec.planning.fact import Fact, PlanningState, PriorState
from sendspec.planning.message_state import MOVE_BY_NAME, State
from sendspec.reading.documents.yaml_reader import read_document
from sendspec.reading.files.text_file import read_text_file
from sendspec.reading.spec import Spec

_WEIGHT: dict[PriorState, int] = {
    State.PLANNED: 1,
    State.REFUSED: 2,
    State.SKIPPED: 3,
    PlanningState.BASELINED: 4,
    State.IN_DOUBT: 5,
    State.SENDING: 5,
    PlanningState.UNDER_WAY: 5,
    State.ACCEPTED: 6,
}
"""Which of a message's facts under several names wins: the one closest to having been received."""


def name_in(path: Path) -> str | None:
    """The name of the spec in a file: None without a file, empty if the file can't be read as a spec."""
    if not path.is_file():
        return None
    problems = Problems()
    source = read_text_file(str(path), problems)
    document = None if source is None else read_document(source, problems)
    name = document.data.get("name") if document is not None and isinstance(document.data, dict) else None
    return name if isinstance(name, str) else ""


def other_names(spec: Spec, ledger: Facts | None) -> tuple[str, ...]:
    """The earlier and later names of this spec, by its own `moved_from` and by the ledger's notes.

    Renames are followed in both directions and transitively, so that nobody gets a message twice after a second or a reverted
    rename. Includes only names that the ledger knows; none if the spec says `moved_from: false`.
    """
    if ledger is None or spec.moved_from is False:
        return ()
    return linked_names(spec.name, spec.moved_from, ledger)


def linked_names(name: str, moved_from: str | None, ledger: Facts) -> tuple[str, ...]:
    """The names that the ledger knows and notes as earlier or later ones of `name`, without it."""
    sends = ledger.sends()
    pairs = {(send.name, send.moved_from) for send in sends if send.moved_from is not None}
    if moved_from is not None:
        pairs.add((name, moved_from))
    linked: dict[str, set[str]] = defaultdict(set)
    for one, another in pairs:
        linked[one].add(another)
        linked[another].add(one)
    found, waiting = {name}, [name]
    while waiting:
        for each in linked[waiting.pop()] - found:
            found.add(each)
            waiting.append(each)
    return tuple(sorted(found & {send.name for send in sends} - {name}))


def names_of(specs: Iterable[Spec], ledger: Facts) -> set[str]:
    """The names of these specs, with earlier and later ones: a doubt under one name holds back the message under all."""
    return {name for spec in specs for name in (spec.name, *other_names(spec, ledger))}


class RenamedSend:
    """A send with several names, decided by what the ledger knows under all of them.

    `planned_found` counts the messages of the table that the ledger has as planned under any of the names.
    """

    def __init__(self, job: Job, names: Sequence[str], ledger: Facts) -> None:
        self._jobs = (job, *(job.with_name(name) for name in names))
        self._ledger = ledger
        generation = job.spec.generation
        self._history = job.history(
            started=any(ledger.claimed_before(each.spec.name, generation) for each in self._jobs)
        )
        self.planned_found = 0

    def decisions(self, composed: Iterator[Composed], eligibility: Eligibility, choice: Choice) -> Iterator[Decision]:
        """Every row with its decision, in order; `composed` are the rows under this name. A refusal under another name isn't retried."""
        return choice.applied(self._decisions(composed, eligibility, choice.retry))

    def _decisions(
        self, composed: Iterator[Composed], eligibility: Eligibility, retry: frozenset[Retry]
    ) -> Iterator[Decision]:
        for own, others in self._windows(composed):
            facts = self._ledger.facts(_ids(own))
            by_other = [(items, self._ledger.facts(_ids(items))) for items in others]
            for at, item in enumerate(own):
                if not isinstance(item, Message):
                    yield Decision(item, decide(item, None, self._history, eligibility, retry))
                    continue
                fact = facts.get(item.id)
                under_others = [
                    _as_of(item, other, known)
                    for items, found in by_other
                    if isinstance(other := items[at], Message) and (known := found.get(other.id)) is not None
                ]
                self.planned_found += sum(f.state is State.PLANNED for f in (fact, *under_others) if f is not None)
                chosen = _weightiest(fact, under_others)
                skip = decide(item, chosen, self._history, eligibility, retry)
                if skip is None and chosen is not fact and chosen is not None and chosen.state is State.REFUSED:
                    skip = Skip.REFUSED_BEFORE
                yield Decision(item, skip, chosen)

    def drop_what_was_sent(self, ledger: Ledger, now: float) -> None:
        """Drops messages that are planned under another name once they are accepted under this one."""
        if not any(self._ledger.planned_counts(job.spec.name) for job in self._jobs[1:]):
            return
        reason = f"{MOVED_EVIDENCE}{self._jobs[0].spec.name}"
        for own, others in self._windows(self._jobs[0].composed(Problems())):
            facts = self._ledger.facts(_ids(own))
            changes = []
            for items in others:
                found = self._ledger.facts(_ids(items))
                for item, other in zip(own, items, strict=True):
                    fact = facts.get(item.id) if isinstance(item, Message) else None
                    known = found.get(other.id) if isinstance(other, Message) else None
                    if fact is None or known is None or not isinstance(other, Message):
                        continue
                    if fact.state is State.ACCEPTED and known.state is State.PLANNED:
                        changes.append(Change(id=other.id, attempt=known.attempt, to=State.SKIPPED, reason=reason))
            if changes:
                ledger.move(MOVE_BY_NAME["drop"], changes, now=now)

    def unknown_among(self, ids: Collection[bytes]) -> int:
        """How many messages have one of these ids under another name and were never sent, as far as the ledger knows."""
        count = 0
        for _, others in self._windows(self._jobs[0].composed(Problems())):
            for items in others:
                named = [identity for identity in _ids(items) if identity in ids]
                facts = self._ledger.facts(named) if named else {}
                count += sum((f := facts.get(each)) is None or f.state is State.PLANNED for each in named)
        return count

    def _windows(self, composed: Iterator[Composed]) -> Iterator[tuple[list[Composed], list[list[Composed]]]]:
        """The rows composed under each name, window by window: the same rows give the same kinds of results."""
        streams = [composed, *(job.composed(Problems()) for job in self._jobs[1:])]
        while own := list(islice(streams[0], WINDOW)):
            yield own, [list(islice(stream, len(own))) for stream in streams[1:]]


def _ids(items: Sequence[Composed]) -> list[bytes]:
    return [item.id for item in items if isinstance(item, Message)]


def _as_of(item: Message, other: Message, known: Fact) -> Fact:
    """A fact under another name, as a fact of this message: an unchanged text counts as unchanged."""
    digest = item.digest if known.digest == other.digest else known.digest
    return Fact(known.state, digest, baselined=known.baselined)


def _weightiest(fact: Fact | None, others: Sequence[Fact]) -> Fact | None:
    best = max(others, key=lambda each: _WEIGHT[each.prior_state], default=None)
    if best is None or fact is None:
        return best or fact
    if fact.state is State.PLANNED and best.prior_state is State.SKIPPED:
        return fact  # it was dropped there because it goes out here
    return best if _WEIGHT[best.prior_state] > _WEIGHT[fact.prior_state] else fact
