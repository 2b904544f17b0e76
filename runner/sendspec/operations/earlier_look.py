"""Looks once more, right before a send, at the earlier messages of those whom `only: undelivered` keeps.

The API reports some messages as delivered after it had reported them as failed. Whoever has his message by now gets no second one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from sendspec.composing.identity import receiver_hash
from sendspec.diagnostics.exceptions import ListRefused, ListUnreadable
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.protocol import Facts
from sendspec.ledger.record import KnownMessage, SentMessage
from sendspec.operations.delivery_access import deliveries_to_write
from sendspec.operations.delivery_lookup import DeliveryLookup
from sendspec.operations.earlier_send import SendNames, kept_messages, looked_up_again, send_meant
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.run_ending import fix_of_refusal
from sendspec.operations.send_job import Job
from sendspec.operations.sendable import receivers_by_id
from sendspec.operations.undecided_messages import UndecidedMessages
from sendspec.planning.earlier_send import MessageIds
from sendspec.sending.delivery_sweep import Swept
from sendspec.sending.undecided import Undecided

MAX_NARROWED = 64
"""Up to so many people are listed by their addresses instead of everybody."""
LOOK_SECONDS = 600.0
FORBIDDEN = 403


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierFound:
    """`kept` are the ids of the messages that may still be sent. `warning` is why nobody could look, empty if somebody did."""

    kept: MessageIds
    warning: str = ""


def look_at_earlier(
    context: ProjectContext, lookup: DeliveryLookup, ledger: Facts, job: Job, stopped: Callable[[], bool]
) -> EarlierFound | None:
    """Reads the list of the last 7 days for the earlier messages of those who would get one. None: there is nobody to look at.

    Raises `ListUnreadable` or `ListRefused` if a list was not read, unless the run was asked to stop meanwhile. A key that may not read
    lists only gives a warning, as where the ledger is compared with them.
    """
    send = send_meant(job, ledger)
    if send is None:
        return None
    own_by_earlier = {earlier: own for own, others in kept_messages(job, send, ledger) for earlier in others}
    channels = _channels(context, ledger, job, send, own_by_earlier)
    if not channels:
        return None
    sends = [(name, send.generation) for name in send.names]
    with deliveries_to_write(context) as store:
        swept = lookup.sweep(ledger, store, sends, channels, LOOK_SECONDS, stopped)
    warning = "" if stopped() else _refuse_unread(swept, send)
    return EarlierFound(kept=looked_up_again(job, context, ledger, send).kept, warning=warning)


def _refuse_unread(swept: Swept, send: SendNames) -> str:
    if swept.refusal is not None and swept.refusal.http_status == FORBIDDEN:
        return f"warning: the access key may not read the list: {swept.unread}; whom {send.words} has reached meanwhile is not known"
    if swept.refusal is not None:
        raise ListRefused(f"the API refuses the run: {swept.refusal.text}", fix_of_refusal(swept.refusal))
    if swept.unread:
        raise ListUnreadable(
            f"{swept.unread}, so it does not show whom {send.words} has reached meanwhile",
            "run the command again; --no-witness sends without this look",
        )
    return ""


def _channels(
    context: ProjectContext, ledger: Facts, job: Job, send: SendNames, own_by_earlier: Mapping[bytes, bytes]
) -> list[Undecided]:
    """The channels whose lists to read, by their addresses where these are few."""
    clock = context.system.clock
    wanted = UndecidedMessages(clock.wall(), clock.random)
    few: list[SentMessage] = []
    for name in send.names:
        for message in ledger.accepted_of(name, send.generation):
            if message.id in own_by_earlier:
                wanted.add(message, None)
                few += [message] if len(few) <= MAX_NARROWED else []
    receivers = _receivers(context, ledger, job, few, own_by_earlier) if len(few) <= MAX_NARROWED else ()
    listed = [channel for channel in wanted.channels() if channel.recent]
    return [replace(channel, few=(), stragglers=(), receivers=receivers) for channel in listed]


def _receivers(
    context: ProjectContext,
    ledger: Facts,
    job: Job,
    messages: list[SentMessage],
    own_by_earlier: Mapping[bytes, bytes],
) -> tuple[str, ...]:
    """The addresses that these messages went to; empty where today's table has another one for any of them."""
    known: Mapping[bytes, KnownMessage] = ledger.known_messages([message.id for message in messages])
    own = {message.id: own_by_earlier[message.id] for message in messages}
    today = receivers_by_id([job], set(own.values()))
    hashed = partial(receiver_hash, context.salt)
    found = {identity: today.get(own[identity], "") for identity in known}
    if any(hashed(address) != known[identity].receiver for identity, address in found.items()):
        return ()
    return tuple(sorted(set(found.values())))
