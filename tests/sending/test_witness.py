"""What the API's list says about the messages that a run would send, with an in-memory ledger and fake lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import pytest
from sendspec.composing.identity import id_text, receiver_hash
from sendspec.ledger.record import Change, KnownMessage, PlannedMessage
from sendspec.planning.message_state import Move, State
from sendspec.provider.message_list import Sighting
from sendspec.sending.list_reader import ListTooLong, ListUnread
from sendspec.sending.list_window import DAY, MARGIN, MAX_WINDOW
from sendspec.sending.witness import Witnessed, witness

NOW = 1_700_000_000.0
RECEIVER = "+447700900001"
SENDS = {("hello", 1): None}


def hashed(receiver: str) -> bytes:
    return receiver_hash(b"s" * 32, receiver)


def waiting(number: int, reference: str | None = None, **more: Any) -> PlannedMessage:
    values = {"name": "hello", "generation": 1, "attempt": 0, "receiver": hashed(RECEIVER), **more}
    return PlannedMessage(id=number.to_bytes(16), reference=reference, **values)


def sighting(reference: str, remote: str = "id-1", **more: Any) -> Sighting:
    values = {"receivers": frozenset({RECEIVER}), "rejected": False, "created_at": NOW - 60, **more}
    return Sighting(remote_id=remote, reference=reference, **values)


def default(number: int, remote: str = "id-1", **more: Any) -> Sighting:
    return sighting(id_text(number.to_bytes(16)), remote, **more)


class Memory:
    def __init__(self, *planned: PlannedMessage, credited: Mapping[str, bytes] | None = None) -> None:
        self.planned, self.ids = planned, credited or {}
        self.moves: list[tuple[str, bytes, str | None]] = []
        self.messages: dict[bytes, KnownMessage] = {}

    def planned_under(
        self, ids: Sequence[bytes], references: Collection[str], sends: Collection[tuple[str, int]]
    ) -> Iterator[PlannedMessage]:
        return (one for one in self.planned if one.id in ids or (one.reference and one.reference in references))

    def credited(self, remote_ids: Collection[str]) -> Mapping[str, bytes]:
        return {remote_id: identity for remote_id, identity in self.ids.items() if remote_id in remote_ids}

    def known_messages(self, ids: Sequence[bytes]) -> Mapping[bytes, KnownMessage]:
        return {identity: message for identity, message in self.messages.items() if identity in ids}

    def move(self, by: Move, changes: Sequence[Change], *, now: float) -> None:
        assert all(change.to is State.ACCEPTED for change in changes)
        self.moves += [(by.name, change.id, change.remote_id) for change in changes]


class Pages:
    """Lists opened one after another; each shows its page and ends with its error."""

    def __init__(self, *lists: tuple[list[Sighting], ListUnread | None], skew: float | None = 0.0) -> None:
        self._lists = list(lists)
        self.skew = skew
        self.skipped = 0
        self.unread: set[str] = set()
        self.asked: list[tuple[float, float]] = []
        self.receivers: list[Sequence[str]] = []
        self.closed = 0

    def pages(self, since: float, until: float, receivers: Sequence[str] = ()) -> Iterator[list[Sighting]]:
        self.asked.append((since, until))
        self.receivers.append(receivers)
        page, error = self._lists.pop(0) if self._lists else ([], None)
        yield page
        if error is not None:
            raise error

    def close(self) -> None:
        self.closed += 1


def witnessed(
    memory: Memory,
    pages: Pages,
    sends: Mapping[tuple[str, int], float | None] | None = None,
    receivers: Sequence[str] = (),
) -> Witnessed:
    return witness(memory, lambda: pages, hashed, sends or SENDS, lambda: receivers, now=NOW)  # type: ignore[arg-type, return-value]


def test_planned_messages_that_the_api_lists_are_taken_as_accepted() -> None:
    memory = Memory(waiting(1), waiting(2), waiting(3, "order-3", first_claimed_at=int(NOW - 60)))
    shown = [default(1), default(2, "id-2", rejected=True), sighting("order-3", "id-3"), sighting("another's", "id-4")]
    found = witnessed(memory, Pages((shown, None)))
    assert (found.behind, found.unproved) == (Counter(hello=2), Counter())
    assert [(name, remote_id) for name, _, remote_id in memory.moves] == [("witness", "id-1"), ("witness", "id-3")]


@pytest.mark.parametrize(
    ("message", "shown", "unproved"),
    [
        (waiting(1, "order-1"), sighting("order-1"), True),
        (waiting(1, "order-1", first_claimed_at=int(NOW)), sighting("order-1", created_at=None), True),
        (waiting(1, "order-1", first_claimed_at=int(NOW)), sighting("order-1", created_at=NOW - 121), False),
        (waiting(1, "order-1"), sighting("order-1", receivers=frozenset({"+1"})), False),
        (waiting(1), default(1, receivers=frozenset({"+1"})), True),
    ],
)
def test_what_proves_nothing_moves_nothing_and_what_may_be_the_messages_is_counted(
    message: PlannedMessage, shown: Sighting, unproved: bool
) -> None:
    memory = Memory(message)
    found = witnessed(memory, Pages(([shown], None)))
    assert (found.behind, found.unproved, memory.moves) == (Counter(), Counter(hello=1) if unproved else Counter(), [])


def test_an_id_is_credited_to_one_message() -> None:
    both = [waiting(n, "order-1", first_claimed_at=int(NOW - 60)) for n in (1, 2)]
    memory = Memory(*both)
    assert witnessed(memory, Pages(([sighting("order-1")], None))).behind == Counter(hello=1)
    credited = Memory(*both, credited={"id-1": b"another"})
    assert witnessed(credited, Pages(([sighting("order-1")], None))) == Witnessed(skew=0.0)


def test_one_id_under_two_references_moves_neither_message() -> None:
    memory = Memory(waiting(1), waiting(2))
    found = witnessed(memory, Pages(([default(1, "same"), default(2, "same")], None)))
    assert (found.behind, found.unproved, memory.moves) == (Counter(), Counter(hello=2), [])


def test_messages_of_other_sends_are_ignored() -> None:
    memory = Memory(waiting(1, name="other"), waiting(2, generation=2))
    assert witnessed(memory, Pages(([default(1), default(2)], None))).behind == Counter()
    assert memory.moves == []


@pytest.mark.parametrize("suffix", ["-2", "-3"])
def test_a_message_that_was_sent_again_is_known_by_each_of_its_references(suffix: str) -> None:
    again = sighting(id_text((1).to_bytes(16)) + suffix)
    assert witnessed(Memory(waiting(1)), Pages(([again], None))).behind == Counter(hello=1)


@pytest.mark.parametrize(
    ("claims", "since"),
    [
        ([None], NOW + MARGIN - MAX_WINDOW),
        ([NOW - 60], NOW - 60 - MARGIN),
        ([NOW - 60, NOW - 3_600], NOW - 3_600 - MARGIN),
        ([NOW - 60, None], NOW + MARGIN - MAX_WINDOW),
        ([NOW - 30 * DAY], NOW + MARGIN - MAX_WINDOW),
        ([NOW + DAY], NOW + MARGIN - MAX_WINDOW),
    ],
)
def test_it_looks_at_what_came_since_each_sends_own_last_claim(claims: list[float | None], since: float) -> None:
    pages = Pages()
    witnessed(Memory(), pages, {(f"s{number}", 1): claim for number, claim in enumerate(claims)})
    assert pages.asked == [(since, NOW + MARGIN)]
    assert pages.closed == 1


def test_what_was_shown_before_a_list_broke_off_counts_and_why_it_did_is_told() -> None:
    broke = ListUnread("no")
    found = witnessed(Memory(waiting(1)), Pages(([default(1)], broke)))
    assert (found.behind, found.unread) == (Counter(hello=1), broke)


def test_beyond_its_bounds_receivers_are_asked_for_over_the_whole_time() -> None:
    receivers = [f"+4477009{number:05d}" for number in range(40)]
    pages = Pages(([], ListTooLong("more")), ([default(1)], None), ([], ListTooLong("more")))
    found = witnessed(Memory(waiting(1)), pages, {("hello", 1): NOW - 60}, receivers)
    assert (found.behind, found.sampled, found.unread) == (Counter(hello=1), True, None)
    assert pages.receivers == [(), receivers[:16], receivers[16:32]]
    assert set(pages.asked[1:]) == {(NOW + MARGIN - MAX_WINDOW, NOW + MARGIN)}
    assert pages.closed == 2


def test_receivers_are_asked_for_to_the_last() -> None:
    receivers = [f"+4477009{number:05d}" for number in range(20)]
    pages = Pages(([], ListTooLong("more")))
    found = witnessed(Memory(waiting(1)), pages, receivers=receivers)
    assert (found.sampled, found.unread) == (True, None)
    assert pages.receivers == [(), receivers[:16], receivers[16:]]
    assert pages.closed == 2


def test_where_receivers_can_not_be_asked_for_the_list_has_broken_off() -> None:
    pages = Pages(([], ListTooLong("more")), ([], ListUnread("no")))
    found = witnessed(Memory(waiting(1)), pages, receivers=[RECEIVER])
    assert found.unread is not None


@pytest.mark.parametrize("spelled", [str.upper, "x-{}".format, " {} ".format])
def test_a_reference_that_holds_the_id_is_the_messages(spelled: Any) -> None:
    found = witnessed(Memory(waiting(1)), Pages(([sighting(spelled(id_text((1).to_bytes(16))))], None)))
    proved = spelled is not str.upper
    assert (found.behind, found.unproved) == (Counter(hello=proved) + Counter(), Counter(hello=not proved) + Counter())


def test_without_a_time_of_the_apis_a_day_more_is_asked_for() -> None:
    pages = Pages(([], None), ([default(1)], None), skew=None)
    found = witnessed(Memory(waiting(1)), pages, {("hello", 1): NOW - 60})
    assert found.behind == Counter(hello=1)
    assert [until for _, until in pages.asked] == [NOW + MARGIN, NOW + DAY]


def test_an_entry_that_can_not_be_read_under_our_reference_stops_the_send() -> None:
    pages = Pages(([], None))
    pages.unread = {id_text((1).to_bytes(16)), "order-2"}
    found = witnessed(Memory(waiting(1), waiting(2, "order-2"), waiting(3, "order-3")), pages)
    assert (found.behind, found.unproved) == (Counter(), Counter(hello=2))


def test_a_message_listed_twice_is_told() -> None:
    memory = Memory(waiting(1))
    memory.messages[(1).to_bytes(16)] = KnownMessage(State.PLANNED, hashed(RECEIVER), None, id_text((1).to_bytes(16)))
    found = witnessed(memory, Pages(([default(1), default(1, "id-2")], None)))
    assert (found.twice, found.behind) == ([(1).to_bytes(16)], Counter(hello=1))


@pytest.mark.parametrize("hours", [26, 24 * 9])
@pytest.mark.parametrize("error", [None, ListTooLong("the list goes on")])
def test_a_clock_that_is_ahead_takes_nothing_off_the_days_that_are_asked_for(
    hours: int, error: ListUnread | None
) -> None:
    """The API dates its messages: seven days of its own back from its present."""
    pages = Pages(([], error), skew=-3600.0 * hours)
    witnessed(Memory(waiting(1)), pages, receivers=["+1"])
    oldest, latest = min(since for since, _ in pages.asked), max(until for _, until in pages.asked)
    api_now = NOW - 3600 * hours
    assert oldest <= api_now - 7 * DAY + 2 * MARGIN
    assert latest >= NOW  # where the time that the API gives is nonsense, the last messages are not missed either


def test_seven_days_are_asked_for_by_a_clock_that_is_right() -> None:
    pages = Pages(([], None), skew=0.0)
    witnessed(Memory(waiting(1)), pages)
    assert len(pages.asked) == 1
