"""Asks the API what became of messages in doubt. A sighting proves acceptance; absence is weak, and believed on conditions only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from runner.composing.identity import id_in
from runner.ledger.record import Change, Doubt, Route, Waiting
from runner.ledger.state import MOVE_BY_NAME, Move
from runner.planning.fact import State
from runner.sending.listing import Listing, ListUnread, Sighting
from runner.sending.outcome import RefusedAsAWhole

DAY = 86_400.0
WINDOW_MOST = 7 * DAY - 60
"""The API lists no longer a range (`reference/api.md`, section 8)."""
MARGIN = 600.0
"""By how much the API's clock may differ from ours, in seconds."""
SKEW_NOTED = 60.0
"""From here on a difference is told: beyond the margin, a list would be asked for the wrong time."""
SCANS_APART = 600.0
ABSENT_AFTER = 1_800.0
OLD = 6 * DAY
WITNESS_USUAL = DAY
WITNESS_PAGES = 20

HashReceiver = Callable[[str], bytes]


class Doubtful(Protocol):
    """The ledger, as reconciling needs it."""

    def doubts(self) -> list[Doubt]: ...

    def accepted_since(self, route: Route, since: float) -> Iterator[str]: ...

    def planned_under(self, ids: Sequence[bytes], references: frozenset[str]) -> Iterator[Waiting]: ...

    def last_move_at(self) -> float | None: ...

    def note_absent(self, missed: Sequence[tuple[bytes, int]], *, now: float) -> None: ...

    def move(self, by: Move, changes: Sequence[Change], *, now: float) -> None: ...


@dataclass(slots=True)
class Reconciled:
    """What a look at the API's list brought to light, by message id.

    `twice`: listed more than once, though we sent once: duplicated on the way. `elsewhere`: listed under our reference for
    another receiver. `unread` are the reasons why a list could not be read to its end.
    """

    found: list[bytes] = field(default_factory=list)
    freed: list[bytes] = field(default_factory=list)
    twice: list[bytes] = field(default_factory=list)
    rejected: list[bytes] = field(default_factory=list)
    elsewhere: list[bytes] = field(default_factory=list)
    too_old: list[bytes] = field(default_factory=list)
    ageing: list[bytes] = field(default_factory=list)
    left: int = 0
    unread: list[str] = field(default_factory=list)
    refusal: RefusedAsAWhole | None = None


def reconcile(
    ledger: Doubtful,
    doubts: Sequence[Doubt],
    listing_of: Callable[[Route], Listing],
    hash_receiver: HashReceiver,
    *,
    frees: Callable[[Doubt], bool],
    now: float,
) -> Reconciled:
    """Settles what the API's list settles. `frees` says for which messages absence may be believed at all."""
    outcome = Reconciled()
    by_route: dict[Route, list[Doubt]] = {}
    for doubt in doubts:
        if doubt.route is not None:
            by_route.setdefault(doubt.route, []).append(doubt)
    for route, asked in by_route.items():
        _look(ledger, route, asked, listing_of(route), hash_receiver, frees, now, outcome)
    left = [doubt for doubt in doubts if doubt.id not in outcome.found and doubt.id not in outcome.freed]
    outcome.too_old = [doubt.id for doubt in left if doubt.route is None or doubt.claimed_at < _earliest(now)]
    outcome.ageing = [doubt.id for doubt in left if now - doubt.claimed_at > OLD]
    outcome.left = len(doubts) - len(outcome.found) - len(outcome.freed)
    return outcome


def _look(
    ledger: Doubtful,
    route: Route,
    doubts: Sequence[Doubt],
    listing: Listing,
    hash_receiver: HashReceiver,
    frees: Callable[[Doubt], bool],
    now: float,
    outcome: Reconciled,
) -> None:
    """One pass over one channel's list, for all of its doubts."""
    since = _since(doubts, now)
    references = {doubt.reference for doubt in doubts}
    sighted: dict[str, dict[str, Sighting]] = {}
    listed: set[str] = set()
    complete = True
    try:
        for page in listing.pages(since, now + MARGIN):
            for sighting in page:
                listed.add(sighting.remote_id)
                if sighting.reference in references:
                    sighted.setdefault(sighting.reference, {})[sighting.remote_id] = sighting
    except ListUnread as error:
        complete = False
        outcome.unread.append(error.reason)
        outcome.refusal = outcome.refusal or error.refusal
    finally:
        listing.close()
    _settle_found(ledger, doubts, sighted, hash_receiver, now, outcome)
    covered = [doubt for doubt in doubts if since <= doubt.claimed_at <= now]
    missed = [doubt for doubt in covered if doubt.reference not in sighted and frees(doubt)]
    if missed and complete and _all_listed(ledger.accepted_since(route, since + 2 * MARGIN), listed):
        _settle_absent(ledger, missed, now, outcome)


def _earliest(now: float) -> float:
    """How far back the API's list goes, with room for clocks that differ."""
    return now + MARGIN - WINDOW_MOST


def _since(doubts: Sequence[Doubt], now: float) -> float:
    """From when on the list is asked for: a claim that lies in the future was noted by a clock that has been set since."""
    earliest = _earliest(now)
    if any(doubt.claimed_at > now for doubt in doubts):
        return earliest
    return max(min(doubt.claimed_at for doubt in doubts) - MARGIN, earliest)


def _settle_found(
    ledger: Doubtful,
    doubts: Sequence[Doubt],
    sighted: dict[str, dict[str, Sighting]],
    hash_receiver: HashReceiver,
    now: float,
    outcome: Reconciled,
) -> None:
    changes = []
    for doubt in doubts:
        sightings = sighted.get(doubt.reference, {})
        ours = [one for one in sightings.values() if _is_for(doubt.receiver, one, hash_receiver)]
        taken = [one for one in ours if not one.rejected]
        if sightings and not ours:
            outcome.elsewhere.append(doubt.id)
        elif ours and not taken:
            outcome.rejected.append(doubt.id)
        if len(taken) > 1:
            outcome.twice.append(doubt.id)
        if taken:
            changes.append(_accepted(doubt.id, doubt.attempt, taken[0].remote_id))
            outcome.found.append(doubt.id)
    if changes:
        ledger.move(MOVE_BY_NAME["find"], changes, now=now)


def _accepted(identity: bytes, attempt: int, remote_id: str) -> Change:
    return Change(
        id=identity, attempt=attempt, to=State.ACCEPTED, reason="the API lists its reference", remote_id=remote_id
    )


def _is_for(receiver: bytes, sighting: Sighting, hash_receiver: HashReceiver) -> bool:
    return any(hash_receiver(name) == receiver for name in sighting.receivers)


def _all_listed(known: Iterable[str], listed: set[str]) -> bool:
    """Whether the list shows every message that it has to show; a list that has to show none proves nothing."""
    ids = set(known)
    return bool(ids) and ids <= listed


def _settle_absent(ledger: Doubtful, missed: Sequence[Doubt], now: float, outcome: Reconciled) -> None:
    """Frees what two lists that are far enough apart lack, long after it was sent; notes what the first of them lacks."""
    gone = [
        doubt
        for doubt in missed
        if doubt.missed_at is not None
        and now - doubt.missed_at >= SCANS_APART
        and now - doubt.claimed_at >= ABSENT_AFTER
    ]
    ledger.note_absent([(doubt.id, doubt.attempt) for doubt in missed if doubt.missed_at is None], now=now)
    reason = "the API's list lacked it twice, and showed all others"
    changes = [Change(id=doubt.id, attempt=doubt.attempt, to=State.PLANNED, reason=reason) for doubt in gone]
    if changes:
        ledger.move(MOVE_BY_NAME["absent"], changes, now=now)
        outcome.freed += [doubt.id for doubt in gone]


@dataclass(frozen=True, slots=True)
class Witnessed:
    """What the API's recent messages say of the ledger: `behind` counts planned messages that were accepted, by their spec's name.
    `cut`: there were more pages. `skew` is by how many seconds the API's clock is ahead of ours, where it says.
    """

    behind: Counter[str]
    cut: bool
    skew: float | None


def witness(ledger: Doubtful, listing: Listing, hash_receiver: HashReceiver, *, now: float) -> Witnessed:
    """Holds the API's recent messages against what the ledger calls planned, and takes those as accepted. Raises `ListUnread`."""
    last = ledger.last_move_at()
    since = max(now - WITNESS_USUAL if last is None or last > now else last - MARGIN, _earliest(now))
    sighted: dict[str, Sighting] = {}
    cut = False
    try:
        for count, page in enumerate(listing.pages(since, now + MARGIN), 1):
            sighted.update((sighting.reference, sighting) for sighting in page if not sighting.rejected)
            cut = count == WITNESS_PAGES
            if cut:
                break
    finally:
        listing.close()
    behind = [
        (waiting, _accepted(waiting.id, waiting.attempt, sighting.remote_id))
        for waiting, sighting in _behind(ledger, sighted)
        if waiting.reference is None or _is_for(waiting.receiver, sighting, hash_receiver)
    ]
    if behind:
        ledger.move(MOVE_BY_NAME["witness"], [change for _, change in behind], now=now)
    return Witnessed(Counter(waiting.name for waiting, _ in behind), cut, listing.skew)


def _behind(ledger: Doubtful, sighted: dict[str, Sighting]) -> Iterator[tuple[Waiting, Sighting]]:
    by_id = {
        identity: sighting for reference, sighting in sighted.items() if (identity := id_in(reference)) is not None
    }
    own = frozenset(reference for reference in sighted if id_in(reference) is None)
    for waiting in ledger.planned_under(list(by_id), own):
        yield waiting, by_id[waiting.id] if waiting.reference is None else sighted[waiting.reference]
