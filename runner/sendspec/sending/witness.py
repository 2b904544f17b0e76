"""Finds a ledger that is behind: messages that it calls planned although the API lists them as accepted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import field
from typing import Protocol

from sendspec.composing.identity import id_text, ids_within
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.record import Change, PlannedMessage, Send, references_of
from sendspec.planning.message_state import MOVE_BY_NAME, Move
from sendspec.provider.message_list import Sighting
from sendspec.sending.list_reader import ListBounds, ListReader, ListTooLong, ListUnread
from sendspec.sending.list_window import DAY, MARGIN, MAX_WINDOW, RECEIVERS_PER_QUERY, pages_in_api_time
from sendspec.sending.sighting_match import (
    DuplicateListings,
    HashReceiver,
    SightingLedger,
    acceptance_change,
    ambiguous_ids,
    is_for,
    is_in_time,
)

SKEW_NOTED = 60.0
"""From this many seconds on, clock skew is reported."""
WITNESS_BOUNDS = ListBounds(pages=50, seconds=60.0)
SAMPLED = 64
"""Recipients that are listed by themselves when the list exceeds the bounds."""


class WitnessLedger(SightingLedger, Protocol):
    """The part of the ledger that the witness reads, and the moves it makes."""

    def planned_under(
        self, ids: Sequence[bytes], references: Collection[str], sends: Collection[Send]
    ) -> Iterator[PlannedMessage]: ...

    def move(self, by: Move, changes: Sequence[Change], *, now: float) -> None: ...


@dataclass(slots=True)
class Witnessed:
    """What the API's list says about the ledger, by the names of specs.

    `behind` counts messages that the ledger had as planned although they were accepted; they have been moved to accepted. `unproved`
    counts planned messages that a listed message may be, without proof; they are left as they are. `twice` are the ids of messages
    listed more than once. `sampled`: the list exceeded the bounds, so only some recipients were listed. `skew` is by how many
    seconds the API's clock is ahead of ours, where known. `unread` is why the list broke off; what it showed before counts.
    """

    behind: Counter[str] = field(default_factory=Counter)
    unproved: Counter[str] = field(default_factory=Counter)
    twice: list[bytes] = field(default_factory=list)
    sampled: bool = False
    skew: float | None = None
    unread: ListUnread | None = None


def witness(
    ledger: WitnessLedger,
    open_reader: Callable[[], ListReader],
    hash_receiver: HashReceiver,
    sends: Mapping[Send, float | None],
    receivers: Callable[[], Sequence[str]],
    *,
    now: float,
    under_other_names: Callable[[Collection[bytes]], Counter[str]] = lambda ids: Counter(),
) -> Witnessed:
    """Compares the API's list with the planned messages of `sends`, and moves those that it proves accepted.

    `sends` has the time of each send's last claim by the API's clock; None lists the full 7 days. `receivers` returns at most
    `SAMPLED` recipients, spread over the send; it is called only where the list exceeds the bounds. Messages of other sends are
    ignored: another ledger may use the channel. `under_other_names` takes the listed message ids, and counts by spec the messages
    to send that had one of them under a former name of their spec.
    """
    found = Witnessed()
    readers: list[ListReader] = []

    def opened() -> ListReader:
        readers.append(open_reader())
        return readers[-1]

    duplicates = DuplicateListings(ledger, hash_receiver)
    sighted = _sighted(_pages(opened, sends, receivers, now, found), duplicates, found)
    found.twice = duplicates.ids
    unread = {reference for reader in readers for reference in reader.unread}
    _compare(ledger, sighted, unread, hash_receiver, sends, now, found)
    named = {identity for reference in (*sighted, *unread) for identity in ids_within(reference)}
    found.unproved += under_other_names(named) if named else Counter()
    return found


def _sighted(
    pages: Iterable[list[Sighting]], duplicates: DuplicateListings, found: Witnessed
) -> dict[str, dict[str, Sighting]]:
    """The accepted messages that the list shows, by reference and by the API's id. If it breaks off, those before that count."""
    sighted: dict[str, dict[str, Sighting]] = {}
    try:
        for page in pages:
            duplicates.read(page)
            for sighting in page:
                if sighting.reference and not sighting.rejected:
                    sighted.setdefault(sighting.reference, {})[sighting.remote_id] = sighting
    except ListUnread as error:
        found.unread = error
    return sighted


def _pages(
    open_reader: Callable[[], ListReader],
    sends: Mapping[Send, float | None],
    receivers: Callable[[], Sequence[str]],
    now: float,
    found: Witnessed,
) -> Iterator[list[Sighting]]:
    reader = open_reader()
    try:
        yield from _pages_in_time(reader, sends, now)
        return
    except ListTooLong:
        found.sampled = True
    finally:
        found.skew = reader.skew
        reader.close()
    reader = open_reader()
    asked = list(receivers())
    windows = dict.fromkeys((_window((None,), now, found.skew), _window((None,), now, min(0.0, found.skew or 0.0))))
    try:
        for window in windows:
            for start in range(0, len(asked), RECEIVERS_PER_QUERY):
                yield from reader.pages(*window, asked[start : start + RECEIVERS_PER_QUERY])
    except ListTooLong:
        pass  # pages arrived, so the list did not break off
    finally:
        reader.close()


def _pages_in_time(reader: ListReader, sends: Mapping[Send, float | None], now: float) -> Iterator[list[Sighting]]:
    """The pages of the window. If the API sends no time, its clock may be ahead: the window is then read again, a day longer."""
    yield from pages_in_api_time(reader, lambda skew: _window(sends.values(), now, skew))
    if reader.skew is None:
        yield from reader.pages(*_window(sends.values(), now, None))


def _window(claims: Iterable[float | None], now: float, skew: float | None) -> tuple[float, float]:
    """The window from the oldest of the last claims on, by the API's clock.

    If any of them is unknown or in the future, it reaches back as far as the API lists.
    """
    until = now + DAY if skew is None else now + skew + MARGIN
    skew = skew or 0.0
    earliest = until - MAX_WINDOW
    known = [earliest if claim is None or claim > now + skew + MARGIN else claim - MARGIN for claim in claims]
    return max(min(known, default=earliest), earliest), until


def _compare(
    ledger: WitnessLedger,
    sighted: Mapping[str, Mapping[str, Sighting]],
    unread: Set[str],
    hash_receiver: HashReceiver,
    sends: Collection[Send],
    now: float,
    found: Witnessed,
) -> None:
    """Compares the ledger's states, read after the pages, with what was listed. `unread` are references of unreadable entries."""
    unread_ids = {identity for reference in unread for identity in ids_within(reference)}
    candidates = _candidates(ledger, sighted, unread, unread_ids, sends)
    credited = ledger.credited({sighting.remote_id for _, sightings in candidates for sighting in sightings})
    used = ambiguous_ids(sighted.values())
    changes = []
    for waiting, sightings in candidates:
        mine = (None, waiting.id)
        free = [sighting for sighting in sightings if credited.get(sighting.remote_id) in mine]
        proof = next((s for s in free if s.remote_id not in used and _proves(s, waiting, hash_receiver)), None)
        if proof is not None:
            used.add(proof.remote_id)
            found.behind[waiting.name] += 1
            changes.append(acceptance_change(waiting.id, waiting.attempt, proof.remote_id))
        elif (
            any(_may_be(sighting, waiting, hash_receiver) for sighting in free)
            or any(_is_exactly(sighting, waiting, hash_receiver) for sighting in sightings)
            or waiting.id in unread_ids
            or not unread.isdisjoint(references_of(waiting))
        ):
            found.unproved[waiting.name] += 1
    if changes:
        ledger.move(MOVE_BY_NAME["witness"], changes, now=now)


def _candidates(
    ledger: WitnessLedger,
    sighted: Mapping[str, Mapping[str, Sighting]],
    unread: Set[str],
    unread_ids: Set[bytes],
    sends: Collection[Send],
) -> list[tuple[PlannedMessage, list[Sighting]]]:
    """The planned messages of `sends` that are listed, each with the sightings under its id or its references."""
    by_id: dict[bytes, list[Sighting]] = {}
    for reference, by_remote_id in sighted.items():
        for identity in ids_within(reference):
            by_id.setdefault(identity, []).extend(by_remote_id.values())
    named = ledger.planned_under([*by_id, *(unread_ids - by_id.keys())], frozenset({*sighted, *unread}), sends)
    return [
        (waiting, _sightings_of(waiting, by_id, sighted))
        for waiting in named
        if (waiting.name, waiting.generation) in sends
    ]


def _sightings_of(
    waiting: PlannedMessage, by_id: Mapping[bytes, Sequence[Sighting]], sighted: Mapping[str, Mapping[str, Sighting]]
) -> list[Sighting]:
    named = list(by_id.get(waiting.id, ()))
    if waiting.reference is None:
        return named
    own = [sighting for name in references_of(waiting) for sighting in sighted.get(name, {}).values()]
    return [*own, *(sighting for sighting in named if sighting not in own)]


def _names(sighting: Sighting, waiting: PlannedMessage) -> bool:
    """Whether a sighting's reference contains the message's id in its exact spelling."""
    return id_text(waiting.id) in sighting.reference


def _is_exactly(sighting: Sighting, waiting: PlannedMessage, hash_receiver: HashReceiver) -> bool:
    """Whether a sighting has the message's id and recipient. It proves nothing if its API id is credited to another message."""
    return _names(sighting, waiting) and is_for(waiting.receiver, sighting, hash_receiver)


def _proves(sighting: Sighting, waiting: PlannedMessage, hash_receiver: HashReceiver) -> bool:
    own = not _names(sighting, waiting)
    if own and sighting.reference not in references_of(waiting):
        return False  # the id in another spelling proves nothing
    in_time = is_in_time(sighting, own=own, first_claimed_at=waiting.first_claimed_at)
    return in_time and is_for(waiting.receiver, sighting, hash_receiver)


def _may_be(sighting: Sighting, waiting: PlannedMessage, hash_receiver: HashReceiver) -> bool:
    """Whether a sighting that proves nothing may still be the message, so that it must not be sent.

    A default reference is the message's, whatever the recipient. A reference of the user's own is not, where the recipient differs
    or the sighting is older than the message's first claim.
    """
    if waiting.id in ids_within(sighting.reference):
        return True
    unknown = waiting.first_claimed_at is None or sighting.created_at is None
    return unknown and is_for(waiting.receiver, sighting, hash_receiver)
