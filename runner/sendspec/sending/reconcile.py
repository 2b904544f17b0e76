"""Asks the API what became of messages in doubt. A sighting proves acceptance; absence is weak, and believed on conditions only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sendspec.composing.identity import id_in, id_text
from sendspec.ledger.record import Change, Doubt, Listable, Route
from sendspec.planning.message_state import MOVE_BY_NAME, Move, State
from sendspec.provider.outcome import RefusedAsAWhole
from sendspec.sending.absence import ABSENT_AFTER, MAX_CLOCKS_APART, SCANS_APART, ListedAround, claimed_at, objection
from sendspec.sending.listing import Listing, ListUnread, Sighting
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

OLD = 6 * DAY
NARROWED_FROM = 3_600.0
"""A window of so many seconds is long enough to ask for a few receivers instead of for every message."""
MAX_NARROWED = 64
RECEIVERS_AT_ONCE = 16
EDGE = 2 * MARGIN
"""What was accepted so shortly after the beginning of a window may have been created before it."""
FOUND = "the API lists its reference"

NumbersOf = Callable[[Collection[bytes]], Mapping[bytes, str]]
"""The receivers of messages, where the table is at hand: the ledger has only their hashes."""


class Doubtful(Lookup, Protocol):
    """The ledger, as reconciling needs it."""

    def doubts(self) -> list[Doubt]: ...

    def accepted_since(self, route: Route, since: float) -> Iterator[Listable]: ...

    def accepted_before(self, route: Route, moment: float) -> float | None: ...

    def note_absent(self, missed: Sequence[tuple[bytes, int]], *, now: float) -> None: ...

    def move(self, by: Move, changes: Sequence[Change], *, now: float) -> None: ...


@dataclass(slots=True)
class Reconciled:
    """What a look at the API's list brought to light, by message id.

    `twice`: listed more than once, though we sent once: duplicated on the way. `elsewhere`: listed under our reference for
    another receiver. `shared`: fewer messages are listed than are in doubt under one reference of the user's own.
    `unproved`: listed under a reference of the user's own, and too early or without a time to compare. `held` says why
    absence is not believed. `unread` are the reasons why a list could not be read to its end.
    """

    found: list[bytes] = field(default_factory=list)
    freed: list[bytes] = field(default_factory=list)
    twice: list[bytes] = field(default_factory=list)
    rejected: list[bytes] = field(default_factory=list)
    elsewhere: list[bytes] = field(default_factory=list)
    shared: list[bytes] = field(default_factory=list)
    unproved: list[bytes] = field(default_factory=list)
    held: dict[bytes, str] = field(default_factory=dict)
    too_old: list[bytes] = field(default_factory=list)
    ageing: list[bytes] = field(default_factory=list)
    left: int = 0
    unread: list[str] = field(default_factory=list)
    refusal: RefusedAsAWhole | None = None


def with_rivals(doubts: Sequence[Doubt], names: Collection[str]) -> list[Doubt]:
    """The doubts of these specs, and those of others that one and the same message of the API could prove.

    Looked at alone, a doubt could be credited with what was accepted of another spec: both have one reference of the user's own
    and one receiver.
    """
    shared = {(doubt.reference, doubt.receiver) for doubt in doubts if doubt.name in names and doubt.own_reference}
    return [doubt for doubt in doubts if doubt.name in names or (doubt.reference, doubt.receiver) in shared]


def reconcile(
    ledger: Doubtful,
    doubts: Sequence[Doubt],
    listing_of: Callable[[Route], Listing],
    hash_receiver: HashReceiver,
    *,
    frees: Callable[[Doubt], bool],
    now: float,
    numbers_of: NumbersOf | None = None,
) -> Reconciled:
    """Settles what the API's list settles. `frees` says for which messages absence may be believed at all.

    `now` is by this machine's clock. With `numbers_of`, few doubts in a long window are asked for by their receivers.
    """
    outcome = Reconciled()
    by_route: dict[Route, list[Doubt]] = {}
    for doubt in doubts:
        if doubt.route is not None:
            by_route.setdefault(doubt.route, []).append(doubt)
    for route, asked in by_route.items():
        look = _Look(ledger, route, asked, listing_of(route), hash_receiver, frees, now, outcome)
        look.read(numbers_of)
        look.settle()
    settled = {*outcome.found, *outcome.freed}
    left = [doubt for doubt in doubts if doubt.id not in settled]
    outcome.too_old = [doubt.id for doubt in left if doubt.route is None or doubt.claimed_at < _earliest(now)]
    outcome.ageing = [doubt.id for doubt in left if now - doubt.claimed_at > OLD]
    outcome.left = len(left)
    return outcome


class _Look:
    """One look at one channel's list, for all of its doubts."""

    def __init__(
        self,
        ledger: Doubtful,
        route: Route,
        doubts: Sequence[Doubt],
        listing: Listing,
        hash_receiver: HashReceiver,
        frees: Callable[[Doubt], bool],
        now: float,
        outcome: Reconciled,
    ) -> None:
        self._ledger = ledger
        self._route = route
        self._doubts = doubts
        self._listing = listing
        self._hash = hash_receiver
        self._now = now
        self._outcome = outcome
        self._freeing = [doubt for doubt in doubts if frees(doubt)]
        self._missable = [doubt for doubt in self._freeing if objection(doubt) is None]
        self._around = ListedAround(self._missable, hash_receiver)
        self._duplicates = DoubleListings(ledger, hash_receiver)
        self._named = {doubt.id for doubt in doubts if not doubt.own_reference}
        self._own = {doubt.reference for doubt in doubts if doubt.own_reference}
        self._sighted: dict[str, dict[str, Sighting]] = {}
        self._under_other_ids: set[bytes] = set()
        self._since = 0.0
        self._complete = True

    def read(self, numbers_of: NumbersOf | None) -> None:
        """Reads the list; one that breaks off has shown what it showed."""
        try:
            for page in self._pages(numbers_of):
                self._duplicates.read(page)
                if self._missable:
                    self._around.read(page)
                for sighting in page:
                    name = self._name(sighting.reference)
                    if name is not None:
                        self._sighted.setdefault(name, {})[sighting.remote_id] = sighting
        except ListUnread as error:
            self._complete = False
            self._outcome.unread.append(error.reason)
            self._outcome.refusal = self._outcome.refusal or error.refusal
        finally:
            self._listing.close()

    def _pages(self, numbers_of: NumbersOf | None) -> Iterator[list[Sighting]]:
        receivers = [] if numbers_of is None or self._freeing else self._receivers(numbers_of)
        if not receivers:
            yield from pages_in_api_time(self._listing, self._window)
        for start in range(0, len(receivers), RECEIVERS_AT_ONCE):
            window = self._window(self._listing.skew or 0.0)
            yield from self._listing.pages(*window, receivers[start : start + RECEIVERS_AT_ONCE])

    def _receivers(self, numbers_of: NumbersOf) -> list[str]:
        """Whom to ask for instead of reading the whole window; empty where that is short, or somebody's number isn't known."""
        since, until = self._window(0.0)
        if until - since < NARROWED_FROM or len(self._doubts) > MAX_NARROWED:
            return []
        numbers = numbers_of({doubt.id for doubt in self._doubts})
        if any(self._hash(numbers.get(doubt.id, "")) != doubt.receiver for doubt in self._doubts):
            return []
        return sorted(set(numbers.values()))

    def _window(self, skew: float) -> tuple[float, float]:
        """From before the oldest claim on; where absence may be believed, from the last acceptance before it."""
        until = max(self._now, self._now + skew) + MARGIN
        earliest = until - MAX_WINDOW
        if any(doubt.claimed_at > self._now for doubt in self._doubts):
            self._since = earliest  # noted by a clock that has been set since
            return earliest, until
        since = min(claimed_at(doubt, skew) for doubt in self._doubts)
        if self._missable:
            oldest = min(doubt.claimed_at for doubt in self._missable)
            accepted = self._ledger.accepted_before(self._route, oldest)
            since = since if accepted is None else min(since, accepted + skew - EDGE)
        self._since = max(since - MARGIN, earliest)
        return self._since, until

    def _name(self, reference: str) -> str | None:
        """What a doubt's sightings are collected under; None for a reference that is none of theirs.

        A default reference names one message, however often a person had it sent again.
        """
        identity = id_in(reference)
        if identity is not None and identity in self._named:
            return id_text(identity)
        return reference if reference in self._own else None

    def settle(self) -> None:
        listed = {remote_id for sightings in self._sighted.values() for remote_id in sightings}
        credited = dict(self._ledger.credited(listed | self._around.like))
        changes = self._found(credited)
        if changes:
            self._ledger.move(MOVE_BY_NAME["find"], changes, now=self._now)
        self._outcome.twice += [identity for identity in self._duplicates.ids if identity not in self._outcome.twice]
        if self._freeing:
            self._settle_absent({*credited, *(change.remote_id or "" for change in changes)})

    def _found(self, credited: Mapping[str, bytes]) -> list[Change]:
        """The doubts that the list shows to be accepted; one id of the API's is credited to one message."""
        by_name: dict[tuple[str, bytes], list[Doubt]] = {}
        for doubt in sorted(self._doubts, key=lambda doubt: doubt.first_claimed_at or 0):
            name = doubt.reference if doubt.own_reference else id_text(doubt.id)
            by_name.setdefault((name, doubt.receiver), []).append(doubt)
        changes = []
        for (name, receiver), doubts in by_name.items():
            mine = {None, *(doubt.id for doubt in doubts)}
            sightings = [s for s in self._sighted.get(name, {}).values() if credited.get(s.remote_id) in mine]
            ours = [sighting for sighting in sightings if is_for(receiver, sighting, self._hash)]
            if not sightings and self._sighted.get(name):
                self._under_other_ids.update(doubt.id for doubt in doubts)
            taken = [sighting for sighting in ours if not sighting.rejected]
            if sightings and not ours:
                self._outcome.elsewhere += [doubt.id for doubt in doubts]
            elif ours and not taken:
                self._outcome.rejected += [doubt.id for doubt in doubts]
            elif taken:
                changes += self._assigned(doubts, taken)
        self._outcome.found += [change.id for change in changes]
        return changes

    def _assigned(self, doubts: Sequence[Doubt], taken: Sequence[Sighting]) -> list[Change]:
        """Which sighting proves which of the doubts that have one reference and one receiver: in the order of time, or none."""
        timely = [
            sighting
            for sighting in taken
            if any(
                is_in_time(sighting, own=doubt.own_reference, first_claimed_at=doubt.first_claimed_at)
                for doubt in doubts
            )
        ]
        exact = doubts[0].reference
        timely.sort(key=lambda sighting: (sighting.reference != exact, sighting.created_at or 0.0))
        pairs = list(zip(doubts, timely, strict=False))
        fit = all(
            is_in_time(sighting, own=doubt.own_reference, first_claimed_at=doubt.first_claimed_at)
            for doubt, sighting in pairs
        )
        if not timely or len(timely) < len(doubts) or not fit:
            bucket = self._outcome.unproved if not timely else self._outcome.shared
            bucket += [doubt.id for doubt in doubts]
            return []
        same = [sighting for sighting in timely if sighting.reference == timely[0].reference]
        if len(same) > len(doubts):
            self._outcome.twice += [doubt.id for doubt in doubts]
        return [accepted(doubt.id, doubt.attempt, sighting.remote_id) for doubt, sighting in pairs]

    def _settle_absent(self, credited: Collection[str]) -> None:
        """Frees what two lists that are far enough apart lack, long after it was sent; notes what the first of them lacks."""
        settled = {*self._outcome.found, *self._outcome.elsewhere, *self._outcome.rejected, *self._outcome.shared}
        left = [doubt for doubt in self._freeing if doubt.id not in settled and doubt.id not in self._outcome.unproved]
        why = self._distrust()
        if self._missable and why is None:
            since = self._since - (self._listing.skew or 0.0) + EDGE
            self._around.compare(self._ledger.accepted_since(self._route, since))
        missed = []
        for doubt in left:
            against = objection(doubt) or why or self._objection(doubt, credited)
            if doubt.id in self._under_other_ids:
                against = "the list shows it under an id that another message has"
            if against is None:
                missed.append(doubt)
            else:
                self._outcome.held[doubt.id] = against
        self._free(missed)

    def _distrust(self) -> str | None:
        """Why this list proves nothing by what it lacks."""
        if not self._complete:
            return "the list was not read to its end"
        if self._listing.skipped:
            return f"the list holds entries that can't be read ({self._listing.skipped})"
        if self._listing.skew is None:
            return "the API does not tell its time"
        if abs(self._listing.skew) > MAX_CLOCKS_APART:
            return "this machine's clock and the API's differ"
        return None

    def _objection(self, doubt: Doubt, credited: Collection[str]) -> str | None:
        if not self._since <= claimed_at(doubt, None) or doubt.claimed_at > self._now:
            return "the list does not reach back to it"
        return self._around.objection(doubt, credited)

    def _free(self, missed: Sequence[Doubt]) -> None:
        gone = []
        for doubt in missed:
            if doubt.missed_at is None or self._now - doubt.missed_at < SCANS_APART:
                self._outcome.held[doubt.id] = "a second look, 10 minutes after the first, has to lack it too"
            elif self._now - doubt.claimed_at < ABSENT_AFTER:
                self._outcome.held[doubt.id] = "it is not half an hour old"
            else:
                gone.append(doubt)
        first = [(doubt.id, doubt.attempt) for doubt in missed if doubt.missed_at is None]
        if first:
            self._ledger.note_absent(first, now=self._now)
        reason = "the API's list lacked it twice, and showed all others"
        changes = [Change(id=doubt.id, attempt=doubt.attempt, to=State.PLANNED, reason=reason) for doubt in gone]
        if changes:
            self._ledger.move(MOVE_BY_NAME["absent"], changes, now=self._now)
            self._outcome.freed += [doubt.id for doubt in gone]


def _earliest(now: float) -> float:
    """How far back the API's list goes, with room for clocks that differ."""
    return now + MARGIN - MAX_WINDOW


def accepted(identity: bytes, attempt: int, remote_id: str) -> Change:
    return Change(id=identity, attempt=attempt, to=State.ACCEPTED, reason=FOUND, remote_id=remote_id)
