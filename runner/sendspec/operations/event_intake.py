"""Stores what webhooks reported: statuses and interactions of this ledger's messages, and who opted out.

Nothing here moves a message. Events may come twice, late, and before the API's answer to the message itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from typing import TypeAlias, assert_never

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.delivery.interaction import Interaction
from sendspec.ledger.delivery.kept_value import kept_pending
from sendspec.ledger.delivery.masked_text import masked_text
from sendspec.ledger.delivery.observation import Observation, Source
from sendspec.ledger.delivery.protocol import DeliveryStore, PendingReport, Written
from sendspec.ledger.record import KnownMessage
from sendspec.operations.event_owner import EventOwners, OwnerLedger
from sendspec.operations.opt_out_signal import NO_SIGNAL, SignalReading, failure_signals, kept_id, signals_of
from sendspec.provider.incoming_message import IncomingMessage
from sendspec.provider.interaction_entry import InteractionEntry
from sendspec.provider.webhook_event import (
    Event,
    InboundEvent,
    InteractionEvent,
    OtherEvent,
    OutboundEvent,
    UnreadableEvent,
)

PENDING_SECONDS = 8 * 86_400
"""How long an event waits for its message. The API has given up its retries long before, and its list shows a week."""
NO_ADDRESS = "address"
"""An event is refused that opts somebody out, or in, whose address can't be read."""
PLAIN_REPLY = "inbound"
"""The name under which replies are counted that say nothing of further messages. Nothing of them is kept."""

Entry: TypeAlias = IncomingMessage | InteractionEntry


@dataclass(slots=True)
class IntakeCounts:
    """What became of events: the sum of the first five is their number. `other` counts by name, `refused` by reason.

    `opt_outs` are the signals that were new.
    """

    stored: int = 0
    known: int = 0
    elsewhere: int = 0
    other: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    opt_outs: int = 0

    @property
    def total(self) -> int:
        return self.stored + self.known + self.elsewhere + self.other.total() + self.refused.total()

    def add(self, more: IntakeCounts) -> None:
        self.stored += more.stored
        self.known += more.known
        self.elsewhere += more.elsewhere
        self.other += more.other
        self.refused += more.refused
        self.opt_outs += more.opt_outs

    def note(self, written: Written) -> None:
        self.stored += written.added + written.changed
        self.known += written.known


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeSettings:
    """`channels` are the UUIDs of the environment's channels, in lower case; None takes any. `salt` is the environment's."""

    salt: bytes
    channels: frozenset[str] | None


class EventIntake:
    """Stores events in batches. What `take` has returned for is durable."""

    def __init__(
        self,
        ledger: OwnerLedger,
        store: DeliveryStore,
        settings: IntakeSettings,
        counts: IntakeCounts,
        keep: Callable[[Iterable[SignalReading]], Written],
    ) -> None:
        """`keep` writes opt-out signals durably."""
        self._ledger, self._store, self._settings, self._counts, self._keep = ledger, store, settings, counts, keep
        self._channels = settings.channels

    def take(self, events: Sequence[Event], now: float) -> Mapping[int, str]:
        """Returns why events were refused, by their index. `now` is in Unix seconds.

        Raises `LedgerTrouble`; the same events can then be taken again.
        """
        statuses: list[OutboundEvent] = []
        people: list[tuple[int, Entry]] = []
        refused: dict[int, str] = {}
        for index, event in enumerate(events):
            match event:
                case OutboundEvent():
                    statuses.append(event)
                case InboundEvent(message):
                    people.append((index, message))
                case InteractionEvent(entry):
                    people.append((index, entry))
                case OtherEvent(name):
                    self._counts.other[masked_text(name)] += 1
                case UnreadableEvent(fault):
                    refused[index] = fault.value
                case _:
                    assert_never(event)
        owners = EventOwners(self._ledger, self._settings.salt, statuses, [entry for _, entry in people])
        refused.update(self._take_people(people, owners, now))  # before statuses: an opt-out must not wait for anything
        self._take_statuses(statuses, owners, now)
        self._counts.refused.update(refused.values())
        return refused

    def _take_statuses(self, statuses: Sequence[OutboundEvent], owners: EventOwners, now: float) -> None:
        observed: list[Observation] = []
        heeded: list[OutboundEvent] = []
        early: list[PendingReport] = []
        for event in statuses:
            report, sighting = event.sighting.report, event.sighting
            assert report is not None  # else it isn't this event
            message = owners.of_status(sighting)
            if message is not None:
                observed.append(Observation(message, report, Source.WEBHOOK, now))
                heeded.append(event)
            elif owners.may_come(sighting):
                heeded.append(event)
                receivers = owners.hashes(sighting.receivers)
                early.append(kept_pending(PendingReport(sighting.remote_id, receivers, report, Source.WEBHOOK, now)))
            else:
                self._counts.elsewhere += 1
        readings = [failure_signals(event.sighting, self._settings.salt, now, event.channel) for event in heeded]
        if maybes := [reading for reading in readings if reading.signals]:
            self._counts.opt_outs += self._keep(maybes).added
        if observed:
            self._counts.note(self._store.observe(observed))
        if early:
            waiting = {(one.remote_id, one.report) for one in self._store.pending()}
            fresh = {(one.remote_id, one.report): one for one in early if (one.remote_id, one.report) not in waiting}
            self._store.put_pending(fresh.values())
            self._counts.note(Written(added=len(fresh), known=len(early) - len(fresh)))

    def _take_people(self, people: Sequence[tuple[int, Entry]], owners: EventOwners, now: float) -> Mapping[int, str]:
        """Stores what people did. Returns the refused ones."""
        interactions: list[Interaction] = []
        decisive: list[SignalReading] = []
        others: list[SignalReading] = []
        refused: dict[int, str] = {}
        for index, entry in people:
            message = owners.of_interaction(entry) if isinstance(entry, InteractionEntry) else None
            is_ours = entry.channel is None or self._channels is None or entry.channel in self._channels
            reading = signals_of(entry, self._settings.salt, now) if is_ours else NO_SIGNAL
            if isinstance(entry, InteractionEntry) and message is not None:
                identity = kept_id(entry.id, entry.receivers, self._settings.salt)
                interactions.append(Interaction(identity, message, entry.type, entry.at, entry.is_first, entry.is_bot))
                others.append(reading)
            elif reading.signals:
                decisive.append(SignalReading(reading.signals[:1], reading.addresses[:1]))
                others.append(SignalReading(reading.signals[1:], reading.addresses[1:]))
            elif reading.unaddressed:
                refused[index] = NO_ADDRESS
            elif is_ours and isinstance(entry, IncomingMessage):
                self._counts.other[PLAIN_REPLY] += 1
            else:
                self._counts.elsewhere += 1
        signals = self._keep(others) if others else Written()
        written = self._keep(decisive) if decisive else Written()
        self._counts.opt_outs += signals.added + written.added
        self._counts.note(written)
        if interactions:
            self._counts.note(self._store.put_interactions(interactions))
        return refused


def settle_pending(ledger: OwnerLedger, store: DeliveryStore, now: float) -> int:
    """Gives the reports that came too early to their messages, and drops those that waited too long. Returns how many found theirs."""
    waiting = list(store.pending())
    if not waiting:
        return 0
    credited = ledger.credited({one.remote_id for one in waiting})
    known = ledger.known_messages(list(credited.values()))
    found = [
        Observation(credited[one.remote_id], one.report, one.source, one.seen_at)
        for one in waiting
        if one.remote_id in credited and _is_for(known.get(credited[one.remote_id]), one)
    ]
    store.observe(found)
    store.drop_pending(list(credited), before=now - PENDING_SECONDS)
    return len(found)


def _is_for(message: KnownMessage | None, report: PendingReport) -> bool:
    return message is not None and message.receiver in report.receivers
