"""The messages that were agreed to: put into the ledger before the first claim, then composed again to be sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from itertools import chain, islice

from sendspec.composing.eligibility import Eligibility
from sendspec.composing.identity import ID_BYTES
from sendspec.composing.message import Message
from sendspec.diagnostics.exceptions import MessagesMoved, PlanStale
from sendspec.ledger.protocol import Ledger
from sendspec.ledger.record import Change, PlannedRecord
from sendspec.operations.hash_prefix_set import HashPrefixes, HashPrefixSet
from sendspec.operations.ledger_plan import decide_again, ledger_view_of, renamed_send
from sendspec.operations.listener import Preparation, Watch
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.record_spool import RecordSpool
from sendspec.operations.send_job import Job
from sendspec.operations.sendable import route_of, spec_identity
from sendspec.operations.shape_mark import ShapeMarks
from sendspec.planning.choice import Choice
from sendspec.planning.decision import WINDOW, Decision, Retry, Skip, decide_by_state
from sendspec.planning.earlier_send import MessageIds
from sendspec.planning.fact import Fact
from sendspec.planning.message_state import MOVE_BY_NAME, State
from sendspec.planning.plan import Plan
from sendspec.planning.plan_digest import digest_bytes


class AgreedMessages:
    """Composes rows again instead of keeping messages, so memory stays bounded whatever the number of recipients.

    A send composes each row twice: to plan it, and to send it. The plan keeps what the ledger is to hold of each message, so that every
    message is in the ledger before the first claim. Without the second pass, all payloads would have to be kept in memory or on disk.

    The decisions use the suppression list and the opt-outs as they were when the plan was made; the send loop withholds recipients
    added since.

    On a ledger that other runs write too, it keeps a mark of 8 bytes for each message that was agreed to: what they free meanwhile was
    not, and what they take is still offered to the ledger, which tells that it was taken. `taken` counts, by spec, what they took before.
    """

    def __init__(
        self,
        context: ProjectContext,
        ledger: Ledger,
        jobs: Sequence[Job],
        choice: Choice,
        moves_when_planned: int,
        records: Mapping[str, RecordSpool],
    ) -> None:
        """`moves_when_planned` is how many moves the ledger held when the plan was made; `records` are those of its messages, by spec."""
        self._records = records
        self._context = context
        self._ledger = ledger
        self._choice = choice
        self._moves_when_planned = moves_when_planned
        self._chosen: dict[str, set[bytes]] = {}
        self._agreed: dict[str, HashPrefixSet] = {}
        self.taken: Counter[str] = Counter()
        self.still_kept: dict[str, MessageIds] = {}
        """By spec with `only: undelivered`: the messages that may still be sent, where a last look told. Others are never planned."""
        only_to = context.environment.only_to
        self._eligibility = {
            job.spec.name: Eligibility(
                only_to,
                None if job.suppressed is None else job.suppressed.snapshot,
                None if job.opted_out is None else job.opted_out.snapshot,
            )
            for job in jobs
        }

    def put_planned(self, job: Job, plan: Plan, *, run: int, commit: str | None, now: float, watch: Watch) -> None:
        """Puts every message that was agreed to into the ledger, and no other: all or nothing. Raises `PlanStale`."""
        if Retry.REFUSED in self._choice.retry:
            self._plan_refused(job, now)
        identity, digest = spec_identity(job, self._context, commit), digest_bytes(plan.digest)
        self._ledger.put_planned(
            identity,
            self._planned_records(job, plan, run, watch),
            digest,
            now=now,
            route=route_of(job),
            continues=job.is_continued,
        )
        self._records[job.spec.name].close()

    def to_send(self, job: Job) -> Iterator[tuple[Message, Fact | None]]:
        """The messages to send: the same rows give the same messages, and the ledger compares each digest."""
        agreed = self._agreed.get(job.spec.name)
        for item, skip, fact in self._decided(job):
            if isinstance(item, Message):
                is_sent = self._is_sent(job, item, skip) if agreed is None else item.id in agreed
                if is_sent:
                    yield item, fact

    def _planned_records(self, job: Job, plan: Plan, run: int, watch: Watch) -> Iterator[PlannedRecord]:
        """The plan's messages to send, without those that another run has made sendable since: nobody agreed to them.

        Raises `PlanStale` at its end if they differ from what was agreed to.
        """
        # On a shared ledger as many moves prove nothing: one that is counted may not have been visible yet when the plan was made.
        has_changed = self._ledger.is_shared or self._ledger.moves != self._moves_when_planned
        newly_sendable = self._ledger.freed_since(self._moves_when_planned, run) if has_changed else set()
        is_due = self._due_now(job) if has_changed else None
        sent, agreed, kept, done = sha256(), HashPrefixes(), self.still_kept.get(job.spec.name), 0
        for block in self._records[job.spec.name].blocks(ShapeMarks(job)):
            done += len(block)
            watch(Preparation(job.spec.name, done, plan.send))
            sent.update(b"".join([record.id + record.digest for record in block]))
            if is_due is not None:
                block = [each for each, due in zip(block, is_due(block), strict=True) if due]
                block = [each for each in block if each.id not in newly_sendable]
            if self._ledger.is_shared:
                agreed.update(record.id for record in block)
            yield from block if kept is None else (record for record in block if record.id in kept)
        if sent.digest() != plan.sent_digest:
            raise PlanStale(
                f"the plan of {job.spec.name} is stale: what would be sent has changed since you agreed to it",
                "look at a new plan: sendspec plan",
            )
        if self._ledger.is_shared:
            self._agreed[job.spec.name] = agreed.as_set()
            self.taken[job.spec.name] = max(0, plan.send - len(agreed))

    def _due_now(self, job: Job) -> Callable[[Sequence[PlannedRecord]], Iterator[bool]]:
        """Decides whether messages that were agreed to are still to be sent, by what the ledger knows now."""
        if renamed_send(job, self._ledger) is not None:  # what it knows under the other names is found row by row
            due = HashPrefixes()
            due.update(item.id for item, skip, _ in self._decided(job) if skip is None and isinstance(item, Message))
            return partial(_among, due.as_set())
        view = ledger_view_of(job, self._context, self._ledger, self._present_choice(job))
        chosen = self._chosen.get(job.spec.name)

        def is_due(records: Sequence[PlannedRecord]) -> Iterator[bool]:
            known = view.states_of([record.id for record in records])
            state_by_id = {fingerprint[:ID_BYTES]: state for fingerprint, state in known.items()}
            for record in records:
                state, same = state_by_id.get(record.id), record.id + record.digest in known
                skip = decide_by_state(state, view.history, view.choice.retry, same=same)
                yield skip is None and (chosen is None or record.id in chosen)

        return is_due

    def _plan_refused(self, job: Job, now: float) -> None:
        """Moves refused messages back to planned, with their present payload, because a person asked to retry them."""
        changes, chosen = [], set()
        for record, fact in self._agreed_facts(job):
            chosen.add(record.id)  # what a retry that was cut has moved already is chosen too
            if fact is not None and fact.state is State.REFUSED:
                change = Change(
                    id=record.id,
                    attempt=fact.attempt,
                    to=State.PLANNED,
                    reason="sent again by `send --retry refused`",
                    planned=record,
                )
                changes.append(change)
        self._chosen[job.spec.name] = chosen
        self._move_refused(changes, now)

    def _agreed_facts(self, job: Job) -> Iterator[tuple[PlannedRecord, Fact | None]]:
        """The messages that were agreed to, each with what the ledger has of it."""
        records = chain.from_iterable(self._records[job.spec.name].blocks(ShapeMarks(job)))
        while window := list(islice(records, WINDOW)):
            facts = self._ledger.facts([record.id for record in window])
            yield from ((record, facts.get(record.id)) for record in window)

    def _move_refused(self, changes: Sequence[Change], now: float) -> None:
        """On a shared ledger, another run may be retrying the same messages. What it moved first needs no move any more."""
        while changes:
            try:
                self._ledger.move(MOVE_BY_NAME["retry"], changes, now=now)
                return
            except MessagesMoved:
                facts = self._ledger.facts([change.id for change in changes])
                left = [change for change in changes if _is_refused(facts.get(change.id), change.attempt)]
                if len(left) == len(changes):
                    raise
                changes = left

    def _decided(self, job: Job) -> Iterator[Decision]:
        eligibility = self._eligibility[job.spec.name]
        return decide_again(job, self._context, self._ledger, self._present_choice(job), eligibility=eligibility)

    def _present_choice(self, job: Job) -> Choice:
        """The choice; what was refused is planned by now."""
        return replace(self._choice, retry=frozenset()) if job.spec.name in self._chosen else self._choice

    def _is_sent(self, job: Job, message: Message, skip: Skip | None) -> bool:
        chosen = self._chosen.get(job.spec.name)
        return skip is None and (chosen is None or message.id in chosen)


def _among(ids: HashPrefixSet, records: Sequence[PlannedRecord]) -> Iterator[bool]:
    return (record.id in ids for record in records)


def _is_refused(fact: Fact | None, attempt: int) -> bool:
    return fact is not None and (fact.state, fact.attempt) == (State.REFUSED, attempt)
