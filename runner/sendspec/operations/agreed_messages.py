"""The messages that were agreed to: put into the ledger before the first claim, then composed again to be sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256

from sendspec.composing.eligibility import Eligibility
from sendspec.composing.message import Message
from sendspec.diagnostics.exceptions import MessagesMoved, PlanStale
from sendspec.ledger.protocol import Ledger
from sendspec.ledger.record import Change, PlannedRecord
from sendspec.operations.hash_prefix_set import HashPrefixes, HashPrefixSet
from sendspec.operations.ledger_plan import decide_again
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.operations.sendable import planned_record, route_of, spec_identity
from sendspec.operations.shape_mark import ShapeMarks
from sendspec.planning.choice import Choice
from sendspec.planning.decision import Decision, Retry, Skip
from sendspec.planning.earlier_send import MessageIds
from sendspec.planning.fact import Fact
from sendspec.planning.message_state import MOVE_BY_NAME, State
from sendspec.planning.plan import Plan
from sendspec.planning.plan_digest import digest_bytes


class AgreedMessages:
    """Composes rows again instead of keeping messages, so memory stays bounded whatever the number of recipients.

    A send composes each row three times: to plan it, to put it into the ledger, to send it. The second pass is needed because
    every message is in the ledger before the first claim. Without the third, all payloads would have to be kept in memory or on
    disk.

    The decisions use the suppression list and the opt-outs as they were when the plan was made; the send loop withholds recipients
    added since.

    On a ledger that other runs write too, it keeps a mark of 8 bytes for each message that was agreed to: what they free meanwhile was
    not, and what they take is still offered to the ledger, which tells that it was taken. `taken` counts, by spec, what they took before.
    """

    def __init__(
        self, context: ProjectContext, ledger: Ledger, jobs: Sequence[Job], choice: Choice, moves_when_planned: int
    ) -> None:
        """`moves_when_planned` is how many moves the ledger held when the plan was made."""
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

    def put_planned(self, job: Job, plan: Plan, *, run: int, commit: str | None, now: float) -> None:
        """Puts every message that was agreed to into the ledger, and no other: all or nothing. Raises `PlanStale`."""
        if Retry.REFUSED in self._choice.retry:
            self._plan_refused(job, now)
        identity, digest = spec_identity(job, self._context, commit), digest_bytes(plan.digest)
        self._ledger.put_planned(
            identity,
            self._records(job, plan, run),
            digest,
            now=now,
            route=route_of(job),
            continues=job.is_continued,
        )

    def to_send(self, job: Job) -> Iterator[tuple[Message, Fact | None]]:
        """The messages to send: the same rows give the same messages, and the ledger compares each digest."""
        agreed = self._agreed.get(job.spec.name)
        for item, skip, fact in self._decided(job):
            if isinstance(item, Message):
                is_sent = self._is_sent(job, item, skip) if agreed is None else item.id in agreed
                if is_sent:
                    yield item, fact

    def _records(self, job: Job, plan: Plan, run: int) -> Iterator[PlannedRecord]:
        """The plan's messages to send, without those that another run has made sendable since: nobody agreed to them.

        Raises `PlanStale` at its end if the spec or its recipients differ from what was agreed to.
        """
        # On a shared ledger as many moves prove nothing: one that is counted may not have been visible yet when the plan was made.
        has_changed = self._ledger.is_shared or self._ledger.moves != self._moves_when_planned
        newly_sendable = self._ledger.freed_since(self._moves_when_planned, run) if has_changed else set()
        sent, composed, marks = sha256(), sha256(), ShapeMarks(job)
        agreed, kept = HashPrefixes(), self.still_kept.get(job.spec.name)
        for item, skip, _ in self._decided(job):
            fingerprint = item.id + item.digest if isinstance(item, Message) else b""
            composed.update(fingerprint)
            if isinstance(item, Message) and self._is_sent(job, item, skip) and item.id not in newly_sendable:
                sent.update(fingerprint)
                agreed.add(item.id)
                if kept is None or item.id in kept:
                    yield planned_record(job, item, marks.of(item))
        is_as_agreed = composed.digest() == plan.composed_digest and (has_changed or sent.digest() == plan.sent_digest)
        if not is_as_agreed:
            raise PlanStale(
                f"the plan of {job.spec.name} is stale: what would be sent has changed since you agreed to it",
                "look at a new plan: sendspec plan",
            )
        if self._ledger.is_shared:
            self._agreed[job.spec.name] = agreed.as_set()
            self.taken[job.spec.name] = max(0, plan.send - len(agreed))

    def _plan_refused(self, job: Job, now: float) -> None:
        """Moves refused messages back to planned, with their present payload, because a person asked to retry them."""
        changes, chosen, marks = [], set(), ShapeMarks(job)
        for message, fact in self.to_send(job):
            chosen.add(message.id)
            if fact is not None and fact.state is State.REFUSED:
                change = Change(
                    id=message.id,
                    attempt=fact.attempt,
                    to=State.PLANNED,
                    reason="sent again by `send --retry refused`",
                    planned=planned_record(job, message, marks.of(message)),
                )
                changes.append(change)
        self._chosen[job.spec.name] = chosen
        self._move_refused(changes, now)

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
        choice = replace(self._choice, retry=frozenset()) if job.spec.name in self._chosen else self._choice
        return decide_again(job, self._context, self._ledger, choice, eligibility=self._eligibility[job.spec.name])

    def _is_sent(self, job: Job, message: Message, skip: Skip | None) -> bool:
        chosen = self._chosen.get(job.spec.name)
        return skip is None and (chosen is None or message.id in chosen)


def _is_refused(fact: Fact | None, attempt: int) -> bool:
    return fact is not None and (fact.state, fact.attempt) == (State.REFUSED, attempt)
