"""What is known of opt-outs, as it is shown: who has opted out, what waits for a person, and how far replies were read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from sendspec.composing.identity import suppression_hasher
from sendspec.composing.message import Message
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import mask
from sendspec.ledger.delivery.opt_out import OptOutSignal, opted_out
from sendspec.ledger.delivery.protocol import DeliveryFacts
from sendspec.ledger.protocol import Facts
from sendspec.operations.found_rows import RecipientRow
from sendspec.operations.maybe_opt_outs import maybes
from sendspec.operations.opt_out_lookup import mark_of, reply_channels
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.recipient_row import shown_key
from sendspec.operations.send_job import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownOptOuts:
    """What is known of opt-outs. `masked` has the addresses that a table knows, `alias_by_channel` the channels' names.

    `rows` are where the tables of the specs that were named have people: the first row of each. None if none was named.
    `last_look` is when the API's lists of replies were last read, in Unix seconds.
    """

    environment: str
    standing: Sequence[OptOutSignal]
    maybes: Sequence[OptOutSignal]
    signals: int
    last_look: float | None
    masked: Mapping[bytes, str]
    alias_by_channel: Mapping[str, str]
    rows: Mapping[bytes, RecipientRow] | None = None


def known_opt_outs(
    context: ProjectContext, facts: DeliveryFacts | None, jobs: Sequence[Job] = (), ledger: Facts | None = None
) -> KnownOptOuts:
    """Who has opted out, on any of the environment's channels, the latest last.

    People whom the ledger has, or the tables of `jobs`, are named, masked.
    """
    standing = {} if facts is None else opted_out(facts.signals())
    waiting = maybes(facts)
    wanted = standing.keys() | {one.receiver for one in waiting}
    channels = [*reply_channels(context), *context.environment.channels.values(), *(job.channel for job in jobs)]
    return KnownOptOuts(
        environment=context.environment.name,
        standing=sorted(standing.values(), key=lambda one: (one.at, one.receiver)),
        maybes=waiting,
        signals=0 if facts is None else facts.signal_count,
        last_look=_last_look(context, facts),
        masked=_masked(jobs, context, ledger, wanted),
        alias_by_channel={each.channel.lower(): each.alias for each in channels},
        rows=_rows(jobs, context, wanted) if jobs else None,
    )


def _last_look(context: ProjectContext, facts: DeliveryFacts | None) -> float | None:
    """When the replies to every channel had been read; None if those to one of them never were."""
    marks = [None if facts is None else facts.mark(mark_of(channel)) for channel in reply_channels(context)]
    read = [mark for mark in marks if mark is not None]
    return min(read) if read and len(read) == len(marks) else None


def _rows(jobs: Iterable[Job], context: ProjectContext, wanted: Collection[bytes]) -> dict[bytes, RecipientRow]:
    """The first row of each of these people in the tables."""
    hashed = suppression_hasher(context.salt)
    found: dict[bytes, RecipientRow] = {}
    for job in jobs:
        composer = job.composer(Problems())
        for number, row in enumerate(job.table.rows(Problems()), 1):
            recipient = composer.recipient_of(row)
            if recipient is None:
                continue
            address, key = recipient
            receiver = hashed(address)
            if receiver in wanted and receiver not in found:
                found[receiver] = RecipientRow(
                    path=job.table.path,
                    number=number,
                    line=row.line,
                    key_column=job.program.key_column,
                    key=None if context.system.is_ci else shown_key(job, key, address),
                    cells={},
                )
    return found


def _masked(
    jobs: Iterable[Job], context: ProjectContext, ledger: Facts | None, wanted: Collection[bytes]
) -> dict[bytes, str]:
    found_before = () if ledger is None or not wanted else ledger.masked_receivers()
    masked = {receiver: shown for receiver, shown in found_before if receiver in wanted}
    hashed = suppression_hasher(context.salt)
    messages = (item for job in jobs for item in job.composed(Problems()) if isinstance(item, Message))
    found = ((hashed(address), address) for message in messages for address in message.receivers)
    return masked | {receiver: mask(address) for receiver, address in found if receiver in wanted}
