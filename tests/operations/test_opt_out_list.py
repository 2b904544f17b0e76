"""The people who opted out as they count for a channel, and what a look during a send adds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from sendspec.composing.identity import suppression_hash
from sendspec.diagnostics.exceptions import LedgerDamaged, OptOutsLost
from sendspec.ledger.delivery.opt_out import Ground, OptOutSignal, SignalKind
from sendspec.operations.opt_out_list import CHECK_SECONDS, OptOutList, opt_out_list
from sendspec.reading.suppress_setting import OptOutScope

SALT = b"s" * 32
OUT, IN, MAYBE = SignalKind.OUT, SignalKind.IN, SignalKind.MAYBE
SAID, HAND, LIST = Ground.KEYWORD, Ground.HAND, Ground.IMPORT
ANN, BOB = "+31612345678", "+447700900123"


def signal(
    kind: SignalKind, at: float, who: str = ANN, ground: Ground = SAID, channel: str | None = "a"
) -> OptOutSignal:
    return OptOutSignal(suppression_hash(SALT, who), kind, ground, at, channel, f"id-{at}", at)


class Kept:
    """What is kept, and how often it was opened. `fails` is raised instead."""

    def __init__(self, *signals: OptOutSignal) -> None:
        self.kept = list(signals)
        self.opened = 0
        self.whole_reads = 0
        self.fails: Exception | None = None

    @property
    def signal_count(self) -> int:
        return len(self.kept)

    def signals(self, after: int = 0) -> Iterator[OptOutSignal]:
        self.whole_reads += after == 0
        return iter(self.kept[after:])

    @contextmanager
    def open(self) -> Iterator[Any]:
        self.opened += 1
        if self.fails is not None:
            raise self.fails
        yield self if self.kept else None


def listed(kept: Kept) -> OptOutList:
    found = OptOutList(SALT, lambda channel: channel in ("a", None), kept.open)
    found.read(kept if kept.kept else None)  # type: ignore[arg-type]
    return found


class Monotonic:
    def __init__(self) -> None:
        self.now = 100.0
        self.takes = 0.0

    def __call__(self) -> float:
        self.now += self.takes
        return self.now


@pytest.mark.parametrize(
    ("before", "meanwhile", "expected"),
    [
        ([], [signal(OUT, 5)], True),
        ([], [signal(MAYBE, 5)], False),
        ([], [signal(OUT, 5, channel="elsewhere")], False),
        ([], [signal(OUT, 5, BOB)], False),
        ([], [signal(OUT, 5), signal(IN, 6)], False),
        ([], [signal(OUT, 6), signal(IN, 6)], True),
        ([signal(OUT, 1)], [signal(IN, 2)], False),
        ([signal(OUT, 1, ground=LIST)], [signal(IN, 2)], True),
        ([signal(OUT, 1), signal(IN, 2)], [signal(OUT, 3)], True),
        ([signal(OUT, 1), signal(IN, 9)], [signal(OUT, 3)], False),
        ([signal(IN, 9, ground=HAND)], [signal(OUT, 3)], False),
        ([signal(IN, 9, ground=HAND)], [signal(OUT, 9)], True),
        ([signal(OUT, 1, ground=HAND)], [signal(IN, 2, ground=HAND)], False),
    ],
)
def test_a_look_during_a_send_gives_what_a_whole_reading_would(
    before: list[OptOutSignal], meanwhile: list[OptOutSignal], expected: bool
) -> None:
    kept, clock = Kept(*before), Monotonic()
    people = listed(kept)
    snapshot = people.snapshot
    known = ANN in snapshot
    for each in meanwhile:
        kept.kept.append(each)
        clock.now += CHECK_SECONDS + 0.01
        people.refresh(clock)
    assert (ANN in people, ANN in listed(kept)) == (expected, expected)
    assert (ANN in snapshot) == known, "what a plan was made with stays"
    assert (
        BOB in people if any(each.receiver == suppression_hash(SALT, BOB) for each in meanwhile) else BOB not in people
    )


def test_it_looks_once_a_second_at_most_and_reads_only_what_is_new() -> None:
    kept, clock = Kept(signal(OUT, 1)), Monotonic()
    people = listed(kept)
    for _ in range(1_000):
        people.refresh(clock)
        clock.now += 0.01
    assert 9 <= kept.opened <= 10
    kept.kept.append(signal(OUT, 2, BOB))
    clock.now += 2
    people.refresh(clock)
    assert (BOB in people, kept.whole_reads) == (True, 1)


def test_a_long_reading_makes_looks_rarer_so_that_a_send_goes_on() -> None:
    kept, clock = Kept(signal(OUT, 1)), Monotonic()
    people = listed(kept)
    kept.kept.append(signal(OUT, 2, BOB))
    clock.takes = 2.0  # each look at the clock, so a reading takes two seconds
    people.refresh(clock)
    clock.takes, opened = 0.0, kept.opened
    clock.now += 19
    people.refresh(clock)
    assert kept.opened == opened
    clock.now += 2
    people.refresh(clock)
    assert kept.opened == opened + 1


@pytest.mark.parametrize("left", [0, 1])
def test_signals_that_are_gone_are_told_at_every_look(left: int) -> None:
    kept, clock = Kept(signal(OUT, 1), signal(OUT, 2, BOB)), Monotonic()
    people = listed(kept)
    del kept.kept[left:]
    for _ in range(2):
        with pytest.raises(OptOutsLost, match=rf"{2 - left} of 2 opt-outs are gone"):
            people.refresh(clock)
    kept.fails = LedgerDamaged("it is damaged", "restore it")
    with pytest.raises(LedgerDamaged):
        people.refresh(clock)


def channel(identity: str, platform: str = "sms") -> Any:
    return SimpleNamespace(channel=identity, platform=platform)


@pytest.mark.parametrize(
    ("scope", "counting"),
    [(OptOutScope.ENVIRONMENT, ["own", "other", "unknown", None]), (OptOutScope.CHANNEL, ["own", None])],
)
def test_the_scope_says_which_channels_count(scope: OptOutScope, counting: list[str | None]) -> None:
    channels = {
        "a": channel("OWN"),
        "b": channel("other"),
        "c": channel("mail", "email"),
        "d": channel("own", "whatsapp"),
    }
    context: Any = SimpleNamespace(salt=SALT, environment=SimpleNamespace(channels=channels))
    people = opt_out_list(context, channel("Own"), scope)
    for named in ("own", "other", "unknown", "mail", None):
        people.read(Kept(signal(OUT, 1, channel=named)))  # type: ignore[arg-type]
        assert (ANN in people) == (named in counting), named
