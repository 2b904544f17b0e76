"""Whose message an event is about: by the API's id of an accepted message or by our reference, and by its receiver."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Protocol

from sendspec.composing.identity import id_in, receiver_hash
from sendspec.ledger.record import PURGED, KnownMessage, MessageRecord
from sendspec.planning.message_state import State
from sendspec.provider.incoming_message import IncomingMessage
from sendspec.provider.interaction_entry import InteractionEntry
from sendspec.provider.message_list import Sighting
from sendspec.provider.webhook_event import OutboundEvent

UNANSWERED = (State.SENDING, State.IN_DOUBT)


class OwnerLedger(Protocol):
    """The part of the ledger that events are compared with."""

    def known_messages(self, ids: Sequence[bytes]) -> Mapping[bytes, KnownMessage]: ...

    def credited(self, remote_ids: Collection[str]) -> Mapping[str, bytes]: ...

    def messages(self, states: Sequence[State] = ...) -> Iterable[MessageRecord]: ...


class EventOwners:
    """The messages of a batch of events, looked up together."""

    def __init__(
        self,
        ledger: OwnerLedger,
        salt: bytes,
        statuses: Iterable[OutboundEvent],
        people: Iterable[IncomingMessage | InteractionEntry],
    ) -> None:
        self._ledger, self._salt = ledger, salt
        named = [(event.sighting.remote_id, event.sighting.reference) for event in statuses]
        named += [(entry.message, entry.reference) for entry in people if isinstance(entry, InteractionEntry)]
        self._credited = ledger.credited({remote_id for remote_id, _ in named}) if named else {}
        ids = {*self._credited.values(), *(found for _, reference in named if (found := id_in(reference)) is not None)}
        self._known = ledger.known_messages(list(ids)) if ids else {}

    def of_status(self, sighting: Sighting) -> bytes | None:
        """The accepted message that the API calls so; None for another's."""
        message = self._credited.get(sighting.remote_id)
        return message if message is not None and self._is_for(message, sighting.receivers) else None

    def of_interaction(self, entry: InteractionEntry) -> bytes | None:
        """The same. An interaction may name no receiver; its message's id or reference is then enough."""
        message = self._credited.get(entry.message)
        if message is None:
            message = id_in(entry.reference)
        if message is None or message not in self._known:
            return None
        return message if not entry.receivers or self._is_for(message, entry.receivers) else None

    def may_come(self, sighting: Sighting) -> bool:
        """Whether it is a message that was sent and whose answer is not known yet: an event can be faster."""
        message = id_in(sighting.reference)
        if message is not None:
            known = self._known.get(message)
            return known is not None and known.state in UNANSWERED and self._is_for(message, sighting.receivers)
        return any(
            self._is_hash_of(receiver, sighting.receivers) for receiver in self._unanswered.get(sighting.reference, ())
        )

    def hashes(self, addresses: Iterable[str]) -> tuple[bytes, ...]:
        return tuple(sorted(receiver_hash(self._salt, address) for address in addresses))

    @cached_property
    def _unanswered(self) -> Mapping[str, list[bytes]]:
        """The receivers of messages that wait for an answer, by the user's own reference that they were sent under."""
        waiting = [record.id for record in self._ledger.messages(UNANSWERED) if record.reference is not None]
        found: dict[str, list[bytes]] = {}
        for message in self._ledger.known_messages(waiting).values() if waiting else ():
            found.setdefault(message.reference, []).append(message.receiver)
        return found

    def _is_for(self, message: bytes, addresses: Iterable[str]) -> bool:
        known = self._known.get(message)
        return known is not None and self._is_hash_of(known.receiver, addresses)

    def _is_hash_of(self, receiver: bytes, addresses: Iterable[str]) -> bool:
        """A purged message has no receiver any more; its id is proof enough."""
        return receiver == PURGED or receiver in self.hashes(addresses)
