"""Settles messages in doubt by the API's list. A sighting proves acceptance; absence counts only under strict conditions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Protocol

from sendspec.diagnostics.exceptions import MessagesMoved
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.record import AcceptedMessage, Change, Doubt, KnownMessage, Route
from sendspec.planning.message_state import MOVE_BY_NAME, Move, State
from sendspec.provider.message_list import Sighting
from sendspec.provider.outcome import RunRefused
from sendspec.sending.absence import (
    ABSENT,
    ABSENT_AFTER_SECONDS,
    MAX_CLOCKS_APART_SECONDS,
    SCANS_APART_SECONDS,
    api_claimed_at,
    why_unprovable,
)
from sendspec.sending.channel_scan import EDGE, ChannelScan, ReceiversOf, ScanLedger, name_of
from sendspec.sending.list_reader import ListReader
from sendspec.sending.list_window import DAY, MARGIN, MAX_WINDOW
from sendspec.sending.sighting_match import HashReceiver, acceptance_change, ambiguous_ids, is_for, is_in_time

AGEING_AFTER_SECONDS = 6 * DAY


class DoubtLedger(ScanLedger, Protocol):
    """The part of the ledger that reconciling reads and moves."""

    def doubts(self) -> list[Doubt]: ...

    def accepted_since(self, route: Route, since: float) -> Iterator[AcceptedMessage]: ...

    def note_absent(self, missed: Sequence[tuple[bytes, int]], *, now: float) -> None: ...

    def move(self, by: Move, changes: Sequence[Change], *, now: float) -> None: ...


@dataclass(slots=True)
class Reconciled:
    """What the API's lists showed, by message id.

    `found` have been moved to accepted, `freed` to planned, as they were absent. `twice`: listed more than once, though sent once.
    `rejected`: listed as rejected only. `elsewhere`: listed under our reference for another recipient. `shared`: fewer messages are
    listed than are in doubt under one reference of the user's own. `unproved`: listed under a reference of the user's own, and
    too early or without a time to compare. `held` says why absence does not count. `too_old`: claimed before the time that the API
    lists, or on a channel that was not noted. `ageing`: claimed more than 6 days ago, of the 7 that the API lists. `left` counts the
    doubts that remain. `unread` are the reasons why lists were not read to their end. `credited` are the API ids of `found`.
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
    refusal: RunRefused | None = None
    credited: list[str] = field(default_factory=list)


def with_rivals(doubts: Sequence[Doubt], names: Collection[str]) -> list[Doubt]:
    """The doubts of these specs, and doubts of other specs that the same listed message could prove.

    Two specs may share a reference of the user's own and a recipient. Alone, a doubt could be credited with the other's message.
    """
    shared = {(doubt.reference, doubt.receiver) for doubt in doubts if doubt.name in names and doubt.own_reference}
    return [doubt for doubt in doubts if doubt.name in names or (doubt.reference, doubt.receiver) in shared]


def reconcile(
    ledger: DoubtLedger,
    doubts: Sequence[Doubt],
    reader_of: Callable[[Route], ListReader],
    hash_receiver: HashReceiver,
    *,
    resends_if_absent: Callable[[Doubt], bool],
    now: float,
    receivers_of: ReceiversOf | None = None,
) -> Reconciled:
    """Moves the doubts that the API's lists prove accepted or absent; returns what the lists showed.

    `resends_if_absent` decides for which messages absence may count: their specs say so. `now` is in Unix seconds by this machine's
    clock. With `receivers_of`, a few doubts in a long window are listed by their recipients.
    """
    outcome = Reconciled()
    by_route: dict[Route, list[Doubt]] = {}
    for doubt in doubts:
        if doubt.route is not None:
            by_route.setdefault(doubt.route, []).append(doubt)
    for route, asked in by_route.items():
        resendable = [doubt for doubt in asked if resends_if_absent(doubt)]
        provable = [doubt for doubt in resendable if why_unprovable(doubt) is None]
        scan = ChannelScan(ledger, route, asked, provable, reader_of(route), hash_receiver, now)
        scan.read(None if resendable else receivers_of)
        _ChannelSettlement(ledger, route, asked, resendable, provable, scan, hash_receiver, now, outcome).settle()
    settled = {*outcome.found, *outcome.freed}
    left = [doubt for doubt in doubts if doubt.id not in settled]
    outcome.too_old = [doubt.id for doubt in left if doubt.route is None or doubt.local_claimed_at < _earliest(now)]
    outcome.ageing = [doubt.id for doubt in left if now - doubt.local_claimed_at > AGEING_AFTER_SECONDS]
    outcome.left = len(left)
    return outcome


def _earliest(now: float) -> float:
    """The earliest time that the API's list reaches back to, less a margin for clocks that differ."""
    return now + MARGIN - MAX_WINDOW


class _ChannelSettlement:
    """Settles one channel's doubts by the scan of its list, and notes in `outcome` what it did."""

    def __init__(
        self,
        ledger: DoubtLedger,
        route: Route,
        doubts: Sequence[Doubt],
        resendable: Sequence[Doubt],
        provable: Sequence[Doubt],
        scan: ChannelScan,
        hash_receiver: HashReceiver,
        now: float,
        outcome: Reconciled,
    ) -> None:
        self._ledger = ledger
        self._route = route
        self._doubts = doubts
        self._resendable = resendable
        self._provable = provable
        self._scan = scan
        self._hash = hash_receiver
        self._now = now
        self._outcome = outcome
        self._under_other_ids: set[bytes] = set()

    def settle(self) -> None:
        scan, outcome = self._scan, self._outcome
        if scan.unread is not None:
            outcome.unread.append(scan.unread.reason)
            outcome.refusal = outcome.refusal or scan.unread.refusal
        listed = {remote_id for sightings in scan.sightings.values() for remote_id in sightings}
        credited = dict(self._ledger.credited(listed | scan.evidence.lookalikes))
        changes = self._found(credited)
        self._move(MOVE_BY_NAME["find"], changes)
        outcome.twice += [identity for identity in scan.duplicates.ids if identity not in outcome.twice]
        if self._resendable:
            self._settle_absent({*credited, *(change.remote_id or "" for change in changes)})

    def _found(self, credited: Mapping[str, bytes]) -> list[Change]:
        """The doubts that the list proves accepted. Each API id is credited to one message."""
        by_name: dict[tuple[str, bytes], list[Doubt]] = {}
        for doubt in sorted(self._doubts, key=lambda doubt: doubt.first_claimed_at or 0):
            by_name.setdefault((name_of(doubt), doubt.receiver), []).append(doubt)
        changes = []
        used = ambiguous_ids(self._scan.sightings.values())
        for (name, receiver), doubts in by_name.items():
            listed = self._scan.sightings.get(name, {})
            mine = {None, *(doubt.id for doubt in doubts)}
            sightings = [
                sighting
                for sighting in listed.values()
                if credited.get(sighting.remote_id) in mine and sighting.remote_id not in used
            ]
            ours = [sighting for sighting in sightings if is_for(receiver, sighting, self._hash)]
            if not sightings and listed:
                self._under_other_ids.update(doubt.id for doubt in doubts)
            accepted = [sighting for sighting in ours if not sighting.rejected]
            if sightings and not ours:
                self._outcome.elsewhere += [doubt.id for doubt in doubts]
            elif ours and not accepted:
                self._outcome.rejected += [doubt.id for doubt in doubts]
            elif accepted:
                assigned = self._assigned(doubts, accepted)
                used.update(change.remote_id or "" for change in assigned)
                changes += assigned
        self._outcome.found += [change.id for change in changes]
        self._outcome.credited += [change.remote_id or "" for change in changes]
        return changes

    def _assigned(self, doubts: Sequence[Doubt], accepted: Sequence[Sighting]) -> list[Change]:
        """Assigns sightings to doubts of one reference and one recipient, in the order of time: all of the doubts, or none."""
        in_time = [sighting for sighting in accepted if any(_may_prove(sighting, doubt) for doubt in doubts)]
        exact = doubts[0].reference
        in_time.sort(key=lambda sighting: (sighting.reference != exact, sighting.created_at or 0.0))
        pairs = list(zip(doubts, in_time, strict=False))
        if (
            not in_time
            or len(in_time) < len(doubts)
            or not all(_may_prove(sighting, doubt) for doubt, sighting in pairs)
        ):
            unsettled = self._outcome.unproved if not in_time else self._outcome.shared
            unsettled += [doubt.id for doubt in doubts]
            return []
        same = [sighting for sighting in in_time if sighting.reference == in_time[0].reference]
        if len(same) > len(doubts):
            self._outcome.twice += [doubt.id for doubt in doubts]
        return [acceptance_change(doubt.id, doubt.attempt, sighting.remote_id) for doubt, sighting in pairs]

    def _settle_absent(self, credited: Collection[str]) -> None:
        """Frees messages that two lists, far enough apart and long after the attempt, lack; notes what the first of them lacks."""
        outcome = self._outcome
        settled = {*outcome.found, *outcome.elsewhere, *outcome.rejected, *outcome.shared, *outcome.unproved}
        untrusted = self._why_untrusted()
        if self._provable and untrusted is None:
            since = self._scan.since - (self._scan.reader.skew or 0.0) + EDGE
            self._scan.evidence.compare(self._ledger.accepted_since(self._route, since))
        missed = []
        for doubt in self._resendable:
            if doubt.id in settled:
                continue
            against = why_unprovable(doubt) or untrusted or self._why_unproved(doubt, credited)
            if doubt.id in self._under_other_ids:
                against = "the list shows it under an id that another message has"
            if against is None:
                missed.append(doubt)
            else:
                outcome.held[doubt.id] = against
        self._free(missed)

    def _why_untrusted(self) -> str | None:
        """Why absence from this list proves nothing; None where it may."""
        reader = self._scan.reader
        if self._scan.unread is not None:
            return "the list was not read to its end"
        if reader.skipped:
            return f"the list holds entries that can't be read ({reader.skipped})"
        if reader.skew is None:
            return "the API does not tell its time"
        if abs(reader.skew) > MAX_CLOCKS_APART_SECONDS:
            return "this machine's clock and the API's differ"
        return None

    def _why_unproved(self, doubt: Doubt, credited: Collection[str]) -> str | None:
        if not self._scan.since <= api_claimed_at(doubt, None) or doubt.local_claimed_at > self._now:
            return "the list does not reach back to it"
        return self._scan.evidence.why_unproved(doubt, credited)

    def _free(self, missed: Sequence[Doubt]) -> None:
        absent = []
        for doubt in missed:
            if doubt.missed_at is None or self._now - doubt.missed_at < SCANS_APART_SECONDS:
                self._outcome.held[doubt.id] = "a second look, 10 minutes after the first, has to lack it too"
            elif self._now - doubt.local_claimed_at < ABSENT_AFTER_SECONDS:
                self._outcome.held[doubt.id] = "it is not half an hour old"
            else:
                absent.append(doubt)
        first = [(doubt.id, doubt.attempt) for doubt in missed if doubt.missed_at is None]
        if first:
            self._ledger.note_absent(first, now=self._now)
        changes = [Change(id=doubt.id, attempt=doubt.attempt, to=State.PLANNED, reason=ABSENT) for doubt in absent]
        self._move(MOVE_BY_NAME["absent"], changes)
        self._outcome.freed += [doubt.id for doubt in absent]

    def _move(self, move: Move, changes: Sequence[Change]) -> None:
        """Moves doubts. On a shared ledger, another run that looked them up may have found and moved the same."""
        while changes:
            try:
                self._ledger.move(move, changes, now=self._now)
                return
            except MessagesMoved:
                known = self._ledger.known_messages([change.id for change in changes])
                left = [change for change in changes if not _is_made(change, known.get(change.id))]
                if len(left) == len(changes):
                    raise
                changes = left


def _is_made(change: Change, known: KnownMessage | None) -> bool:
    """Whether a message is as the change would have it."""
    return known is not None and (known.state, known.remote_id) == (change.to, change.remote_id)


def _may_prove(sighting: Sighting, doubt: Doubt) -> bool:
    return is_in_time(sighting, own=doubt.own_reference, first_claimed_at=doubt.first_claimed_at)
