"""What the API's list settles and what it doesn't, with an in-memory ledger and fake lists."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sendspec.composing.identity import id_text, receiver_hash
from sendspec.diagnostics.exceptions import MessagesMoved
from sendspec.ledger.record import AcceptedMessage, Change, Doubt, KnownMessage, Route
from sendspec.planning.message_state import Move, State
from sendspec.provider.message_list import Sighting
from sendspec.provider.outcome import RunRefused
from sendspec.sending.absence import ABSENT_AFTER_SECONDS, SCANS_APART_SECONDS
from sendspec.sending.channel_scan import EDGE
from sendspec.sending.list_reader import ListUnread
from sendspec.sending.list_window import DAY, MARGIN, MAX_WINDOW
from sendspec.sending.reconciliation import reconcile, with_rivals

NOW = 1_700_000_000.0
RECEIVER = "+447700900001"
ROUTE, OTHER = Route("w", "c"), Route("w", "d")


def hashed(receiver: str) -> bytes:
    return receiver_hash(b"s" * 32, receiver)


def doubt(
    number: int, *, age: float = 60, missed: float | None = None, route: Route | None = ROUTE, **more: Any
) -> Doubt:
    """A message that has been in doubt for `age` seconds, and was first missed `missed` seconds ago."""
    identity = number.to_bytes(16)
    given: dict[str, Any] = {
        "reference": id_text(identity), "receiver": hashed(RECEIVER), "clock_offset": 0.0, "doubted_at": NOW - age + 1.0,
    }  # fmt: skip
    return Doubt(
        id=identity, name="hello", generation=1, attempt=2, route=route,
        local_claimed_at=NOW - age, missed_at=None if missed is None else NOW - missed, **given | more,
    )  # fmt: skip


def sighting(of: Doubt, *, remote: str = "id-1", receiver: str = RECEIVER, rejected: bool = False) -> Sighting:
    return Sighting(remote, of.reference, frozenset({receiver}), rejected)


class Memory:
    """An in-memory ledger that records its calls."""

    def __init__(
        self,
        known: Sequence[AcceptedMessage] = (),
        credited: Mapping[str, bytes] | None = None,
        messages: Mapping[bytes, KnownMessage] | None = None,
        before: float | None = None,
    ) -> None:
        self.known, self.ids, self.messages, self.before = known, credited or {}, messages or {}, before
        self.moves: list[tuple[str, Change]] = []
        self.missed: list[tuple[bytes, int]] = []
        self.since: list[float] = []
        self.scans = 0

    def doubts(self) -> list[Doubt]:
        return []

    def accepted_since(self, route: Route, since: float) -> Iterator[AcceptedMessage]:
        self.since.append(since)
        return iter(self.known)

    def accepted_before(self, route: Route, moment: float) -> float | None:
        return self.before

    def credited(self, remote_ids: Collection[str]) -> Mapping[str, bytes]:
        self.scans += bool(remote_ids)
        return {remote_id: identity for remote_id, identity in self.ids.items() if remote_id in remote_ids}

    def known_messages(self, ids: Sequence[bytes]) -> Mapping[bytes, KnownMessage]:
        return {identity: message for identity, message in self.messages.items() if identity in ids}

    def note_absent(self, missed: Sequence[tuple[bytes, int]], *, now: float) -> None:
        self.missed += missed

    def move(self, by: Move, changes: Sequence[Change], *, now: float) -> None:
        self.moves += [(by.name, change) for change in changes]


class Pages:
    """A list of these pages that then ends or fails."""

    def __init__(
        self, *pages: list[Sighting], error: ListUnread | None = None, skew: float | None = 5.0, skipped: int = 0
    ) -> None:
        self._pages, self._error = pages, error
        self.asked: list[tuple[float, float]] = []
        self.receivers: list[Sequence[str]] = []
        self.closed = 0
        self.skew = skew
        self.skipped = skipped

    def pages(self, since: float, until: float, receivers: Sequence[str] = ()) -> Iterator[list[Sighting]]:
        self.asked.append((since, until))
        self.receivers.append(receivers)
        yield from self._pages
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        self.closed += 1


def settled(
    memory: Memory,
    doubts: Sequence[Doubt],
    pages: Any,
    *,
    resends_if_absent: bool = False,
    numbers: dict[bytes, str] | None = None,
) -> Any:
    numbers_of = None if numbers is None else lambda ids: numbers
    return reconcile(
        memory,
        doubts,
        lambda route: pages,
        hashed,
        resends_if_absent=lambda doubt: resends_if_absent,
        now=NOW,
        receivers_of=numbers_of,
    )


def around(age: float) -> tuple[list[AcceptedMessage], list[Sighting]]:
    """Two messages accepted before and after a doubt of that age, as the ledger and the list show them."""
    known = [
        AcceptedMessage(f"id-{side}", f"known-{side}", hashed(f"+{side}"), (NOW - age + side * 30,), False)
        for side in (-1, 1)
    ]
    shown = [
        Sighting(f"id-{side}", f"known-{side}", frozenset({f"+{side}"}), False, NOW - age + side * 30)
        for side in (-1, 1)
    ]
    return known, shown


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
    outcome = settled(memory, [doubt(1)], Pages(sightings), resends_if_absent=True)
    assert getattr(outcome, bucket) == [doubt(1).id]
    assert (outcome.found, outcome.left, memory.moves, memory.missed) == ([], 1, [], [])


class Raced(Memory):
    """Other runs move these messages at once when this one is about to; then none of its changes is made."""

    def __init__(self, moved: Mapping[bytes, KnownMessage]) -> None:
        super().__init__()
        self._moved = moved

    def move(self, by: Move, changes: Sequence[Change], *, now: float) -> None:
        self.messages = self._moved
        if any(change.id in self._moved for change in changes):
            raise MessagesMoved("1 message")
        super().move(by, changes, now=now)


def moved(of: Doubt, state: State, remote: str | None) -> dict[bytes, KnownMessage]:
    return {of.id: KnownMessage(state, of.receiver, remote, of.reference)}


def test_what_another_run_found_meanwhile_is_found_and_the_rest_is_moved() -> None:
    both = doubt(1), doubt(2)
    memory = Raced(moved(both[0], State.ACCEPTED, "id-1"))
    listed = [sighting(both[0], remote="id-1"), sighting(both[1], remote="id-2")]
    outcome = settled(memory, both, Pages(listed))
    assert [(move, change.id) for move, change in memory.moves] == [("find", both[1].id)]
    assert (set(outcome.found), outcome.left) == ({each.id for each in both}, 0)


@pytest.mark.parametrize(("state", "remote"), [(State.SKIPPED, None), (State.ACCEPTED, "id-2")])
def test_what_somebody_decided_otherwise_meanwhile_is_told(state: State, remote: str | None) -> None:
    one = doubt(1)
    with pytest.raises(MessagesMoved):
        settled(Raced(moved(one, state, remote)), [one], Pages([sighting(one, remote="id-1")]))


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
    refusal = RunRefused(401, "no")
    known, shown = around(7_200)
    memory = Memory(known=known)
    pages = Pages([sighting(doubt(1)), *shown], error=ListUnread("it broke", refusal))
    outcome = settled(memory, [doubt(1), doubt(2, age=7_200, missed=3_600)], pages, resends_if_absent=True)
    assert outcome.found == [doubt(1).id]
    assert (outcome.unread, outcome.refusal) == (["it broke"], refusal)
    assert (outcome.freed, memory.missed) == ([], [])


@pytest.mark.parametrize(
    ("age", "missed", "resends_if_absent", "freed"),
    [
        (ABSENT_AFTER_SECONDS, SCANS_APART_SECONDS, True, True),
        (ABSENT_AFTER_SECONDS - 1, SCANS_APART_SECONDS, True, False),
        (ABSENT_AFTER_SECONDS, SCANS_APART_SECONDS - 1, True, False),
        (ABSENT_AFTER_SECONDS, None, True, False),
        (ABSENT_AFTER_SECONDS, SCANS_APART_SECONDS, False, False),
    ],
)
def test_absence_is_believed_on_every_condition_only(
    age: float, missed: float | None, resends_if_absent: bool, freed: bool
) -> None:
    known, shown = around(age)
    memory = Memory(known=known)
    outcome = settled(memory, [doubt(1, age=age, missed=missed)], Pages(shown), resends_if_absent=resends_if_absent)
    assert outcome.freed == ([doubt(1).id] if freed else [])
    assert [(name, change.to) for name, change in memory.moves] == ([("absent", State.PLANNED)] if freed else [])
    assert outcome.left == (0 if freed else 1)
    assert bool(outcome.held) is (resends_if_absent and not freed)


STRANGE = Sighting("id-s", "", frozenset({RECEIVER}), False, NOW - 7_200)


@pytest.mark.parametrize(
    ("more", "options", "change", "why"),
    [
        ({"scheduled_for": 1}, {}, {}, "later"),
        ({"clock_offset": None}, {}, {}, "clock"),
        ({"clock_offset": 61.0}, {}, {}, "clock"),
        ({}, {"skew": 61.0}, {}, "clock"),
        ({}, {"skew": None}, {}, "time"),
        ({}, {"skipped": 1}, {}, "can't be read"),
        ({}, {}, {"drop": 0}, "before it"),
        ({}, {}, {"drop": 1}, "after it"),
        ({}, {}, {"missing": (NOW - 7_200 + 5,)}, "lacks other"),
        ({}, {}, {"missing": ()}, "lacks other"),
        ({}, {}, {"extra": STRANGE}, "another reference"),
        ({}, {}, {"extra": Sighting("id-s", doubt(1).reference.upper(), frozenset(), False)}, "another reference"),
        ({}, {}, {"extra": Sighting("id-s", doubt(1).reference[:12], frozenset(), False)}, "another reference"),
        ({}, {}, {"extra": Sighting("id-s", "", frozenset(), False)}, "another reference"),
        ({}, {}, {"extra": Sighting("id-s", "", frozenset({"0612345678"}), False, NOW - 7_200)}, "another reference"),
        ({"doubted_at": NOW - 7_100}, {}, {}, "after it"),
    ],
)
def test_why_absence_is_not_believed_is_said(
    more: dict[str, Any], options: dict[str, Any], change: dict[str, Any], why: str
) -> None:
    known, shown = around(7_200)
    if "drop" in change:
        del known[change["drop"]], shown[change["drop"]]
    if "missing" in change:
        known.append(AcceptedMessage("id-m", "m", b"", change["missing"], False))
    if "extra" in change:
        shown.append(change["extra"])
    memory = Memory(known=known)
    outcome = settled(
        memory, [doubt(1, age=7_200, missed=3_600, **more)], Pages(shown, **options), resends_if_absent=True
    )
    assert (outcome.freed, memory.missed, memory.moves) == ([], [], [])
    assert why in outcome.held[doubt(1).id]


def test_what_is_listed_under_the_id_of_another_message_is_not_absent() -> None:
    known, shown = around(7_200)
    asked = doubt(1, age=7_200, missed=3_600)
    memory = Memory(known=known, credited={"id-s": b"another"})
    listed = Sighting("id-s", asked.reference, STRANGE.receivers, False, NOW - 7_200)
    outcome = settled(memory, [asked], Pages([*shown, listed]), resends_if_absent=True)
    assert (outcome.freed, memory.moves) == ([], [])
    assert "an id that another message has" in outcome.held[asked.id]


def test_what_is_credited_to_another_message_is_no_objection() -> None:
    known, shown = around(7_200)
    memory = Memory(known=known, credited={"id-s": b"another"})
    outcome = settled(memory, [doubt(1, age=7_200, missed=3_600)], Pages([*shown, STRANGE]), resends_if_absent=True)
    assert outcome.freed == [doubt(1).id]


@pytest.mark.parametrize("wrong", [{"reference": "KNOWN--1"}, {"receivers": frozenset({"+2"})}, {"created_at": None}])
def test_a_known_message_counts_under_its_reference_and_receiver_only(wrong: dict[str, Any]) -> None:
    known, shown = around(7_200)
    outcome = settled(
        Memory(known=known),
        [doubt(1, age=7_200, missed=3_600)],
        Pages([replace(shown[0], **wrong), shown[1]]),
        resends_if_absent=True,
    )
    assert outcome.freed == []


def test_a_purged_message_has_to_be_listed_and_proves_nothing_else() -> None:
    known, shown = around(7_200)
    purged = AcceptedMessage("id-p", "", b"", (NOW - 7_200,), True)
    listed = Sighting("id-p", "anything", frozenset(), False, NOW - 7_200)
    asked = [doubt(1, age=7_200, missed=3_600)]
    assert settled(Memory(known=[*known, purged]), asked, Pages([*shown, listed]), resends_if_absent=True).freed
    assert not settled(Memory(known=[*known, purged]), asked, Pages(shown), resends_if_absent=True).freed


def test_the_window_reaches_back_to_the_last_acceptance_before_the_doubt() -> None:
    known, shown = around(7_200)
    memory, pages = Memory(known=known, before=NOW - 9_000), Pages(shown)
    settled(memory, [doubt(1, age=7_200)], pages, resends_if_absent=True)
    assert pages.asked == [(NOW - 9_000 - EDGE - MARGIN, NOW + MARGIN)]
    assert memory.since == [NOW - 9_000 - MARGIN - 5.0]


def test_the_first_complete_list_without_it_is_noted() -> None:
    known, shown = around(7_200)
    memory = Memory(known=known)
    settled(memory, [doubt(1, age=7_200), doubt(2, age=7_200, missed=60)], Pages(shown), resends_if_absent=True)
    assert memory.missed == [(doubt(1).id, 2)]


def test_the_list_is_asked_from_before_the_oldest_claim_on() -> None:
    pages = Pages([])
    settled(Memory(), [doubt(1, age=3_600), doubt(2, age=60)], pages)
    assert pages.asked == [(NOW - 3_600 - MARGIN, NOW + MARGIN)]


def test_no_longer_range_is_asked_for_than_the_api_lists_and_what_is_older_is_told() -> None:
    pages = Pages([])
    outcome = settled(Memory(), [doubt(1, age=8 * DAY), doubt(2, age=6.5 * DAY)], pages, resends_if_absent=True)
    ((since, until),) = pages.asked
    assert until - since == MAX_WINDOW
    assert outcome.too_old == [doubt(1).id]
    assert outcome.ageing == [doubt(1).id, doubt(2).id]


def test_an_old_one_that_is_listed_all_the_same_is_found() -> None:
    outcome = settled(Memory(), [doubt(1, age=300 * DAY)], Pages([sighting(doubt(1))]))
    assert (outcome.found, outcome.too_old, outcome.left) == ([doubt(1).id], [], 0)


def test_a_claim_that_a_clock_put_into_the_future_is_looked_for_in_the_whole_list() -> None:
    pages = Pages([])
    outcome = settled(Memory(), [doubt(1, age=-DAY, missed=DAY)], pages, resends_if_absent=True)
    ((since, until),) = pages.asked
    assert until - since == MAX_WINDOW
    assert outcome.freed == []


def test_where_nobody_noted_where_it_went_a_person_has_to_settle_it() -> None:
    pages = Pages([])
    outcome = settled(Memory(), [doubt(1, route=None)], pages)
    assert (pages.asked, outcome.too_old, outcome.left) == ([], [doubt(1).id], 1)


OWN: dict[str, Any] = {"own_reference": True, "reference": "order-1", "first_claimed_at": int(NOW - 60)}


def own(number: int, **more: Any) -> Doubt:
    return replace(doubt(number), **OWN | more)


def listed(remote: str, created: float | None = NOW - 50) -> Sighting:
    return Sighting(remote, "order-1", frozenset({RECEIVER}), False, created)


@pytest.mark.parametrize(
    ("claimed", "created", "found"),
    [
        (NOW - 60, NOW - 60 - 120, True),
        (NOW - 60, NOW - 60 - 121, False),
        (NOW - 60, None, False),
        (None, NOW, False),
    ],
)
def test_a_reference_of_the_users_own_proves_by_time(claimed: float | None, created: float | None, found: bool) -> None:
    asked = own(1, first_claimed_at=claimed)
    outcome = settled(Memory(), [asked], Pages([listed("id-1", created)]), resends_if_absent=True)
    assert (outcome.found, outcome.unproved) == (([asked.id], []) if found else ([], [asked.id]))
    assert outcome.freed == []


def test_what_is_credited_to_another_message_proves_nothing() -> None:
    memory = Memory(credited={"id-1": b"another"})
    outcome = settled(memory, [own(1)], Pages([listed("id-1")]))
    assert (outcome.found, outcome.left) == ([], 1)


def test_one_message_is_not_credited_to_two_doubts_and_two_are() -> None:
    both = [own(1), own(2, first_claimed_at=int(NOW - 40))]
    one = settled(Memory(), both, Pages([listed("id-1")]))
    assert (one.found, sorted(one.shared)) == ([], [doubt(1).id, doubt(2).id])
    memory = Memory()
    two = settled(memory, both, Pages([listed("id-2", NOW - 30), listed("id-1")]))
    assert (len(two.found), two.twice) == (2, [])
    assert [(change.id, change.remote_id) for _, change in memory.moves] == [
        (doubt(1).id, "id-1"), (doubt(2).id, "id-2"),
    ]  # fmt: skip
    three = settled(Memory(), both, Pages([listed("id-1"), listed("id-2", NOW - 30), listed("id-3", NOW - 20)]))
    assert (len(three.found), len(three.twice)) == (2, 2)


def test_one_id_under_the_references_of_two_messages_proves_neither() -> None:
    both = [doubt(1), doubt(2)]
    pages = Pages([sighting(both[0], remote="same")], [sighting(both[1], remote="same")])
    memory = Memory()
    outcome = settled(memory, both, pages)
    assert (outcome.found, outcome.left, memory.moves) == ([], 2, [])
    mixed = Pages([sighting(both[0], remote="same"), sighting(both[1], remote="same"), sighting(both[1], remote="own")])
    assert settled(Memory(), both, mixed).found == [both[1].id]


def test_one_id_for_two_recipients_of_one_reference_is_credited_once() -> None:
    both = [own(1), own(2, receiver=hashed("+2"))]
    outcome = settled(Memory(), both, Pages([replace(listed("same"), receivers=frozenset({RECEIVER, "+2"}))]))
    assert len(outcome.found) == 1


def test_what_is_listed_under_the_id_of_two_is_not_absent() -> None:
    age = ABSENT_AFTER_SECONDS + 60
    both = [doubt(1, age=age, missed=SCANS_APART_SECONDS + 1), doubt(2, age=age, missed=SCANS_APART_SECONDS + 1)]
    known, shown = around(age)
    shown += [sighting(each, remote="same") for each in both]
    outcome = settled(Memory(known, before=NOW - age - 30), both, Pages(shown), resends_if_absent=True)
    assert (outcome.found, outcome.freed) == ([], [])
    assert set(outcome.held) == {each.id for each in both}


def test_the_ids_that_were_credited_are_told() -> None:
    assert settled(Memory(), [doubt(1)], Pages([sighting(doubt(1))])).credited == ["id-1"]


def test_nothing_is_looked_up_by_id_where_nothing_is_listed() -> None:
    memory = Memory()
    settled(memory, [doubt(1), own(2)], Pages([Sighting("x", "another's", frozenset(), False)]))
    assert memory.scans == 0


def test_a_message_that_a_person_had_sent_again_is_found_under_its_first_reference() -> None:
    again = replace(doubt(1), reference=doubt(1).reference + "-2")
    assert settled(Memory(), [again], Pages([sighting(doubt(1))])).found == [again.id]


@pytest.mark.parametrize(
    ("known", "receiver", "twice"),
    [
        (KnownMessage(State.ACCEPTED, hashed(RECEIVER), "id-0", doubt(1).reference), RECEIVER, True),
        (KnownMessage(State.ACCEPTED, hashed(RECEIVER), "id-1", doubt(1).reference), RECEIVER, False),
        (KnownMessage(State.ACCEPTED, hashed(RECEIVER), "id-0", doubt(1).reference), "+1", False),
        (KnownMessage(State.ACCEPTED, hashed(RECEIVER), None, doubt(1).reference), RECEIVER, False),
    ],
)
def test_an_accepted_message_that_is_listed_under_a_second_id_is_an_alarm(
    known: KnownMessage, receiver: str, twice: bool
) -> None:
    pages = Pages([sighting(doubt(1), receiver=receiver)])
    outcome = settled(Memory(messages={doubt(1).id: known}), [doubt(2)], pages)
    assert outcome.twice == ([doubt(1).id] if twice else [])


def test_few_doubts_in_a_long_window_are_asked_for_by_their_receivers() -> None:
    numbers = {doubt(1).id: RECEIVER}
    pages = Pages([sighting(doubt(1))])
    assert settled(Memory(), [doubt(1, age=DAY)], pages, numbers=numbers).found == [doubt(1).id]
    assert pages.receivers == [[RECEIVER]]


@pytest.mark.parametrize(
    ("age", "numbers", "resends_if_absent"),
    [
        (60, {doubt(1).id: RECEIVER}, False),
        (DAY, {}, False),
        (DAY, {doubt(1).id: "+1"}, False),
        (DAY, {doubt(1).id: RECEIVER}, True),
    ],
)
def test_otherwise_the_whole_list_is_asked_for(age: float, numbers: dict[bytes, str], resends_if_absent: bool) -> None:
    pages = Pages([])
    settled(Memory(), [doubt(1, age=age)], pages, numbers=numbers, resends_if_absent=resends_if_absent)
    assert pages.receivers == [()]


@pytest.mark.parametrize(
    ("skew", "asked"),
    [
        (3_600.0, [(NOW - 60 - MARGIN, NOW + MARGIN), (NOW + 3_540 - MARGIN, NOW + 3_600 + MARGIN)]),
        (-3_600.0, [(NOW - 60 - MARGIN, NOW + MARGIN), (NOW - 3_660 - MARGIN, NOW + MARGIN)]),
        (None, [(NOW - 60 - MARGIN, NOW + MARGIN)]),
    ],
)
def test_where_the_clocks_differ_the_list_is_asked_again_in_the_apis_time(
    skew: float | None, asked: list[tuple[float, float]]
) -> None:
    pages = Pages([], [], skew=skew)
    settled(Memory(), [doubt(1, clock_offset=None)], pages)
    assert pages.asked == asked


def test_a_date_that_may_be_nonsense_does_not_take_the_place_of_ours() -> None:
    pages = Pages([], [sighting(doubt(1))], skew=9 * 365 * DAY)
    assert settled(Memory(), [doubt(1)], pages).found == [doubt(1).id]
    assert len(pages.asked) == 2


def test_a_doubt_of_another_spec_that_one_message_could_prove_as_well_is_looked_at_with_it() -> None:
    ours = doubt(1, reference="order-1", own_reference=True)
    rival = replace(doubt(2, reference="order-1", own_reference=True), name="other")
    strangers = [
        replace(doubt(3, reference="order-3", own_reference=True), name="other"),
        replace(doubt(4, reference="order-1", own_reference=True, receiver=b"r" * 16), name="other"),
    ]
    assert with_rivals([ours, rival, *strangers], {"hello"}) == [ours, rival]
    assert with_rivals([ours, rival, *strangers], {"another"}) == []
