"""Whether a listed message is one of ours: what proves that it was accepted, and what shows that it was listed twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Protocol

from sendspec.composing.identity import id_in
from sendspec.ledger.record import Change, KnownMessage
from sendspec.planning.message_state import State
from sendspec.provider.message_list import Sighting

CLOCK_MARGIN = 120.0
"""How many seconds before its first claim a message may have been created, since clocks differ."""

HashReceiver = Callable[[str], bytes]


class SightingLedger(Protocol):
    """The part of the ledger that sightings are compared with."""

    def credited(self, remote_ids: Collection[str]) -> Mapping[str, bytes]: ...

    def known_messages(self, ids: Sequence[bytes]) -> Mapping[bytes, KnownMessage]: ...


def is_for(receiver: bytes, sighting: Sighting, hash_receiver: HashReceiver) -> bool:
    return any(hash_receiver(name) == receiver for name in sighting.receivers)


def is_in_time(sighting: Sighting, *, own: bool, first_claimed_at: float | None) -> bool:
    """Whether a sighting's time allows it to be the message. A default reference names one message, so its time is ignored.

    A reference of the user's `own` may have been used before. Both times are by the API's clock; an unknown time proves nothing.
    """
    if not own:
        return True
    known = first_claimed_at is not None and sighting.created_at is not None
    return known and sighting.created_at >= first_claimed_at - CLOCK_MARGIN  # type: ignore[operator]


def ambiguous_ids(sightings: Iterable[Mapping[str, Sighting]]) -> set[str]:
    """API ids that are listed under more than one name; `sightings` has one mapping a name, by API id.

    One id is one message, so a list that shows it as two proves nothing about either.
    """
    listed = Counter(chain.from_iterable(sightings))
    return {remote_id for remote_id, names in listed.items() if names > 1}


def acceptance_change(identity: bytes, attempt: int, remote_id: str) -> Change:
    """The change for a message that a sighting proves to be accepted."""
    return Change(
        id=identity, attempt=attempt, to=State.ACCEPTED, reason="the API lists its reference", remote_id=remote_id
    )


class DuplicateListings:
    """Collects messages of the ledger that the list shows twice: two ids under one default reference, for its recipient."""

    def __init__(self, ledger: SightingLedger, hash_receiver: HashReceiver) -> None:
        self._ledger = ledger
        self._hash = hash_receiver
        self._first: dict[str, str] = {}
        self._twice: dict[bytes, None] = {}

    @property
    def ids(self) -> list[bytes]:
        return list(self._twice)

    def read(self, page: Iterable[Sighting]) -> None:
        named = [
            (identity, sighting)
            for sighting in page
            if not sighting.rejected and (identity := id_in(sighting.reference)) is not None
        ]
        known = self._ledger.known_messages([identity for identity, _ in named])
        for identity, sighting in named:
            message = known.get(identity)
            if message is None or not is_for(message.receiver, sighting, self._hash):
                continue
            settled = message.state is State.ACCEPTED and message.reference == sighting.reference
            first = message.remote_id if settled else None
            if first is None:
                first = self._first.setdefault(sighting.reference, sighting.remote_id)
            if first != sighting.remote_id:
                self._twice[identity] = None
