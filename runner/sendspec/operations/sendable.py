"""A composed message in the forms that the ledger and the sending loop take, and what the ledger notes of its send."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from sendspec.composing.canonical_template import key_tree, text_digest, to_tree
from sendspec.composing.identity import id_text, resent
from sendspec.composing.message import Message
from sendspec.composing.platforms.sms_segments import size_of
from sendspec.composing.record_part import own_reference
from sendspec.diagnostics.diagnostic import Problems
from sendspec.ledger.record import Claim, PlannedRecord, Route, SendIdentity
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.planning.decision import Skip
from sendspec.planning.earlier_send import MessageIds
from sendspec.planning.fact import Fact
from sendspec.sending.run import Sendable


def planned_record(job: Job, message: Message, shape: int | None = None) -> PlannedRecord:
    """A message as the ledger holds it before it is sent. `shape` is its mark of `ShapeMarks`."""
    receiver, masked, reference, scheduled_for = job.record_part(message)
    return PlannedRecord(
        message.id,
        message.digest,
        reference,
        receiver,
        masked,
        message.line,
        None if message.measure is None else size_of(message.measure),
        scheduled_for,
        shape,
    )


def spec_identity(job: Job, context: ProjectContext, commit: str | None) -> SendIdentity:
    """What the ledger notes of a send, for later runs to compare."""
    spec = job.spec
    return SendIdentity(
        spec.name,
        spec.generation,
        context.relative(spec.path),
        key_tree=key_tree(spec),
        to_tree=to_tree(spec, job.setting.platform),
        text_digest=text_digest(spec),
        commit=commit,
        moved_from=spec.moved_from or None,
    )


def route_of(job: Job) -> Route:
    return Route(job.channel.workspace, job.channel.channel)


def expiry_of(job: Job, api_ahead: float) -> float | None:
    """The job's `not_after` in Unix seconds by this machine's clock. It comes earlier where the API's clock is ahead, by so many seconds."""
    moment = job.spec.not_after
    return None if moment is None else moment.timestamp() - max(0.0, api_ahead)


def receivers_by_id(jobs: Sequence[Job], ids: Collection[bytes]) -> dict[bytes, str]:
    """The receivers of the messages with these ids; only those that today's tables still have."""
    composed = (item for job in jobs for item in job.composed(Problems()))
    return {item.id: item.receiver for item in composed if isinstance(item, Message) and item.id in ids}


def sendable(job: Job, message: Message, fact: Fact | None) -> Sendable:
    """A message ready for the wire. A forced resend goes out under a reference of its own."""
    receivers = () if job.suppressed is None and job.opted_out is None else message.receivers
    times = 0 if fact is None else fact.resend
    claim = Claim(message.id, message.digest, own_reference(message))
    message = message.with_reference(resent(message.reference, times))
    key = f"{resent(id_text(message.id), times)}-{message.digest[:8].hex()}"
    return Sendable(claim, message.reference, message.receiver, message.body, key, receivers)


def withholding(
    job: Job, monotonic: Callable[[], float], still_kept: MessageIds | None
) -> Callable[[Sendable], Skip | None] | None:
    """A check just before a message's claim: why to withhold it, because a recipient was suppressed or opted out meanwhile, or is not among
    those whom `only: undelivered` still keeps.
    """
    suppressed, opted_out = job.suppressed, job.opted_out
    if suppressed is None and opted_out is None and still_kept is None:
        return None

    def withholds(message: Sendable) -> Skip | None:
        if still_kept is not None and message.id not in still_kept:
            return Skip.NOT_UNDELIVERED
        if suppressed is not None:
            suppressed.refresh(monotonic())
            if any(address in suppressed for address in message.receivers):
                return Skip.SUPPRESSED
        if opted_out is not None:
            opted_out.refresh(monotonic)
            if any(address in opted_out for address in message.receivers):
                return Skip.OPTED_OUT
        return None

    return withholds
