"""What a look at the API's list settles, and what it doesn't: over a ledger in memory, with lists made for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from runner.composing.identity import id_text, receiver_hash
from runner.ledger.record import Change, Doubt, Route, Waiting
from runner.ledger.state import Move
from runner.planning.fact import State
from runner.sending.listing import ListUnread, Sighting
from runner.sending.outcome import RefusedAsAWhole
from runner.sending.reconcile import (
    ABSENT_AFTER,
    DAY,
    MARGIN,
    SCANS_APART,
    WINDOW_MOST,
    WITNESS_PAGES,
    reconcile,
    witness,
)

NOW = 1_700_000_000.0
RECEIVER = "+447700900001"
ROUTE, OTHER = Route("w", "c"), Route("w", "d")


def hashed(receiver: str) -> bytes:
    return receiver_hash(b"s" * 32, receiver)


def doubt(number: int, *, age: float = 60, missed: float | None = None, route: Route | None = ROUTE) -> Doubt:
    """A message that has been in doubt for `age` seconds, and was first missed `missed` seconds ago."""
    identity = number.to_bytes(16)
    return Doubt(
        id=identity, name="hello", generation=1, attempt=2, reference=id_text(identity), receiver=hashed(RECEIVER), route=route,
        claimed_at=NOW - age, missed_at=None if missed is None else NOW - missed,
    )  # fmt: skip


def sighting(of: Doubt, *, remote: str = "id-1", receiver: str = RECEIVER, rejected: bool = False) -> Sighting:
    return Sighting(remote, of.reference, frozenset({receiver}), rejected)


class Memory:
    """A ledger that keeps what it is told."""

    def __init__(self, known: Sequence[str] = (), waiting: Sequence[Waiting] = (), last: float | None = None) -> None:
        self.known, self.waiting, self.last = known, waiting, last
        self.moves: list[tuple[str, Change]] = []
        self.missed: list[tuple[bytes, int]] = []
        self.since: list[float] = []

    def doubts(self) -> list[Doubt]:
        return []

    def accepted_since(self, route: Route, since: float) -> Iterator[str]:
        self.since.append(since)
        return iter(self.known)

    def planned_under(self, ids: Sequence[bytes], references: frozenset[str]) -> Iterator[Waiting]:
        return (one for one in self.waiting if one.id in ids or one.reference in references)

    def last_move_at(self) -> float | None:
        return self.last

    def note_absent(self, missed: Sequence[tuple[bytes, int]], *, now: float) -> None:
        self.missed += missed

    def move(self, by: Move, changes: Sequence[Change], *, now: float) -> None:
        self.moves += [(by.name, change) for change in changes]


class Pages:
    """A list that shows these pages, and then ends or fails."""

    def __init__(self, *pages: list[Sighting], error: ListUnread | None = None) -> None:
        self._pages, self._error = pages, error
        self.asked: list[tuple[float, float]] = []
        self.closed = 0
        self.skew = 5.0

    def pages(self, since: float, until: float) -> Iterator[list[Sighting]]:
        self.asked.append((since, until))
        yield from self._pages
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        self.closed += 1


def settled(memory: Memory, doubts: Sequence[Doubt], pages: Any, *, frees: bool = False) -> Any:
    return reconcile(memory, doubts, lambda route: pages, hashed, frees=lambda doubt: frees, now=NOW)


def test_a_sighting_proves_acceptance() -> None:
    memory, pages = Memory(), Pages([sighting(doubt(1))])
    outcome = settled(memory, [doubt(1), doubt(2)], pages)
    assert outcome.found == [doubt(1).id]
    assert outcome.left == 1
    assert [(name, change.id, change.attempt, change.to, change.remote_id) for name, change in memory.moves] == [
        ("find", doubt(1).id, 2, State.ACCEPTED, "id-1")
    ]
    assert pages.closed == 1


@pytest.mark.parametrize(
    ("sightings", "bucket"),
    [
        ([sighting(doubt(1), receiver="+447700900002")], "elsewhere"),
        ([sighting(doubt(1), rejected=True)], "rejected"),
    ],
)
def test_a_sighting_of_something_else_proves_nothing(sightings: list[Sighting], bucket: str) -> None:
    memory = Memory()
    outcome = settled(memory, [doubt(1)], Pages(sightings), frees=True)
    assert getattr(outcome, bucket) == [doubt(1).id]
    assert (outcome.found, outcome.left, memory.moves, memory.missed) == ([], 1, [], [])


def test_a_rejected_one_beside_a_good_one_does_not_count_as_two() -> None:
    outcome = settled(
        Memory(), [doubt(1)], Pages([sighting(doubt(1)), sighting(doubt(1), remote="id-2", rejected=True)])
    )
    assert (outcome.found, outcome.twice) == ([doubt(1).id], [])


def test_the_same_row_on_two_pages_is_one_and_two_ids_are_two() -> None:
    once = settled(Memory(), [doubt(1)], Pages([sighting(doubt(1))], [sighting(doubt(1))]))
    assert (once.found, once.twice) == ([doubt(1).id], [])
    twice = settled(Memory(), [doubt(1)], Pages([sighting(doubt(1))], [sighting(doubt(1), remote="id-2")]))
    assert (twice.found, twice.twice) == ([doubt(1).id], [doubt(1).id])


def test_each_channel_is_asked_by_itself() -> None:
    pages = Pages([sighting(doubt(1)), sighting(doubt(2))])
    outcome = settled(Memory(), [doubt(1), doubt(2, route=OTHER)], pages)
    assert len(pages.asked) == pages.closed == 2
    assert outcome.left == 0


def test_what_was_seen_before_a_list_broke_off_counts_and_why_it_did_is_told() -> None:
    refusal = RefusedAsAWhole(401, "no")
    memory = Memory(known=["id-9"])
    pages = Pages(
        [sighting(doubt(1)), Sighting("id-9", "x", frozenset(), False)], error=ListUnread("it broke", refusal)
    )
    outcome = settled(memory, [doubt(1), doubt(2, age=7_200, missed=3_600)], pages, frees=True)
    assert outcome.found == [doubt(1).id]
    assert (outcome.unread, outcome.refusal) == (["it broke"], refusal)
    assert (outcome.freed, memory.missed) == ([], [])


KNOWN = Sighting("id-9", "x", frozenset(), False)


@pytest.mark.parametrize(
    ("age", "missed", "listed", "frees", "freed"),
    [
        (ABSENT_AFTER, SCANS_APART, [KNOWN], True, True),
        (ABSENT_AFTER - 1, SCANS_APART, [KNOWN], True, False),
        (ABSENT_AFTER, SCANS_APART - 1, [KNOWN], True, False),
        (ABSENT_AFTER, None, [KNOWN], True, False),
        (ABSENT_AFTER, SCANS_APART, [], True, False),
        (ABSENT_AFTER, SCANS_APART, [KNOWN], False, False),
    ],
)
def test_absence_is_believed_on_every_condition_only(
    age: float, missed: float | None, listed: list[Sighting], frees: bool, freed: bool
) -> None:
    memory = Memory(known=["id-9"])
    outcome = settled(memory, [doubt(1, age=age, missed=missed)], Pages(listed), frees=frees)
    assert outcome.freed == ([doubt(1).id] if freed else [])
    assert [(name, change.to) for name, change in memory.moves] == ([("absent", State.PLANNED)] if freed else [])
    assert outcome.left == (0 if freed else 1)


def test_a_list_that_has_to_show_nothing_proves_nothing() -> None:
    memory = Memory(known=[])
    outcome = settled(memory, [doubt(1, age=7_200, missed=3_600)], Pages([]), frees=True)
    assert (outcome.freed, memory.missed) == ([], [])


def test_the_first_complete_list_without_it_is_noted() -> None:
    memory = Memory(known=["id-9"])
    settled(memory, [doubt(1, age=7_200), doubt(2, age=7_200, missed=60)], Pages([KNOWN]), frees=True)
    assert memory.missed == [(doubt(1).id, 2)]


def test_the_list_is_asked_from_before_the_oldest_claim_on() -> None:
    pages = Pages([])
    settled(Memory(), [doubt(1, age=3_600), doubt(2, age=60)], pages)
    assert pages.asked == [(NOW - 3_600 - MARGIN, NOW + MARGIN)]


def test_no_longer_range_is_asked_for_than_the_api_lists_and_what_is_older_is_told() -> None:
    pages = Pages([])
    outcome = settled(Memory(known=["id-9"]), [doubt(1, age=8 * DAY), doubt(2, age=6.5 * DAY)], pages, frees=True)
    ((since, until),) = pages.asked
    assert until - since == WINDOW_MOST
    assert outcome.too_old == [doubt(1).id]
    assert outcome.ageing == [doubt(1).id, doubt(2).id]


def test_an_old_one_that_is_listed_all_the_same_is_found() -> None:
    outcome = settled(Memory(), [doubt(1, age=300 * DAY)], Pages([sighting(doubt(1))]))
    assert (outcome.found, outcome.too_old, outcome.left) == ([doubt(1).id], [], 0)


def test_a_claim_that_a_clock_put_into_the_future_is_looked_for_in_the_whole_list() -> None:
    pages = Pages([])
    outcome = settled(Memory(known=["id-9"]), [doubt(1, age=-DAY, missed=DAY)], pages, frees=True)
    ((since, until),) = pages.asked
    assert until - since == WINDOW_MOST
    assert outcome.freed == []


def test_where_nobody_noted_where_it_went_a_person_has_to_settle_it() -> None:
    pages = Pages([])
    outcome = settled(Memory(), [doubt(1, route=None)], pages)
    assert (pages.asked, outcome.too_old, outcome.left) == ([], [doubt(1).id], 1)


# ── the witness ──────────────────────────────────────────────────────────────────────────────────────────────────────


def waiting(number: int, reference: str | None = None) -> Waiting:
    return Waiting(number.to_bytes(16), "hello", 1, 0, reference, hashed(RECEIVER))


def test_planned_messages_that_the_api_lists_are_taken_as_accepted() -> None:
    memory = Memory(waiting=[waiting(1), waiting(2), waiting(3, "order-3"), waiting(4, "order-4")])
    pages = Pages(
        [
            sighting(doubt(1)),
            sighting(doubt(2), rejected=True),
            Sighting("id-3", "order-3", frozenset({RECEIVER}), False),
            Sighting("id-4", "order-4", frozenset({"+447700900002"}), False),
            Sighting("id-5", "somebody else's", frozenset({RECEIVER}), False),
        ]
    )
    found = witness(memory, pages, hashed, now=NOW)  # type: ignore[arg-type]
    assert (found.behind, found.cut, found.skew) == (Counter(hello=2), False, 5.0)
    assert [(name, change.remote_id) for name, change in memory.moves] == [("witness", "id-1"), ("witness", "id-3")]


def test_a_message_that_was_sent_again_is_known_by_each_of_its_references() -> None:
    again = Sighting("id-1", doubt(1).reference + "-2", frozenset({RECEIVER}), False)
    assert witness(Memory(waiting=[waiting(1)]), Pages([again]), hashed, now=NOW).behind == Counter(hello=1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("last", "since"),
    [
        (None, NOW - DAY),
        (NOW - 60, NOW - 60 - MARGIN),
        (NOW - 30 * DAY, NOW + MARGIN - WINDOW_MOST),
        (NOW + 30 * DAY, NOW - DAY),
    ],
)
def test_it_looks_at_what_came_since_the_ledgers_last_move(last: float | None, since: float) -> None:
    pages = Pages([])
    witness(Memory(last=last), pages, hashed, now=NOW)  # type: ignore[arg-type]
    assert pages.asked == [(since, NOW + MARGIN)]
    assert pages.closed == 1


def test_it_looks_at_so_many_pages_and_says_that_there_were_more() -> None:
    pages = Pages(*[[sighting(doubt(1))]] * (WITNESS_PAGES + 5))
    assert witness(Memory(), pages, hashed, now=NOW).cut  # type: ignore[arg-type]
    assert pages.closed == 1


def test_a_list_that_can_not_be_read_is_the_callers_to_judge() -> None:
    pages = Pages(error=ListUnread("no"))
    with pytest.raises(ListUnread):
        witness(Memory(), pages, hashed, now=NOW)  # type: ignore[arg-type]
    assert pages.closed == 1
