"""When a message that the API lists proves that one of ours was accepted, and when it was listed twice."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from sendspec.composing.identity import id_in
from sendspec.ledger.record import KnownMessage
from sendspec.planning.message_state import State
from sendspec.sending.listing import Listing, Sighting

DAY = 86_400.0
MAX_WINDOW = 7 * DAY - 60
"""The API lists no longer a range (`reference/api.md`, section 8)."""
MARGIN = 600.0
"""A window is that much longer at both ends, in seconds: clocks differ."""
CLOCK_MARGIN = 120.0
"""A message may be created by so many seconds before its first claim was noted."""
SKEW_ASKED_AGAIN = 5.0
"""From this difference between the clocks on, in seconds, the list is asked again in the API's time."""
MAX_SKEW = DAY
"""A `Date` further off than that may be nonsense: then both times are asked for."""

HashReceiver = Callable[[str], bytes]
Window = Callable[[float], tuple[float, float]]
"""The times to ask for, by the API's clock, when that is ahead of ours by so many seconds."""


class Lookup(Protocol):
    """The ledger, as far as sightings need it."""

    def credited(self, remote_ids: Collection[str]) -> Mapping[str, bytes]: ...

    def known_by(self, ids: Sequence[bytes]) -> Mapping[bytes, KnownMessage]: ...


def is_for(receiver: bytes, sighting: Sighting, hash_receiver: HashReceiver) -> bool:
    return any(hash_receiver(name) == receiver for name in sighting.receivers)


def is_in_time(sighting: Sighting, *, own: bool, first_claimed_at: float | None) -> bool:
    """Whether a sighting can be that of a message by its time: of no matter for a default reference, which names one message.

    A reference of the user's own may have been used before. Both times are by the API's clock; one that is not known proves
    nothing.
    """
    if not own:
        return True
    known = first_claimed_at is not None and sighting.created_at is not None
    return known and sighting.created_at >= first_claimed_at - CLOCK_MARGIN  # type: ignore[operator]


def pages_in_api_time(listing: Listing, window: Window) -> Iterator[list[Sighting]]:
    """The pages of a window. When the first answer shows that the clocks differ, they are asked for again, corrected."""
    asked = window(0.0)
    corrected = asked
    for number, page in enumerate(listing.pages(*asked)):
        yield page
        skew = listing.skew
        if number == 0 and skew is not None and abs(skew) > SKEW_ASKED_AGAIN:
            corrected = window(skew)
            if corrected != asked and abs(skew) <= MAX_SKEW:
                break
    if corrected != asked:
        yield from listing.pages(*corrected)


class DoubleListings:
    """Collects the messages of the ledger that a list shows twice: two ids under one default reference, for its receiver."""

    def __init__(self, ledger: Lookup, hash_receiver: HashReceiver) -> None:
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
        known = self._ledger.known_by([identity for identity, _ in named])
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
