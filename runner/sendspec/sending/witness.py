"""Compares the API's list with what the ledger calls planned: what is listed was accepted, and the ledger is behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Protocol

from sendspec.composing.identity import id_text, ids_within
from sendspec.ledger.record import Change, Waiting, references_of
from sendspec.planning.message_state import MOVE_BY_NAME, Move
from sendspec.sending.listing import ListBounds, Listing, ListTooLong, ListUnread, Sighting
from sendspec.sending.proof import (
    DAY,
    MARGIN,
    MAX_WINDOW,
    DoubleListings,
    HashReceiver,
    Lookup,
    is_for,
    is_in_time,
    pages_in_api_time,
)
from sendspec.sending.reconcile import RECEIVERS_AT_ONCE, accepted

SKEW_NOTED = 60.0
"""From here on a difference between the clocks is told, in seconds."""
BOUNDS = ListBounds(pages=50, seconds=60.0)
SAMPLED = 64
"""Receivers that are asked for by themselves when there are more messages than are read."""

Send = tuple[str, int]
"""A spec's name and generation."""


class Planned(Lookup, Protocol):
    """The ledger, as the witness needs it."""

    def planned_under(self, ids: Sequence[bytes], references: Collection[str]) -> Iterator[Waiting]: ...

    def move(self, by: Move, changes: Sequence[Change], *, now: float) -> None: ...


@dataclass(slots=True)
class Witnessed:
    """What the API's list says of the ledger, by the names of specs.

    `behind` counts planned messages that were accepted, and are noted so now. `unproved` counts planned messages under whose
    reference something is listed that may be theirs; nothing is noted of them. `twice`: listed more than once. `sampled`: there
    were more messages than are read, so that some receivers were asked for instead. `skew` is by how many seconds the API's
    clock is ahead of ours, where it says. `unread` is why the list broke off; what it showed before counts.
    """

    behind: Counter[str] = field(default_factory=Counter)
    unproved: Counter[str] = field(default_factory=Counter)
    twice: list[bytes] = field(default_factory=list)
    sampled: bool = False
    skew: float | None = None
    unread: ListUnread | None = None


def witness(
    ledger: Planned,
    listing_of: Callable[[], Listing],
    hash_receiver: HashReceiver,
    sends: Mapping[Send, float | None],
    receivers: Callable[[], Sequence[str]],
    *,
    now: float,
    under_other_names: Callable[[Collection[bytes]], Counter[str]] = lambda ids: Counter(),
) -> Witnessed:
    """Looks for messages of `sends`, each with the time of its last claim by the API's clock, or None for the whole 7 days.

    `receivers` are at most `SAMPLED` of those that would be sent to, spread over them; they are asked for only when there are
    more messages than are read. Other messages are ignored: another ledger may use the channel. `under_other_names` counts the
    messages to send that have one of these ids under a former name of their spec, by the names of specs.
    """
    found = Witnessed()
    duplicates = DoubleListings(ledger, hash_receiver)
    sighted: dict[str, dict[str, Sighting]] = {}
    listings: list[Listing] = []

    def opened() -> Listing:
        listings.append(listing_of())
        return listings[-1]

    try:
        for page in _pages(opened, sends, receivers, now, found):
            duplicates.read(page)
            for sighting in page:
                if sighting.reference and not sighting.rejected:
                    sighted.setdefault(sighting.reference, {})[sighting.remote_id] = sighting
    except ListUnread as error:
        found.unread = error
    found.twice = duplicates.ids
    unread = {reference for listing in listings for reference in listing.unread}
    _compare(ledger, sighted, unread, hash_receiver, sends, now, found)
    named = {identity for reference in (*sighted, *unread) for identity in ids_within(reference)}
    found.unproved += under_other_names(named) if named else Counter()
    return found


def _pages(
    listing_of: Callable[[], Listing],
    sends: Mapping[Send, float | None],
    receivers: Callable[[], Sequence[str]],
    now: float,
    found: Witnessed,
) -> Iterator[list[Sighting]]:
    listing = listing_of()
    try:
        yield from _pages_in_time(listing, sends, now)
        return
    except ListTooLong:
        found.sampled = True
    finally:
        found.skew = listing.skew
        listing.close()
    listing = listing_of()
    asked = list(receivers())
    window = _window((None,), now, found.skew)
    try:
        for start in range(0, len(asked), RECEIVERS_AT_ONCE):
            yield from listing.pages(*window, asked[start : start + RECEIVERS_AT_ONCE])
    except ListTooLong:
        pass  # pages arrive, so the list has not broken off
    finally:
        listing.close()


def _pages_in_time(listing: Listing, sends: Mapping[Send, float | None], now: float) -> Iterator[list[Sighting]]:
    """The pages of the window; once more with a day at its end where the API doesn't tell its time, as its clock may be ahead."""
    yield from pages_in_api_time(listing, lambda skew: _window(sends.values(), now, skew))
    if listing.skew is None:
        yield from listing.pages(*_window(sends.values(), now, None))


def _window(claims: Iterable[float | None], now: float, skew: float | None) -> tuple[float, float]:
    """Since the oldest of the last claims; the whole time that the API lists where one isn't known, or lies in the future."""
    until = now + DAY if skew is None else max(now, now + skew) + MARGIN
    skew = skew or 0.0
    earliest = until - MAX_WINDOW
    known = [earliest if claim is None or claim > now + skew + MARGIN else claim - MARGIN for claim in claims]
    return max(min(known, default=earliest), earliest), until


def _compare(
    ledger: Planned,
    sighted: Mapping[str, Mapping[str, Sighting]],
    unread: Set[str],
    hash_receiver: HashReceiver,
    sends: Collection[Send],
    now: float,
    found: Witnessed,
) -> None:
    """States are read now, after the pages. `unread` are references of entries that can't be read."""
    by_id: dict[bytes, list[Sighting]] = {}
    for reference, by_remote_id in sighted.items():
        for identity in ids_within(reference):
            by_id.setdefault(identity, []).extend(by_remote_id.values())
    unread_ids = {identity for reference in unread for identity in ids_within(reference)}
    candidates = [
        (waiting, _sightings_of(waiting, by_id, sighted))
        for waiting in ledger.planned_under([*by_id, *(unread_ids - by_id.keys())], frozenset({*sighted, *unread}))
        if (waiting.name, waiting.generation) in sends
    ]
    credited = ledger.credited({sighting.remote_id for _, sightings in candidates for sighting in sightings})
    used: set[str] = set()
    changes = []
    for waiting, sightings in candidates:
        mine = (None, waiting.id)
        free = [sighting for sighting in sightings if credited.get(sighting.remote_id) in mine]
        proof = next((s for s in free if s.remote_id not in used and _proves(s, waiting, hash_receiver)), None)
        if proof is not None:
            used.add(proof.remote_id)
            found.behind[waiting.name] += 1
            changes.append(accepted(waiting.id, waiting.attempt, proof.remote_id))
        elif (
            any(_may_be(sighting, waiting, hash_receiver) for sighting in free)
            or any(_is_exactly(sighting, waiting, hash_receiver) for sighting in sightings)
            or waiting.id in unread_ids
            or not unread.isdisjoint(references_of(waiting))
        ):
            found.unproved[waiting.name] += 1
    if changes:
        ledger.move(MOVE_BY_NAME["witness"], changes, now=now)


def _sightings_of(
    waiting: Waiting, by_id: Mapping[bytes, Sequence[Sighting]], sighted: Mapping[str, Mapping[str, Sighting]]
) -> list[Sighting]:
    named = list(by_id.get(waiting.id, ()))
    if waiting.reference is None:
        return named
    own = [sighting for name in references_of(waiting) for sighting in sighted.get(name, {}).values()]
    return [*own, *(sighting for sighting in named if sighting not in own)]


def _names(sighting: Sighting, waiting: Waiting) -> bool:
    """Whether a sighting's reference holds the message's id, as it is written."""
    return id_text(waiting.id) in sighting.reference


def _is_exactly(sighting: Sighting, waiting: Waiting, hash_receiver: HashReceiver) -> bool:
    """Whether nothing but the API's id, which another message has, speaks against it."""
    return _names(sighting, waiting) and is_for(waiting.receiver, sighting, hash_receiver)


def _proves(sighting: Sighting, waiting: Waiting, hash_receiver: HashReceiver) -> bool:
    own = not _names(sighting, waiting)
    if own and sighting.reference not in references_of(waiting):
        return False  # another spelling
    in_time = is_in_time(sighting, own=own, first_claimed_at=waiting.first_claimed_at)
    return in_time and is_for(waiting.receiver, sighting, hash_receiver)


def _may_be(sighting: Sighting, waiting: Waiting, hash_receiver: HashReceiver) -> bool:
    """Whether a sighting that proves nothing may be the message's all the same, so that it must not be sent.

    A default reference is the message's, whoever it went to. One of the user's own is not, where it went to somebody else or was
    created before the message was first claimed.
    """
    if waiting.id in ids_within(sighting.reference):
        return True
    unknown = waiting.first_claimed_at is None or sighting.created_at is None
    return unknown and is_for(waiting.receiver, sighting, hash_receiver)
